"""Paid services that wait for a person, offers of services, and both on the page of an order."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.care.models import SpecialService
from app.care.queries_offers import offers_about, open_offers
from app.care.queries_services import concerned_of, list_tasks, services_on_sale, task_of, tasks_about
from app.care.rules.offers import OfferStanding
from app.care.rules.service_wishes import is_possible, most_units
from app.core.errors import N_
from app.flows.finish_service import finish_service, give_back_service
from app.flows.offer_service import offer_service, withdraw_offer
from app.ordering.models import Order
from app.ordering.rules.states import OrderKind
from app.web.admin.lists import asked, asked_page, chips, desk, page_urls
from app.web.admin.words import Word
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.rendering import see_other

router = APIRouter()

DONE, GIVE_BACK = "done", "give_back"
STANDINGS = {
    OfferStanding.OPEN: Word(N_("waits for the customer"), "signal"),
    OfferStanding.TAKEN: Word(N_("taken"), "ok"),
    OfferStanding.WITHDRAWN: Word(N_("withdrawn")),
    OfferStanding.EXPIRED: Word(N_("expired")),
}


@router.get("/admin/services/orders")
def show_tasks(request: Request, session: ReadDep, now: Now) -> Response:
    is_done = asked(request, "state") == DONE
    found = list_tasks(session, is_done=is_done, page=asked_page(request))
    return desk(
        request,
        "services/orders.html",
        tasks=found.rows,
        is_done=is_done,
        pages=page_urls(request, found),
        states=chips(request, "state", [(DONE, N_("Done"))], all_=N_("To do")),
        offers=open_offers(session, now=now),
        standings=STANDINGS,
    )


@router.post("/admin/services/orders/{number}")
def submit_done(number: str, session: WriteDep, staff: StaffDep, values: Values, now: Now) -> Response:
    is_impossible = values.get("act") == GIVE_BACK
    end = give_back_service if is_impossible else finish_service
    end(session, order_number=number, note=values.get("note", ""), actor=staff.actor, now=now)
    back = f"/admin/orders/{number}" if values.get("back") == "order" else "/admin/services/orders"
    return see_other(f"{back}?done={'service_given_back' if is_impossible else 'service_done'}")


@router.post("/admin/orders/{number}/services")
def submit_offer(number: str, session: WriteDep, staff: StaffDep, values: Values, now: Now) -> Response:
    offer_service(
        session,
        order_number=number,
        service_id=_whole(values.get("service_id", "")),
        quantity=_whole(values.get("quantity", "1")),
        actor=staff.actor,
        now=now,
    )
    return see_other(f"/admin/orders/{number}?done=service_offered")


@router.post("/admin/services/offers/{offer_id}/withdraw")
def submit_withdrawal(
    offer_id: RowId, session: WriteDep, staff: StaffDep, values: Values, now: Now
) -> Response:
    withdraw_offer(session, offer_id, actor=staff.actor, now=now)
    number = values.get("order", "")
    back = f"/admin/orders/{number}" if number.replace("-", "").isalnum() else "/admin/services/orders"
    return see_other(f"{back}?done=offer_withdrawn")


def services_of_order(session: Session, order: Order, *, now: datetime) -> dict[str, Any]:
    """For the page of an order: its own task, the services paid for it, its offers, and what can be offered."""
    task = task_of(session, order)
    if task is not None:
        return {"task": task, "tasks": [], "offers": [], "offerable": [], "standings": STANDINGS}
    order_id = order.id or 0
    return {
        "task": None,
        "tasks": tasks_about(session, order_id),
        "offers": offers_about(session, order_id, now=now),
        "offerable": [(one, most_units(one.kind)) for one in _fitting(session, order)],
        "standings": STANDINGS,
    }


def _fitting(session: Session, order: Order) -> list[SpecialService]:
    if order.kind is not OrderKind.GOODS:
        return []
    concerned = concerned_of(session, order)
    return [one for one in services_on_sale(session) if is_possible(one.kind, concerned)]


def _whole(text: str) -> int:
    """The number of a field, 0 for what is none: then the flow says what is wrong."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
