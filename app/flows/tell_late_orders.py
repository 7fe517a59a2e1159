"""Orders that leave later than promised are found, and their customers are told the new day before they ask."""

from collections.abc import Iterator
from datetime import date, datetime

from sqlmodel import Session, col, select

from app.core.failpoints import reach
from app.core.transaction import transaction
from app.customers.models import Contact
from app.fulfilment.queries_calendar import read_course
from app.fulfilment.queries_runs import late_order_ids
from app.fulfilment.rules.runs import Course
from app.mail.service import put_mail
from app.ordering.models import Order, OrderLine
from app.ordering.rules.states import IN_PARCELS, OrderState
from app.ordering.service import add_event

BATCH = 50


def tell_late_orders(session: Session, *, state: str, timezone: str, now: datetime) -> int:
    """Tells each customer whose order arrives later than they know, once per new day; the number of those told.

    `promised_on` stays as it was; `expected_on` is what the customer knows now. Safe to run twice and at once: a
    row that says the new day already is passed over. A day that turns out earlier than told is not written about.
    """
    course = read_course(session, state=state, timezone=timezone, now=now)
    ids = late_order_ids(session, course)
    told = 0
    for start in range(0, len(ids), BATCH):
        with transaction(session):
            for order in _locked(session, ids[start : start + BATCH]):
                told += _tell(session, order, course, now=now)
            reach("tell_late_orders.before_commit")
    return told


def _locked(session: Session, order_ids: list[int]) -> Iterator[Order]:
    query = select(Order).where(col(Order.id).in_(order_ids)).order_by(col(Order.id)).with_for_update()
    yield from session.exec(query).all()


def _tell(session: Session, order: Order, course: Course, *, now: datetime) -> bool:
    if order.state is not OrderState.ACCEPTED or order.kind not in IN_PARCELS:
        return False
    known_on = order.expected_on or order.promised_on
    expected_on = course.expected_on(order.dispatch_on)
    if expected_on <= known_on or not course.misses_its_run(order.dispatch_on):
        return False
    is_again = order.expected_on is not None
    order.expected_on = expected_on
    add_event(session, order.id or 0, "late", now=now, old=known_on.isoformat(), new=expected_on.isoformat())
    _mail(session, order, expected_on, is_again=is_again, now=now)
    return True


def _mail(session: Session, order: Order, expected_on: date, *, is_again: bool, now: datetime) -> None:
    contact = session.get_one(Contact, order.contact_id)
    lines = session.exec(
        select(OrderLine).where(col(OrderLine.order_id) == order.id).order_by(col(OrderLine.id))
    )
    put_mail(
        session,
        "order_late",
        key=f"order_late:{order.id}:{expected_on.isoformat()}",
        to=contact.email,
        language=order.language,
        object_kind="order",
        object_id=order.id or 0,
        now=now,
        number=order.number,
        contact_name=order.contact_name,
        purchase_reference=order.purchase_reference,
        promised_on=order.promised_on.isoformat(),
        expected_on=expected_on.isoformat(),
        is_again=is_again,
        lines=[{"quantity": line.quantity, "name": line.name} for line in lines],
    )
