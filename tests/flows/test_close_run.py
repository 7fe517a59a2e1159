from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.core.db import Database
from app.core.errors import NotFound, Refused
from app.core.transaction import transaction
from app.flows.close_run import ClosedRun, close_run
from app.flows.dispatch_order import Parcel, dispatch_orders
from app.flows.tell_late_orders import tell_late_orders
from app.fulfilment.models import DispatchRun, Shipment
from app.fulfilment.queries_calendar import warehouse_calendar
from app.fulfilment.rules.run_states import RunState
from app.jobs.models import Job
from app.ordering.models import Order
from app.ordering.rules.states import OrderState
from tests import make
from tests.flows.waiting import HERE, NEXT, RUN, STAFF, company, mails, order

AFTER = datetime(2026, 3, 2, 11, tzinfo=UTC)
"""The cut-off of the run of 3 March."""


def close(session: Session, run_on: date = RUN, now: datetime = AFTER) -> ClosedRun:
    session.rollback()
    return close_run(session, run_on, actor=STAFF, now=now, **HERE)


def traces(session: Session) -> tuple[int, ...]:
    session.rollback()
    return tuple(len(session.exec(select(table)).all()) for table in (DispatchRun, AuditEntry, Job))


def test_what_has_not_left_when_a_run_is_closed_is_listed_and_goes_with_the_next(session: Session) -> None:
    whose = company(session)
    gone, waiting, later = order(session, whose), order(session, whose), order(session, whose, NEXT)
    session.rollback()
    dispatch_orders(session, [Parcel(gone.number)], carrier="", today=RUN, actor=STAFF, now=AFTER)

    closed = close(session)

    assert closed == ClosedRun((waiting.number,), NEXT, is_new=True)
    session.rollback()
    row = session.exec(select(DispatchRun)).one()
    entry = session.exec(select(AuditEntry).where(AuditEntry.action == "run.closed")).one()
    assert (row.run_on, row.state, row.closed_by, row.closed_at) == (RUN, RunState.CLOSED, "Robin", AFTER)
    assert (entry.object_name, entry.new) == (
        "2026-03-03",
        {"moved": [waiting.number], "next_on": "2026-03-10"},
    )
    assert "tell_late_orders" in session.exec(select(Job.kind)).all()
    session.rollback()
    calendar = warehouse_calendar(session, now=AFTER, **HERE)
    assert (calendar.is_run_closed(RUN), calendar.is_run_closed(NEXT), calendar.is_closed(RUN)) == (1, 0, 0)
    session.rollback()
    assert tell_late_orders(session, now=AFTER, **HERE) == 1
    told = session.get_one(Order, waiting.id, populate_existing=True)
    assert (told.dispatch_on, told.promised_on, told.expected_on) == (
        RUN,
        date(2026, 3, 5),
        date(2026, 3, 12),
    )
    assert session.get_one(Order, later.id).expected_on is None
    assert [kind for kind, _ in mails(session)] == ["order_dispatched", "order_late"]


def test_a_run_is_not_closed_before_its_cut_off(session: Session) -> None:
    order(session, company(session))

    with pytest.raises(Refused) as refusal:
        close(session, now=AFTER - timedelta(seconds=1))

    assert refusal.value.code == "run.still_taking_orders"
    assert traces(session) == (0, 0, 0)


def test_a_day_without_a_run_and_one_of_the_past_are_refused(session: Session) -> None:
    with pytest.raises(NotFound):
        close(session, date(2026, 3, 4))
    with pytest.raises(NotFound):
        close(session, date.min)
    with pytest.raises(Refused) as refusal:
        close(session, date(2026, 2, 24))

    assert refusal.value.code == "run.gone"
    assert traces(session) == (0, 0, 0)


def test_closing_twice_is_closing_once(session: Session) -> None:
    order(session, company(session))
    close(session)
    before = traces(session)

    assert close(session, now=AFTER + timedelta(hours=1)) == ClosedRun((), NEXT, is_new=False)
    assert traces(session) == before
    assert session.exec(select(DispatchRun.closed_at)).one() == AFTER


def test_an_order_accepted_after_a_run_was_closed_goes_with_the_next(session: Session) -> None:
    close(session)
    order(session, company(session))

    assert close(session, NEXT, now=AFTER + timedelta(weeks=1)).moved != ()


def test_a_run_that_closes_while_it_is_dispatched_counts_each_order_once(
    session: Session, database: Database
) -> None:
    whose = company(session)
    orders = [order(session, whose) for _ in range(4)]
    start, closed = Barrier(2), []

    def dispatch() -> None:
        with database.session() as own:
            start.wait()
            parcels = [Parcel(one.number) for one in orders]
            dispatch_orders(own, parcels, carrier="", today=RUN, actor=STAFF, now=AFTER)

    def finish() -> None:
        with database.session() as own:
            start.wait()
            closed.append(close(own))

    threads = [Thread(target=dispatch), Thread(target=finish)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    session.rollback()
    assert set(session.exec(select(Order.state))) == {OrderState.DISPATCHED}
    assert len(session.exec(select(Shipment)).all()) == 4
    # Either all had left, or the run was closed first and all moved and left all the same.
    assert len(closed[0].moved) in (0, 4)


def test_a_closed_run_is_closed_for_its_own_warehouse_only(session: Session) -> None:
    with transaction(session):
        session.add(
            DispatchRun(
                warehouse="north", run_on=RUN, state=RunState.CLOSED, closed_by="x", closed_at=make.NOW
            )
        )

    assert close(session).is_new
    session.rollback()
    rows = session.exec(select(DispatchRun.warehouse).order_by(col(DispatchRun.warehouse))).all()
    assert rows == ["main", "north"]


def test_two_people_who_close_a_run_at_once_close_it_once(session: Session, database: Database) -> None:
    start, closed = Barrier(4), []

    def finish() -> None:
        with database.session() as own:
            start.wait()
            closed.append(close(own).is_new)

    threads = [Thread(target=finish) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(closed) == [False, False, False, True]
    assert traces(session) == (1, 1, 1)
