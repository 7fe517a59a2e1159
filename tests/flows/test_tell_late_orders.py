from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlmodel import Session, col, select

from app.core.db import Database
from app.core.transaction import transaction
from app.flows.dispatch_order import Parcel, dispatch_orders
from app.flows.tell_late_orders import tell_late_orders
from app.insights.invariants import check_invariants
from app.insights.invariants_dispatch import DISPATCH
from app.mail.models import Mail
from app.ordering.models import Order, OrderEvent
from app.ordering.rules.states import OrderKind, OrderState
from tests import make
from tests.flows.waiting import HERE, NEXT, RUN, STAFF, company, mails, order

WEDNESDAY = datetime(2026, 3, 4, 8, tzinfo=UTC)
"""The day after the run, and what the next one promises."""
ARRIVES = date(2026, 3, 12)


def tell(session: Session, now: datetime) -> int:
    session.rollback()
    return tell_late_orders(session, now=now, **HERE)


def stored(session: Session, one: Order) -> Order:
    session.rollback()
    return session.get_one(Order, one.id, populate_existing=True)


def test_nobody_is_told_anything_while_orders_are_on_time(session: Session, now: datetime) -> None:
    one = order(session, company(session))

    assert tell(session, now) == 0
    assert tell(session, now + timedelta(hours=37)) == 0
    assert mails(session) == []
    assert stored(session, one).expected_on is None


def test_an_order_that_its_run_left_behind_is_told_once_with_its_new_date(session: Session) -> None:
    one = order(session, company(session, email="anna@probst.example"), purchase_reference="PO 7")

    assert [tell(session, WEDNESDAY), tell(session, WEDNESDAY + timedelta(hours=1))] == [1, 0]

    late, mail = stored(session, one), session.exec(select(Mail)).one()
    event = session.exec(select(OrderEvent)).one()
    assert (late.promised_on, late.expected_on, late.dispatch_on) == (date(2026, 3, 5), ARRIVES, RUN)
    assert (mail.kind, mail.to_address, mail.language) == ("order_late", "anna@probst.example", "en")
    assert (mail.values["promised_on"], mail.values["expected_on"]) == ("2026-03-05", "2026-03-12")
    assert (mail.values["is_again"], mail.values["purchase_reference"]) == (False, "PO 7")
    assert (event.kind, event.values) == ("late", {"old": "2026-03-05", "new": "2026-03-12"})
    assert check_invariants(session, now=WEDNESDAY, invariants=DISPATCH) == []


def test_each_further_slip_is_told_with_its_own_date(session: Session) -> None:
    one = order(session, company(session))

    for weeks in range(3):
        tell(session, WEDNESDAY + timedelta(weeks=weeks))

    dates = ["2026-03-12", "2026-03-19", "2026-03-26"]
    assert mails(session) == [("order_late", on) for on in dates]
    assert [mail.values["is_again"] for mail in session.exec(select(Mail).order_by(col(Mail.id)))] == [
        False,
        True,
        True,
    ]
    assert stored(session, one).promised_on == date(2026, 3, 5)


def test_a_closing_day_that_comes_after_the_order_makes_it_late_before_its_run(
    session: Session, now: datetime
) -> None:
    one, later = order(session, company(session)), order(session, company(session), NEXT)
    with transaction(session):
        make.closing_day(session, RUN)

    assert tell(session, now) == 1

    assert (stored(session, one).promised_on, stored(session, one).expected_on) == (
        date(2026, 3, 5),
        date(2026, 3, 6),
    )
    assert stored(session, later).expected_on is None


def test_a_day_that_turns_out_earlier_than_told_is_not_written_about(session: Session, now: datetime) -> None:
    one = order(session, company(session))
    with transaction(session):
        closed = make.closing_day(session, RUN)
    tell(session, now)
    with transaction(session):
        session.delete(session.merge(closed))

    assert tell(session, now) == 0
    assert stored(session, one).expected_on == date(2026, 3, 6)
    assert len(mails(session)) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"state": OrderState.RECEIVED, "accepted_at": None},
        {"state": OrderState.DISPATCHED, "dispatched_at": make.NOW},
        {"kind": OrderKind.SERVICE},
    ],
)
def test_only_goods_that_are_paid_and_still_here_are_late(
    session: Session, values: dict[str, object]
) -> None:
    one = order(session, company(session), **values)

    assert tell(session, WEDNESDAY) == 0
    assert stored(session, one).expected_on is None


def test_a_replacement_that_comes_later_is_told_too(session: Session) -> None:
    order(session, company(session), kind=OrderKind.REPLACEMENT)

    assert tell(session, WEDNESDAY) == 1


def test_many_at_once_tell_each_customer_once(session: Session, database: Database) -> None:
    whose = company(session)
    orders = [order(session, whose) for _ in range(3)]
    start, told = Barrier(4), []

    def run() -> None:
        with database.session() as own:
            start.wait()
            told.append(tell(own, WEDNESDAY))

    threads = [Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(told) == len(orders)
    assert mails(session) == [("order_late", "2026-03-12")] * 3
    assert len(session.exec(select(OrderEvent)).all()) == 3


def test_who_was_told_reads_the_new_date_again_when_the_order_leaves(session: Session) -> None:
    one = order(session, company(session))
    tell(session, WEDNESDAY)

    session.rollback()
    dispatch_orders(
        session, [Parcel(one.number)], carrier="", today=WEDNESDAY.date(), actor=STAFF, now=WEDNESDAY
    )

    session.rollback()
    mail = session.exec(select(Mail).where(Mail.kind == "order_dispatched")).one()
    assert (mail.values["is_late"], mail.values["told_on"]) == (True, "2026-03-12")
    assert tell(session, WEDNESDAY + timedelta(weeks=1)) == 0
