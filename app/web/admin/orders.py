"""Orders: search, and one order with all that happened to it."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.customers.queries import people_of
from app.customers.queries_desk import customer_by_id
from app.fulfilment.calendar import work_calendar
from app.fulfilment.queries import shipment_of
from app.fulfilment.rules.runs import is_late
from app.mail.queries import mails_about
from app.ordering.queries_desk import find_order, list_orders, read_parts
from app.ordering.rules.states import OrderState
from app.payments.queries_desk import payments_of_order
from app.web.admin import words
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, page_urls
from app.web.admin.timeline import order_timeline
from app.web.deps import Now, ReadDep, ShopDep

router = APIRouter()


@router.get("/admin/orders")
def show_orders(request: Request, session: ReadDep) -> Response:
    text, state = asked(request, "q"), asked_choice(request, "state", OrderState)
    found = list_orders(session, text=text, state=state, page=asked_page(request))
    return desk(
        request,
        "orders/list.html",
        orders=found.rows,
        pages=page_urls(request, found),
        text=text,
        state=asked(request, "state"),
        states=chips(request, "state", [(state.value, word.label) for state, word in words.ORDERS.items()]),
    )


@router.get("/admin/orders/{number}")
def show_order(request: Request, number: str, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    order = find_order(session, number)
    order_id = order.id or 0
    zone = work_calendar(shop.settings.seller_federal_state, shop.settings.timezone).zone
    today = now.astimezone(zone).date()
    contact = next(
        person for person in people_of(session, order.customer_id) if person.id == order.contact_id
    )
    return desk(
        request,
        "orders/order.html",
        order=order,
        parts=read_parts(session, order_id),
        customer=customer_by_id(session, order.customer_id),
        contact=contact,
        payments=payments_of_order(session, order_id),
        mails=mails_about(session, "order", order_id),
        shipment=shipment_of(session, order_id),
        is_late=order.state is OrderState.ACCEPTED and is_late(order.dispatch_on, today=today),
        entries=order_timeline(session, order, language=request.scope["lang"]),
    )
