"""A block is made to order, counted, and back: what was promised stays promised, and nothing is sold twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, datetime

import pytest
from sqlmodel import Session

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.catalogue.models import Block
from app.catalogue.queries_blocks import entry_of
from app.catalogue.queries_bulk import preview_change, read_blocks
from app.catalogue.rules.bulk import BulkChange, BulkField
from app.catalogue.rules.stock import ReservationState, StockLevel
from app.catalogue.service_blocks import lock_block
from app.catalogue.service_stock import SoldOut, switch_counting
from app.core.db import Database
from app.core.transaction import transaction
from app.flows.cancel_order import cancel_order
from app.flows.change_blocks import change_blocks
from app.flows.dispatch_order import Parcel, dispatch_orders
from app.flows.save_block import save_block
from app.ordering.queries_stock import needs_of_open_orders
from app.payments.rules.states import PaymentState
from tests.flows.shelf import (
    ONE,
    Figures,
    counted_bundle,
    figures,
    held,
    level,
    moves,
    stock_faults,
    till_with,
    wait_until_somebody_waits,
)
from tests.flows.till import Till

ACTOR = Actor(ActorKind.STAFF, "Robin", 7)
HELD, USED, RELEASED = ReservationState.HELD, ReservationState.USED, ReservationState.RELEASED


def in_the_editor(session: Session, block_id: int, now: datetime, *, is_made_to_order: bool) -> None:
    session.rollback()
    entry = replace(entry_of(session.get_one(Block, block_id), ""), is_made_to_order=is_made_to_order)
    save_block(session, entry, block_id=block_id, actor=ACTOR, now=now)


def in_bulk(session: Session, block_id: int, now: datetime, *, is_made_to_order: bool) -> None:
    change = BulkChange(BulkField.MADE_TO_ORDER, is_made_to_order)
    session.rollback()
    mark = preview_change(session, change, read_blocks(session, [block_id])).mark
    change_blocks(session, change, [block_id], mark=mark, actor=ACTOR, now=now)


@pytest.fixture
def goods(session: Session, now: datetime) -> tuple[int, int]:
    """A bundle of a block of which eight were counted before it was made to order: ids of bundle and block."""
    bundle_id, block_id = counted_bundle(session, pieces=8)
    in_the_editor(session, block_id, now, is_made_to_order=True)
    return bundle_id, block_id


@pytest.mark.parametrize("switch", [in_the_editor, in_bulk])
@pytest.mark.parametrize("is_paid", [False, True])
def test_what_was_ordered_while_made_to_order_is_held_once_it_is_counted(
    session: Session,
    database: Database,
    goods: tuple[int, int],
    now: datetime,
    switch: Callable[..., None],
    is_paid: bool,
) -> None:
    bundle_id, block_id = goods
    first, second = till_with(session, database, {bundle_id: 8}, now=now, count=2)
    shown = second.shown()
    placed, session_id = first.placed_and_open()
    if is_paid:
        first.stripe.pay(session_id)
        assert first.settle(session_id=session_id) is PaymentState.CAPTURED

    switch(session, block_id, now, is_made_to_order=False)

    assert held(database, placed.number) == {block_id: (8 * ONE, HELD)}
    assert figures(database, block_id) == Figures(8 * ONE, 8 * ONE)
    assert level(database, bundle_id) is StockLevel.NONE
    with pytest.raises(SoldOut):
        second.place(shown=shown)
    assert stock_faults(database, now=now) == []


def test_what_an_order_held_all_the_time_is_held_once(
    session: Session, database: Database, now: datetime
) -> None:
    bundle_id, block_id = counted_bundle(session, pieces=8)
    till = till_with(session, database, {bundle_id: 3}, now=now)[0]
    number = till.place().number

    for is_made_to_order in (True, False, True, False):
        in_the_editor(session, block_id, now, is_made_to_order=is_made_to_order)

    assert held(database, number) == {block_id: (3 * ONE, HELD)}
    assert figures(database, block_id) == Figures(8 * ONE, 3 * ONE)
    assert stock_faults(database, now=now) == []


def test_more_was_promised_than_is_there_and_nothing_is_left(
    session: Session, database: Database, goods: tuple[int, int], now: datetime
) -> None:
    bundle_id, block_id = goods
    number = till_with(session, database, {bundle_id: 11}, now=now)[0].place().number

    in_the_editor(session, block_id, now, is_made_to_order=False)

    assert held(database, number) == {block_id: (11 * ONE, HELD)}
    assert figures(database, block_id) == Figures(8 * ONE, 11 * ONE)
    assert (level(database, bundle_id), stock_faults(database, now=now)) == (StockLevel.NONE, [])


def test_what_is_over_before_the_block_is_counted_is_not_held(
    session: Session, database: Database, goods: tuple[int, int], now: datetime
) -> None:
    bundle_id, block_id = goods
    cancelled, dispatched = till_with(session, database, {bundle_id: 2}, now=now, count=2)
    take_back(cancelled, cancelled.place().number)
    placed, session_id = dispatched.placed_and_open()
    dispatched.stripe.pay(session_id)
    dispatched.settle(session_id=session_id)
    dispatch(dispatched, placed.number)

    in_the_editor(session, block_id, now, is_made_to_order=False)

    assert figures(database, block_id) == Figures(8 * ONE, 0)
    assert (len(moves(database, block_id)), stock_faults(database, now=now)) == (1, [])


def take_back(till: Till, number: str) -> None:
    with till.database.session() as own:
        cancel_order(
            own, order_number=number, customer_id=till.customer.id or 0, actor_name="Kim", now=till.now
        )


def dispatch(till: Till, number: str) -> None:
    with till.database.session() as own:
        today = date(2026, 3, 10)
        dispatch_orders(own, [Parcel(number)], carrier="Post", today=today, actor=ACTOR, now=till.now)


@pytest.mark.parametrize(
    ("end", "after", "kept"),
    [(take_back, Figures(8 * ONE, 0), RELEASED), (dispatch, Figures(6 * ONE, 0), USED)],
)
def test_an_order_that_ends_while_its_block_is_just_being_switched_holds_nothing_afterwards(
    session: Session,
    database: Database,
    goods: tuple[int, int],
    now: datetime,
    end: Callable[[Till, str], None],
    after: Figures,
    kept: ReservationState,
) -> None:
    bundle_id, block_id = goods
    till = till_with(session, database, {bundle_id: 2}, now=now)[0]
    placed, session_id = till.placed_and_open()
    if end is dispatch:
        till.stripe.pay(session_id)
        till.settle(session_id=session_id)

    while_switching(session, database, block_id, lambda: end(till, placed.number))

    assert held(database, placed.number) == {block_id: (2 * ONE, kept)}
    assert figures(database, block_id) == after
    assert stock_faults(database, now=now) == []


def test_an_order_that_comes_while_its_block_is_just_being_switched_holds_its_goods(
    session: Session, database: Database, goods: tuple[int, int], now: datetime
) -> None:
    bundle_id, block_id = goods
    till = till_with(session, database, {bundle_id: 2}, now=now)[0]

    while_switching(session, database, block_id, till.place)

    assert figures(database, block_id) == Figures(8 * ONE, 2 * ONE)
    assert stock_faults(database, now=now) == []


def while_switching(session: Session, database: Database, block_id: int, act: Callable[[], object]) -> None:
    """The block is counted from now on; before that is committed, `act` runs into it in another session."""
    with ThreadPoolExecutor(1) as pool:
        with transaction(session):
            lock_block(session, block_id).is_made_to_order = False
            switch_counting(session, [block_id], needs_of_open_orders)
            running = pool.submit(act)
            wait_until_somebody_waits(database)
        running.result(timeout=20)
