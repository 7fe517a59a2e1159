"""Reserved money that is given back: each reason as a whole, with the order's end, its stock and what is told."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select, update

from app.audit.models import AuditEntry
from app.catalogue.models import Block
from app.core.db import Database
from app.core.transaction import transaction
from app.flows.sweep_payments import sweep_payments
from app.ordering.rules.states import CancelReason, OrderState
from app.payments.models import MoneyEvent
from app.payments.rules.facts import IntentStatus
from app.payments.rules.states import PaymentState
from tests.flows.shelf import ONE, Figures, counted_bundle, figures, till_with
from tests.flows.till import Till

ENDED = ["order_received", "authorisation_released", "order_cancelled"]


@pytest.fixture
def shelf(session: Session, database: Database, now: datetime) -> tuple[list[Till], int]:
    """Six pieces of a block, and two companies that want three of them each."""
    bundle_id, block_id = counted_bundle(session, pieces=6)
    return till_with(session, database, {bundle_id: 3}, now=now, count=2), block_id


def counted_down(session: Session, block_id: int, pieces: int) -> None:
    with transaction(session):
        session.exec(update(Block).where(Block.id == block_id).values(stock_milli=pieces * ONE))  # type: ignore[arg-type]


def ledger(session: Session) -> list[str]:
    session.rollback()
    return [one.kind.value for one in session.exec(select(MoneyEvent))]


def test_goods_that_are_not_there_any_more_are_not_charged_and_free_what_they_held(
    session: Session, database: Database, shelf: tuple[list[Till], int]
) -> None:
    (till, _), block_id = shelf
    placed, page = till.placed_and_open()
    intent_id = till.stripe.pay(page)
    counted_down(session, block_id, 2)

    assert till.settle(session_id=page) is PaymentState.RELEASED

    order = till.order(placed.number)
    assert (order.state, order.cancel_reason) == (OrderState.CANCELLED, CancelReason.BY_STAFF)
    assert till.stripe.books() == {intent_id: IntentStatus.CANCELED}
    assert figures(database, block_id) == Figures(2 * ONE, 0)
    assert sorted(till.mails()) == sorted(ENDED)
    assert ledger(session) == ["authorised", "released"]
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.reason, entry.new and entry.new["needs_staff"]) == ("out_of_stock", True)


def test_who_paid_first_gets_what_is_left(
    session: Session, database: Database, shelf: tuple[list[Till], int]
) -> None:
    tills, block_id = shelf
    tills[1].stripe = tills[0].stripe
    opened = [till.placed_and_open(key=f"key-{number}") for number, till in enumerate(tills)]
    for till, (_, page) in zip(tills, opened, strict=True):
        till.stripe.pay(page)
    counted_down(session, block_id, 4)

    states = [till.settle(session_id=page) for till, (_, page) in zip(tills, opened, strict=True)]

    assert states == [PaymentState.CAPTURED, PaymentState.RELEASED]
    assert figures(database, block_id) == Figures(4 * ONE, 3 * ONE)


def test_an_authorisation_that_ran_out_is_told_and_the_order_is_paid_anew(
    session: Session, shelf: tuple[list[Till], int]
) -> None:
    (till, _), _ = shelf
    placed, page = till.placed_and_open()
    intent_id = till.stripe.pay(page)
    till.stripe.cancel_at_stripe(intent_id)

    assert till.settle(session_id=page) is PaymentState.RELEASED

    assert till.order(placed.number).state is OrderState.RECEIVED
    assert till.mails() == ["order_received", "authorisation_released"]
    again = till.session_at(till.start(placed.number))
    till.stripe.pay(again)
    assert till.settle(session_id=again) is PaymentState.CAPTURED
    assert till.mails()[-1] == "order_accepted"
    assert ledger(session) == ["authorised", "released", "authorised", "captured"]


def test_an_order_whose_reservation_ran_out_too_late_ends_unpaid(
    session: Session, shelf: tuple[list[Till], int]
) -> None:
    (till, _), _ = shelf
    placed, page = till.placed_and_open()
    till.stripe.cancel_at_stripe(till.stripe.pay(page))
    till.settle(session_id=page)

    till.now += timedelta(hours=25)
    session.rollback()
    sweep_payments(session, now=till.now)

    assert till.order(placed.number).cancel_reason is CancelReason.UNPAID
