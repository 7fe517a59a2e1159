from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.catalogue.models import CatalogueState
from app.core.db import Database
from app.core.errors import Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.flows.edit_calendar import add_closing_days, remove_closing_day
from app.fulfilment.models import ClosingDay
from app.fulfilment.queries_calendar import warehouse_calendar
from app.fulfilment.rules.closing import ClosingSpan, faults_of_span
from app.jobs.models import Job
from app.ordering.models import Order
from app.ordering.queries_checkout import read_checkout
from tests import make
from tests.flows.till import open_till
from tests.flows.waiting import HERE, NEXT, RUN, STAFF, company, order

TODAY = date(2026, 3, 2)


def add(session: Session, now: datetime, *days: date, confirmed_count: int = 0) -> int:
    session.rollback()
    span = ClosingSpan(days[0], days[-1], "Inventory")
    return add_closing_days(session, span, confirmed_count=confirmed_count, actor=STAFF, now=now, **HERE)


def days_in(session: Session) -> list[date]:
    session.rollback()
    return sorted(session.exec(select(ClosingDay.day)))


def test_closing_days_are_entered_once_and_audited(session: Session, now: datetime) -> None:
    assert add(session, now, RUN, date(2026, 3, 5)) == 3
    assert add(session, now, date(2026, 3, 5), date(2026, 3, 6)) == 1
    assert add(session, now, RUN) == 0

    assert days_in(session) == [date(2026, 3, day) for day in (3, 4, 5, 6)]
    entries = session.exec(select(AuditEntry).order_by(col(AuditEntry.id))).all()
    assert [(entry.action, entry.object_name, (entry.new or {})["days"]) for entry in entries] == [
        ("calendar.closed", "Inventory", ["2026-03-03", "2026-03-04", "2026-03-05"]),
        ("calendar.closed", "Inventory", ["2026-03-06"]),
    ]
    assert session.exec(select(Job.kind)).all() == ["tell_late_orders"] * 2


def test_a_new_closing_day_moves_what_is_promised_from_then_on(session: Session, now: datetime) -> None:
    customer, _ = company(session)
    with transaction(session):
        make.cart_line(session, of=customer, bundle=make.bundle(session))
    shown = session.exec(select(CatalogueState.version)).one()

    def promised() -> date:
        session.rollback()
        calendar = warehouse_calendar(session, now=now, **HERE)
        return read_checkout(session, customer.id or 0, calendar=calendar, now=now).promise.promised_on

    before = promised()
    add(session, now, before - timedelta(days=2))
    moved = promised()
    session.rollback()
    remove_closing_day(session, before - timedelta(days=2), actor=STAFF, now=now, **HERE)

    assert moved == before + timedelta(days=1)
    assert promised() == before
    # Kept pages of the catalogue are not shown any more.
    assert session.exec(select(CatalogueState.version)).one() == shown + 2


def test_a_closing_day_entered_before_the_payment_counts_for_what_is_accepted(
    session: Session, database: Database, now: datetime
) -> None:
    till = open_till(session, database, now=now)
    placed, session_id = till.placed_and_open()
    shown = till.order(placed.number)
    add(session, now, shown.dispatch_on)
    till.stripe.pay(session_id)

    till.settle(session_id=session_id)

    accepted = till.order(placed.number)
    assert (shown.promised_on, accepted.promised_on) == (date(2026, 3, 12), date(2026, 3, 13))
    assert accepted.dispatch_on == shown.dispatch_on + timedelta(days=1)


def test_a_day_that_makes_accepted_orders_late_needs_a_second_look(session: Session, now: datetime) -> None:
    whose = company(session)
    one = order(session, whose)
    order(session, whose)
    order(session, whose, NEXT)

    with pytest.raises(Refused) as refusal:
        add(session, now, RUN)

    assert (refusal.value.code, refusal.value.values) == ("calendar.moves_orders", {"count": 2})
    assert days_in(session) == []
    with pytest.raises(Refused):
        add(session, now, RUN, NEXT, confirmed_count=2)
    assert days_in(session) == []
    assert add(session, now, RUN, confirmed_count=2) == 1
    session.rollback()
    stored = session.get_one(Order, one.id)
    assert (stored.dispatch_on, stored.promised_on) == (RUN, date(2026, 3, 5))
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.new or {})["late_order_count"] == 2


def test_a_day_that_is_none_or_gone_is_not_opened(session: Session, now: datetime) -> None:
    with transaction(session):
        make.closing_day(session, date(2026, 2, 27))

    for day in (RUN, date(2026, 2, 27)):
        session.rollback()
        with pytest.raises(NotFound):
            remove_closing_day(session, day, actor=STAFF, now=now, **HERE)

    assert days_in(session) == [date(2026, 2, 27)]
    assert session.exec(select(AuditEntry)).all() == []


def test_days_that_cannot_be_are_refused_and_nothing_is_closed(session: Session, now: datetime) -> None:
    with pytest.raises(Invalid) as refusal:
        add(session, now, date(2026, 3, 1), date(9999, 12, 31))

    assert {fault.field for fault in refusal.value.fields} == {"first_on", "last_on"}
    assert days_in(session) == []


def test_a_closing_day_of_another_warehouse_closes_only_that_one(session: Session, now: datetime) -> None:
    with transaction(session):
        make.closing_day(session, RUN, warehouse="north")

    assert not warehouse_calendar(session, now=now, **HERE).is_closed(RUN)


@pytest.mark.parametrize(
    "first_on, last_on, name, ahead, wrong",
    [
        (RUN, RUN, "Inventory", 0, []),
        (TODAY, date(2026, 4, 1), "Inventory", 169, []),
        (TODAY, date(2026, 4, 2), "Inventory", 0, ["last_on"]),
        (RUN, TODAY, "Inventory", 0, ["last_on"]),
        (date(2026, 3, 1), RUN, "", 0, ["first_on", "name"]),
        (None, None, "x" * 121, 0, ["first_on", "name"]),
        (RUN, None, "Inventory", 0, ["last_on"]),
        (RUN, RUN, "Inventory", 200, ["last_on"]),
        (date(2029, 1, 1), date(2029, 1, 1), "Inventory", 0, ["last_on"]),
    ],
)
def test_each_field_of_a_span_is_judged_by_itself(
    first_on: date | None, last_on: date | None, name: str, ahead: int, wrong: list[str]
) -> None:
    faults = faults_of_span(ClosingSpan(first_on, last_on, name), today=TODAY, ahead_count=ahead)

    assert [fault.field for fault in faults] == wrong
