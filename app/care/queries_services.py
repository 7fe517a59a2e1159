"""Reading the price list of special services, and what is to be done of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, exists, func, select

from app.care.models import ServiceOrder, SpecialService
from app.care.rules.price_list import ServiceText
from app.care.rules.service_wishes import BY_OFFER_ONLY, POSSIBLE_IN, Concerned, counts_of
from app.care.rules.services import ServiceKind
from app.care.rules.storage import Keeping, keeping
from app.core.errors import N_, NotFound
from app.core.paging import Slice, read_page
from app.fulfilment.queries_calendar import LOOKS_BACK, closed_runs, with_closing_days
from app.fulfilment.rules.runs import Course
from app.invoices.models import Invoice
from app.ordering.models import Charge, Order
from app.ordering.rules.promise import Calendar
from app.ordering.rules.states import OrderKind, OrderState
from app.policy.queries import current_policy

MOST_ORDERS = 50
"""How many of a company's newest orders a service can be chosen for."""
CONCERNED = aliased(Order)
"""The order of goods that a service is about."""


@dataclass(frozen=True, slots=True)
class ServiceTask:
    """A paid service with its order, the order that it concerns (None for none), and what was bought."""

    row: ServiceOrder
    order: Order
    service: SpecialService
    concerned: Order | None
    name: str
    quantity: int


def price_list(session: Session) -> Sequence[SpecialService]:
    """All services, active or not, in their order on the page."""
    return session.exec(
        select(SpecialService).order_by(col(SpecialService.position), col(SpecialService.id))
    ).all()


def services_on_sale(session: Session) -> Sequence[SpecialService]:
    """What customers may order themselves, in its order on the page."""
    return session.exec(
        select(SpecialService)
        .where(col(SpecialService.is_active), col(SpecialService.kind).not_in(BY_OFFER_ONLY))
        .order_by(col(SpecialService.position), col(SpecialService.id))
    ).all()


def find_service(session: Session, service_id: int) -> SpecialService:
    """A service of the price list, active or not. Raises NotFound."""
    service = session.get(SpecialService, service_id)
    if service is None:
        raise NotFound(N_("There is no such service."), code="service.not_found")
    return service


def service_on_sale(session: Session, service_id: int) -> SpecialService:
    """A service that customers may order. Raises NotFound for any other."""
    service = find_service(session, service_id)
    if not service.is_active or service.kind in BY_OFFER_ONLY:
        raise NotFound(N_("There is no such service."), code="service.not_found")
    return service


def text_of(service: SpecialService, language: str) -> ServiceText:
    """A service as it reads in a language."""
    is_german = language == "de"
    return ServiceText(
        name=service.name_de if is_german else service.name_en,
        text=service.text_de if is_german else service.text_en,
        unit=service.unit_de if is_german else service.unit_en,
        price_cents=service.price_cents,
        vat_rate_bp=service.vat_rate_bp,
    )


def orders_for(session: Session, customer_id: int, kind: ServiceKind) -> Sequence[Order]:
    """The company's newest orders of goods that allow a service now, newest first; none for one without orders."""
    if kind not in POSSIBLE_IN:
        return []
    query = select(Order).where(
        col(Order.customer_id) == customer_id,
        col(Order.kind) == OrderKind.GOODS,
        col(Order.state).in_(POSSIBLE_IN[kind]),
    )
    if kind is ServiceKind.INVOICE_COPY:
        query = query.where(exists().where(col(Invoice.order_id) == col(Order.id)))
    return session.exec(
        query.order_by(col(Order.placed_at).desc(), col(Order.id).desc()).limit(MOST_ORDERS)
    ).all()


def concerned_of(session: Session, order: Order | None) -> Concerned | None:
    """What the rules know of the order that a service is about."""
    if order is None:
        return None
    is_invoiced = session.exec(select(Invoice.id).where(col(Invoice.order_id) == order.id).limit(1)).first()
    return Concerned(
        order.number,
        order.kind,
        order.state,
        order.country,
        order.postal_code,
        is_invoiced=is_invoiced is not None,
    )


def course_of(session: Session, calendar: Calendar, *, now: datetime) -> Course:
    """What the runs are worked out from, where storage is shown, ordered or paid: three small queries."""
    today = now.astimezone(calendar.zone).date()
    return Course(
        current_policy(session),
        with_closing_days(session, calendar, now=now),
        today,
        closed_runs(session, since=today - LOOKS_BACK),
    )


def keepings_of(
    session: Session,
    kind: ServiceKind,
    goods: Order | None,
    *,
    offered: int | None,
    calendar: Calendar,
    now: datetime,
) -> dict[int, Keeping]:
    """What each number of units of storage that can be ordered does to an order of goods; empty for other services."""
    if kind is not ServiceKind.STORAGE or goods is None:
        return {}
    course = course_of(session, calendar, now=now)
    days = {"dispatch_on": goods.dispatch_on, "promised_on": goods.promised_on}
    return {count: keeping(course, **days, quantity=count) for count in counts_of(kind, offered=offered)}


def count_to_do(session: Session) -> int:
    """How many paid services wait for a person."""
    return session.exec(
        select(func.count())
        .select_from(ServiceOrder)
        .join(Order, col(Order.id) == col(ServiceOrder.order_id))
        .where(col(ServiceOrder.done_at).is_(None), col(Order.state) == OrderState.ACCEPTED)
    ).one()


def list_tasks(session: Session, *, is_done: bool, page: int) -> Slice[ServiceTask]:
    """One page of paid services: those to do, the oldest first, or those done, the newest first."""
    query = _tasks().where(col(Order.state) == (OrderState.DISPATCHED if is_done else OrderState.ACCEPTED))
    is_over = col(ServiceOrder.done_at).is_not(None)
    query = query.where(is_over if is_done else ~is_over)
    newest = col(ServiceOrder.done_at).desc() if is_done else col(ServiceOrder.id)
    found = read_page(session, query.order_by(newest, col(ServiceOrder.id)), page=page)
    return Slice([ServiceTask(*row) for row in found.rows], found.page, found.has_next)


def tasks_about(session: Session, order_id: int) -> list[ServiceTask]:
    """The services that were paid for an order of goods, oldest first."""
    paid = (OrderState.ACCEPTED, OrderState.DISPATCHED)
    query = _tasks().where(col(Order.for_order_id) == order_id, col(Order.state).in_(paid))
    return [ServiceTask(*row) for row in session.execute(query.order_by(col(ServiceOrder.id)))]


def task_of(session: Session, order: Order) -> ServiceTask | None:
    """What is kept of a service for its own order; None for an order of another kind."""
    if order.kind is not OrderKind.SERVICE:
        return None
    return ServiceTask(*session.execute(_tasks().where(col(Order.id) == order.id)).one())


def _tasks() -> Any:
    """The columns of ServiceTask; an order of kind service has exactly one charge."""
    return (
        select_columns(ServiceOrder, Order, SpecialService, CONCERNED, col(Charge.name), col(Charge.quantity))
        .join(Order, col(Order.id) == col(ServiceOrder.order_id))
        .join(SpecialService, col(SpecialService.id) == col(ServiceOrder.service_id))
        .join(Charge, col(Charge.order_id) == col(Order.id))
        .outerjoin(CONCERNED, col(CONCERNED.id) == col(Order.for_order_id))
    )
