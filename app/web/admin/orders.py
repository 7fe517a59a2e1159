"""Orders: search, and one order with all that happened to it."""

from datetime import datetime

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.care.queries_complaints import cases_of_order
from app.core.errors import N_, Invalid, Refused
from app.customers.queries import people_of
from app.customers.queries_desk import customer_by_id
from app.flows.decide_hold import decide_hold
from app.flows.pass_chargeback import pass_chargeback
from app.flows.write_effort import write_effort
from app.fulfilment.queries import shipment_of
from app.invoices.queries_billing import billing_of_order
from app.invoices.queries_desk import papers_of_order
from app.mail.queries import mails_about
from app.ordering.queries_desk import find_order, list_orders, read_parts
from app.ordering.queries_rhythm import companions_of
from app.ordering.rules.states import BINDING, IN_PARCELS, OrderKind, OrderState
from app.payments.queries_desk import payments_of_order
from app.payments.queries_disputes import disputed_among
from app.payments.queries_holds import open_hold_of_order
from app.payments.queries_ledger import ledger_of
from app.payments.rules.holding import HoldDecision
from app.shop import Shop
from app.web.admin import book_words, words
from app.web.admin.effort import EMPTY, effort_of_order, read_touch
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, form_error, page_urls
from app.web.admin.refunds import money_of_order
from app.web.admin.runs_view import course_of
from app.web.admin.service_orders import services_of_order
from app.web.admin.timeline import order_timeline
from app.web.deps import Now, ReadDep, ShopDep, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other

router = APIRouter()

HOLD_DECISIONS = (
    (HoldDecision.GO_ON.value, N_("Charge the card: the companies have nothing to do with each other")),
    (HoldDecision.RELEASE.value, N_("Give the money back and cancel the order")),
)


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
    return _page(request, number, shop, session, now=now)


@router.post("/admin/orders/{number}/hold")
def submit_hold(
    request: Request,
    number: str,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    chosen = next((one for one in HoldDecision if one == values.get("decision")), None)
    reason = values.get("reason", "")
    try:
        decide_hold(session, order_number=number, decision=chosen, reason=reason, actor=staff.actor, now=now)
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, number, shop, reading, now=now, status=422, values=values, errors=errors)
    except Refused as error:
        errors = form_error(request, error)
        return _page(request, number, shop, reading, now=now, status=409, values=values, errors=errors)
    return see_other(f"/admin/orders/{number}?done=hold_decided")


@router.post("/admin/orders/{number}/effort")
def submit_effort(
    request: Request,
    number: str,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        is_new = write_effort(
            session,
            read_touch(values),
            order_number=number,
            form_key=values.get("form_key", ""),
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(
            request, number, shop, reading, now=now, status=422, values=values, errors=errors, tried="touch"
        )
    except Refused as error:
        errors = form_error(request, error)
        return _page(
            request, number, shop, reading, now=now, status=409, values=values, errors=errors, tried="touch"
        )
    return see_other(f"/admin/orders/{number}?done={'effort_noted' if is_new else 'unchanged'}")


@router.post("/admin/orders/{number}/chargeback")
def submit_chargeback(
    request: Request,
    number: str,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    reason = values.get("reason", "")
    try:
        is_new = pass_chargeback(session, order_number=number, reason=reason, actor=staff.actor, now=now)
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(
            request,
            number,
            shop,
            reading,
            now=now,
            status=422,
            values=values,
            errors=errors,
            tried="chargeback",
        )
    return see_other(f"/admin/orders/{number}?done={'chargeback_passed' if is_new else 'unchanged'}")


def _page(
    request: Request,
    number: str,
    shop: Shop,
    session: Session,
    *,
    now: datetime,
    status: int = 200,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    tried: str = "",
) -> Response:
    order = find_order(session, number)
    order_id = order.id or 0
    course = course_of(shop, session, now=now)
    is_waiting = order.state is OrderState.ACCEPTED and order.kind in IN_PARCELS
    is_late = is_waiting and course.misses_its_run(order.dispatch_on)
    contact = next(
        person for person in people_of(session, order.customer_id) if person.id == order.contact_id
    )
    return desk(
        request,
        "orders/order.html",
        status=status,
        errors=errors or {},
        values={"decision": "", **EMPTY, **(values or {})},
        tried=tried,
        **effort_of_order(session, order),
        hold=open_hold_of_order(session, order_id),
        hold_decisions=HOLD_DECISIONS,
        order=order,
        companions=companions_of(session, order, calendar=course.calendar, now=now),
        parts=read_parts(session, order_id),
        customer=customer_by_id(session, order.customer_id),
        contact=contact,
        payments=(payments := payments_of_order(session, order_id)),
        money=money_of_order(session, order_id, payments),
        ledger=ledger_of(session, order_id),
        book_words=book_words,
        mails=mails_about(session, "order", order_id),
        shipment=shipment_of(session, order_id),
        cases=cases_of_order(session, order_id),
        is_late=is_late,
        is_disputed=is_waiting and bool(disputed_among(session, [order_id])),
        new_run=course.run_for(order.dispatch_on) if is_late else None,
        services=services_of_order(session, order, now=now),
        papers=(papers := papers_of_order(session, order_id)),
        billing=billing_of_order(session, order_id),
        may_say=not papers.documents and order.state in BINDING and order.kind is not OrderKind.REPLACEMENT,
        entries=order_timeline(session, order, language=request.scope["lang"]),
    )
