"""An order holds its blocks from the button on, and gives them back exactly once however it ends."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.catalogue.models import Block, StockMove
from app.catalogue.rules.stock import Need, ReservationState, StockCause, StockLevel, Wanted
from app.catalogue.service_stock import SoldOut, refresh_stock_levels, release, reserve, use
from app.core.db import Database
from app.core.errors import Refused
from app.core.transaction import transaction
from app.flows.cancel_order import cancel_order
from app.flows.change_policy import change_policy
from app.flows.dispatch_order import Parcel, dispatch_orders
from app.flows.sweep_payments import sweep_payments
from app.ordering.models import Order
from app.ordering.rules.states import CancelReason, OrderState
from app.payments.rules.states import PaymentState
from app.policy.rules.policy import Policy
from tests import make
from tests.flows.shelf import (
    ONE,
    Figures,
    catalogue_version,
    counted_bundle,
    figures,
    held,
    level,
    moves,
    stock_faults,
    till_with,
)
from tests.flows.till import Till

ACTOR = Actor(ActorKind.STAFF, "Robin", 7)
HELD, USED, RELEASED = ReservationState.HELD, ReservationState.USED, ReservationState.RELEASED


@pytest.fixture
def bundle(session: Session) -> tuple[int, int]:
    """A bundle of two pieces of a block of which there are ten."""
    return counted_bundle(session, pieces=10, each=2)


@pytest.fixture
def till(session: Session, database: Database, bundle: tuple[int, int], now: datetime) -> Till:
    """A company with three of the bundles in its cart."""
    return till_with(session, database, {bundle[0]: 3}, now=now)[0]


def orders(database: Database) -> list[OrderState]:
    with database.read_session() as session:
        return [order.state for order in session.exec(select(Order).order_by(col(Order.id)))]


def dispatch(session: Session, now: datetime, *numbers: str) -> list[str]:
    parcels = [Parcel(number) for number in numbers]
    return dispatch_orders(session, parcels, carrier="Post", today=date(2026, 3, 10), actor=ACTOR, now=now)


def accepted(till: Till) -> str:
    """The number of an order that is paid and accepted."""
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    assert till.settle(session_id=session_id) is PaymentState.CAPTURED
    return placed.number


def test_placing_an_order_holds_its_blocks_and_paying_it_changes_nothing_about_them(
    database: Database, till: Till, bundle: tuple[int, int]
) -> None:
    number = accepted(till)

    assert figures(database, bundle[1]) == Figures(10 * ONE, 6 * ONE)
    assert held(database, number) == {bundle[1]: (6 * ONE, HELD)}
    assert stock_faults(database, now=till.now) == []


def test_an_order_of_more_than_is_there_is_refused_with_name_and_number_and_changes_nothing(
    session: Session, database: Database, till: Till, bundle: tuple[int, int], now: datetime
) -> None:
    other = till_with(session, database, {bundle[0]: 3}, now=now)[0]
    shown = other.shown()
    till.place()

    with pytest.raises(SoldOut) as raised:
        other.place(shown=shown)

    assert raised.value.code == "stock.sold_out"
    assert raised.value.values["available"] == 2
    assert str(raised.value.values["name"]).startswith("Seal pack")
    assert orders(database) == [OrderState.RECEIVED]
    assert figures(database, bundle[1]) == Figures(10 * ONE, 6 * ONE)
    assert other.cart() == {bundle[0]: 3}
    assert (other.mails(), other.events("none")) == (["order_received"], [])


def test_two_lines_that_share_a_block_never_take_the_same_piece(
    session: Session, database: Database, now: datetime
) -> None:
    first, block_id = counted_bundle(session, pieces=10, each=2)
    with transaction(session):
        second = make.bundle(session, items=[(session.get_one(Block, block_id), 3)]).id or 0
    till = till_with(session, database, {first: 3, second: 2}, now=now)[0]

    with pytest.raises(SoldOut) as raised:
        till.place()

    assert raised.value.values["available"] == 1
    assert figures(database, block_id) == Figures(10 * ONE, 0)


def by_customer(till: Till, number: str) -> None:
    with till.database.session() as session:
        cancel_order(
            session, order_number=number, customer_id=till.customer.id or 0, actor_name="Kim", now=till.now
        )


def by_sweep(till: Till, number: str) -> None:
    with till.database.session() as session:
        sweep_payments(session, now=till.now + timedelta(hours=25))
        sweep_payments(session, now=till.now + timedelta(hours=26))


def by_gate(till: Till, number: str) -> None:
    """The main brand takes the company over while it pays: its money is given back."""
    session_id = till.session_at(till.start(number))
    till.stripe.pay(session_id)
    till.turn_into_a()
    assert till.settle(session_id=session_id) is PaymentState.RELEASED
    assert till.settle(session_id=session_id) is PaymentState.RELEASED


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (by_customer, CancelReason.BY_CUSTOMER),
        (by_sweep, CancelReason.UNPAID),
        (by_gate, CancelReason.NOT_ADMITTED),
    ],
)
def test_an_order_that_ends_before_dispatch_gives_its_blocks_free_once(
    database: Database,
    till: Till,
    bundle: tuple[int, int],
    end: Callable[[Till, str], None],
    reason: CancelReason,
) -> None:
    number = till.place().number

    end(till, number)
    if reason is CancelReason.BY_CUSTOMER:
        end(till, number)

    assert till.order(number).cancel_reason is reason
    assert figures(database, bundle[1]) == Figures(10 * ONE, 0)
    assert held(database, number) == {bundle[1]: (6 * ONE, RELEASED)}
    assert stock_faults(database, now=till.now) == []


def test_a_new_order_takes_over_what_the_unpaid_one_that_it_replaces_held(
    session: Session, database: Database, now: datetime
) -> None:
    bundle_id, block_id = counted_bundle(session, pieces=3)
    till = till_with(session, database, {bundle_id: 3}, now=now)[0]
    first, _ = till.placed_and_open()

    second = till.place(key="key-2")

    assert held(database, first.number) == {block_id: (3 * ONE, RELEASED)}
    assert held(database, second.number) == {block_id: (3 * ONE, HELD)}
    assert figures(database, block_id) == Figures(3 * ONE, 3 * ONE)
    assert level(database, bundle_id) is StockLevel.NONE
    assert stock_faults(database, now=now) == []


def test_an_unpaid_order_is_kept_with_its_blocks_where_the_one_that_would_replace_it_is_refused(
    session: Session, database: Database, till: Till, bundle: tuple[int, int], now: datetime
) -> None:
    other = till_with(session, database, {bundle[0]: 2}, now=now)[0]
    number = till.place().number
    shown = till.shown()
    other.place()
    with transaction(session):
        block = session.get_one(Block, bundle[1])
        block.stock_milli = 8 * ONE

    with pytest.raises(SoldOut):
        till.place(key="key-2", shown=shown)

    assert till.order(number).state is OrderState.RECEIVED
    assert held(database, number) == {bundle[1]: (6 * ONE, HELD)}


def test_the_same_button_pressed_again_holds_nothing_twice(
    database: Database, till: Till, bundle: tuple[int, int]
) -> None:
    shown = till.shown()

    till.place(shown=shown)
    till.place(shown=shown)

    assert figures(database, bundle[1]).reserved_milli == 6 * ONE


def test_a_dispatched_order_takes_its_blocks_along_once_with_a_move_for_each(
    session: Session, database: Database, till: Till, bundle: tuple[int, int]
) -> None:
    number = accepted(till)
    version = catalogue_version(database)

    dispatch(session, till.now, number)
    dispatch(session, till.now, number)

    assert figures(database, bundle[1]) == Figures(4 * ONE, 0)
    assert held(database, number) == {bundle[1]: (6 * ONE, USED)}
    assert moves(database, bundle[1]) == [
        (StockCause.COUNTED, 10 * ONE, 10 * ONE),
        (StockCause.DISPATCHED, -6 * ONE, 4 * ONE),
    ]
    assert catalogue_version(database) == version
    with database.read_session() as reading:
        last = reading.exec(select(StockMove).order_by(col(StockMove.id).desc()).limit(1)).one()
    assert (last.order_id, last.changed_by, last.at) == (till.order(number).id, "Robin", till.now)
    assert stock_faults(database, now=till.now) == []


def test_more_leaves_than_staff_had_counted_and_the_count_is_set_right(
    session: Session, database: Database, till: Till, bundle: tuple[int, int]
) -> None:
    number = accepted(till)
    with transaction(session):
        block = session.get_one(Block, bundle[1])
        block.stock_milli = 5 * ONE
        session.add(
            StockMove(
                block_id=bundle[1],
                cause=StockCause.COUNTED,
                delta_milli=-5 * ONE,
                stock_after_milli=5 * ONE,
                changed_by="Kim Lager",
                at=till.now,
            )
        )

    dispatch(session, till.now, number)

    assert figures(database, bundle[1]) == Figures(0, 0)
    assert moves(database, bundle[1])[-2:] == [
        (StockCause.COUNTED, ONE, 6 * ONE),
        (StockCause.DISPATCHED, -6 * ONE, 0),
    ]


def test_what_was_held_leaves_the_stock_though_the_block_is_made_to_order_by_now(
    session: Session, database: Database, till: Till, bundle: tuple[int, int]
) -> None:
    number = accepted(till)
    with transaction(session):
        session.get_one(Block, bundle[1]).is_made_to_order = True

    dispatch(session, till.now, number)
    with transaction(session):
        session.get_one(Block, bundle[1]).is_made_to_order = False
        refresh_stock_levels(session, [bundle[1]])

    assert figures(database, bundle[1]) == Figures(4 * ONE, 0)
    assert moves(database, bundle[1])[1:] == [(StockCause.DISPATCHED, -6 * ONE, 4 * ONE)]
    assert level(database, bundle[0]) is StockLevel.FEW
    assert stock_faults(database, now=till.now) == []


def test_reserving_using_and_releasing_happen_once_each(
    session: Session, database: Database, till: Till, bundle: tuple[int, int]
) -> None:
    number = till.place().number
    order_id = till.order(number).id or 0
    with transaction(session):
        reserve(session, order_id, [Wanted("", 3, (Need(bundle[1], 2 * ONE),))])
        release(session, order_id, block_ids=[bundle[1]])
        release(session, order_id, block_ids=[bundle[1]])
        use(session, [order_id], block_ids=[bundle[1]], changed_by="Robin", now=till.now)

    assert figures(database, bundle[1]) == Figures(10 * ONE, 0)
    assert held(database, number) == {bundle[1]: (6 * ONE, RELEASED)}


def test_the_catalogue_becomes_a_new_version_only_when_a_level_changes(
    session: Session, database: Database, now: datetime
) -> None:
    bundle_id, _ = counted_bundle(session, pieces=8)
    tills = till_with(session, database, {bundle_id: 1}, now=now, count=8)
    seen = []
    before = catalogue_version(database)

    for till in tills:
        till.place()
        seen.append((level(database, bundle_id), catalogue_version(database) - before))
    by_customer(tills[0], tills[0].order(_number_of(tills[0])).number)

    plenty, few, none = StockLevel.PLENTY, StockLevel.FEW, StockLevel.NONE
    assert seen == [(plenty, 0), (plenty, 0), *[(few, 1)] * 5, (none, 2)]
    assert (level(database, bundle_id), catalogue_version(database) - before) == (few, 3)


def _number_of(till: Till) -> str:
    with till.database.read_session() as session:
        return session.exec(select(Order.number).where(col(Order.customer_id) == till.customer.id)).one()


def test_a_policy_of_when_few_are_left_sets_every_level_anew(
    session: Session, database: Database, now: datetime
) -> None:
    bundle_id, _ = counted_bundle(session, pieces=8)

    change_policy(session, Policy(few_left_count=8), based_on=0, reason="earlier", actor=ACTOR, now=now)

    assert level(database, bundle_id) is StockLevel.FEW
    assert stock_faults(database, now=now) == []


def test_an_order_just_being_paid_keeps_its_blocks(
    database: Database, till: Till, bundle: tuple[int, int]
) -> None:
    _, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    refusals = []

    def order_again() -> None:
        with pytest.raises(Refused) as raised:
            till.place(key="key-2")
        refusals.append(raised.value.code)

    till.stripe.before["capture"] = order_again
    till.settle(session_id=session_id)

    assert refusals == ["order.just_paying"]
    assert figures(database, bundle[1]).reserved_milli == 6 * ONE
