"""Fifty buyers and one unit; overlapping bundles in opposite orders while staff count and publish."""

import random
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.catalogue.models import Block, Bundle, StockMove, StockReservation
from app.catalogue.rules.kinds import BundleState
from app.catalogue.rules.stock import Need, StockCause, StockLevel, Wanted
from app.catalogue.service_stock import SoldOut, lock_blocks, refresh_stock_levels, reserve
from app.core.db import Database, open_database
from app.core.transaction import transaction
from app.flows import place_order as place_order_module
from app.flows.cancel_order import cancel_order
from app.flows.publish_bundle import publish_bundle
from app.ordering.models import CartLine, Order
from app.payments.service import let_go
from tests import make
from tests.flows.shelf import ONE, Figures, counted_bundle, figures, level, stock_faults, till_with
from tests.flows.till import Till

BUYERS = 50
ACTOR = Actor(ActorKind.STAFF, "Robin", 7)
Buy = Callable[[Till], None]


@pytest.fixture
def twins(database: Database) -> Iterator[Sequence[Database]]:
    """Two openings of the database, as two processes have it: no lock of Python's stands between them."""
    with ExitStack() as stack:
        opened = [open_database(database.url) for _ in range(2)]
        for one in opened:
            stack.callback(one.close)
        yield opened


def run_at_once(acts: Sequence[Callable[[], None]]) -> list[BaseException]:
    """Starts all acts at the same moment; what they raised."""
    start = threading.Barrier(len(acts))
    failures: list[BaseException] = []

    def run(act: Callable[[], None]) -> None:
        start.wait()
        try:
            act()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def assert_one_unit_is_sold_once(
    session: Session, database: Database, twins: Sequence[Database], buy: Buy, *, now: datetime
) -> None:
    """The race: fifty companies, each with the last unit in its cart, press the button at the same moment."""
    bundle_id, block_id = counted_bundle(session, pieces=1)
    tills = till_with(session, database, {bundle_id: 1}, now=now, count=BUYERS)
    spread = [replace(till, database=twins[number % len(twins)]) for number, till in enumerate(tills)]

    failures = run_at_once([lambda till=till: buy(till) for till in spread])  # type: ignore[misc]

    with database.read_session() as reading:
        order_count = reading.exec(select(func.count()).select_from(Order)).one()
        held_count = reading.exec(select(func.count()).select_from(StockReservation)).one()
    assert [str(error) for error in failures if not isinstance(error, SoldOut)] == []
    assert (order_count, held_count, len(failures)) == (1, 1, BUYERS - 1)
    assert figures(database, block_id) == Figures(ONE, ONE)
    assert stock_faults(database, now=now) == []
    assert all(till.cart() == {bundle_id: 1} for till in tills[:3])


def test_of_fifty_buyers_of_one_unit_one_gets_it_and_the_others_read_so(
    session: Session, database: Database, twins: Sequence[Database], now: datetime
) -> None:
    def press_the_button(till: Till) -> None:
        # The page was shown while the unit was there: what decides is what is true when the button is pressed.
        till.place(shown=shown_of(till))

    shown: dict[int, str] = {}
    barrier = threading.Barrier(BUYERS)

    def shown_of(till: Till) -> str:
        shown[till.customer.id or 0] = till.shown()
        barrier.wait(30)
        return shown[till.customer.id or 0]

    assert_one_unit_is_sold_once(session, database, twins, press_the_button, now=now)


def test_a_naive_shop_that_reads_decides_and_writes_oversells_in_the_same_race(
    session: Session, database: Database, twins: Sequence[Database], now: datetime
) -> None:
    barrier = threading.Barrier(BUYERS)

    def read_decide_write(till: Till) -> None:
        with till.database.read_session() as reading:
            block = reading.exec(select(Block)).one()
            free = block.stock_milli - block.reserved_milli
        barrier.wait(30)
        if free < ONE:
            raise SoldOut(name="", available=0)
        with till.database.session() as own, transaction(own):
            bundle = own.get_one(Bundle, next(iter(till.cart())))
            order = make.order(own, of=till.customer, by=till.contact, bundle=bundle)
            own.add(StockReservation(order_id=order.id or 0, block_id=block.id or 0, quantity_milli=ONE))
            own.get_one(Block, block.id).reserved_milli = block.reserved_milli + ONE

    with pytest.raises(AssertionError):
        assert_one_unit_is_sold_once(session, database, twins, read_decide_write, now=now)

    with database.read_session() as reading:
        assert reading.exec(select(func.count()).select_from(Order)).one() > 1


def test_orders_of_overlapping_bundles_beside_counting_and_publishing_never_wait_for_each_other_for_ever(
    session: Session, database: Database, twins: Sequence[Database], now: datetime
) -> None:
    with transaction(session):
        blocks = [make.block(session, stock_milli=12 * ONE).id or 0 for _ in range(4)]
        there = [session.get_one(Block, block_id) for block_id in blocks]
        bundles = [
            make.bundle(session, items=[(there[a], 1), (there[b], 2)]).id or 0
            for a, b in ((0, 3), (3, 1), (1, 2), (2, 0))
        ]
        drafts = [
            make.bundle(session, items=[(there[3], 1), (there[0], 1)], state=BundleState.DRAFT).id or 0
            for _ in range(6)
        ]
    buyers = [
        till
        for order in (bundles, bundles[::-1])
        for till in till_with(session, database, dict.fromkeys(order, 1), now=now, count=3)
    ]
    acts: list[Callable[[], None]] = [
        lambda till=replace(till, database=twins[number % 2]), number=number: _order_and_cancel(till, number)  # type: ignore[misc]
        for number, till in enumerate(buyers)
    ]
    acts += [lambda: _count(twins[0], blocks, now=now), lambda: _count(twins[1], blocks[::-1], now=now)]
    acts.append(lambda: _publish(twins[1], drafts, now=now))

    failures = run_at_once(acts)

    assert [repr(error) for error in failures] == []
    assert stock_faults(database, now=now) == []


def test_a_bundle_that_is_listed_while_its_last_piece_is_being_sold_is_listed_as_sold_out(
    session: Session, database: Database, twins: Sequence[Database], now: datetime
) -> None:
    with transaction(session):
        block = make.block(session, stock_milli=ONE)
        draft = make.bundle(session, items=[(block, 1)], state=BundleState.DRAFT).id or 0
        block_id = block.id or 0
        order_id = _order(session)

    with twins[0].session() as own, transaction(own):
        reserve(own, order_id, [Wanted("", 1, (Need(block_id, ONE),))])
        publishing = _in_the_meantime(lambda: _publish(twins[1], [draft], now=now))
    publishing.join()

    assert level(database, draft) is StockLevel.NONE
    assert stock_faults(database, now=now) == []


def test_a_bundle_of_two_blocks_that_run_short_at_the_same_moment_gets_the_level_of_the_scarcer(
    session: Session, database: Database, twins: Sequence[Database], now: datetime
) -> None:
    with transaction(session):
        two = [make.block(session, stock_milli=9 * ONE) for _ in range(2)]
        bundle = make.bundle(session, items=[(block, 1) for block in two]).id or 0
        scarcer, other = (block.id or 0 for block in two)
        orders = [_order(session), _order(session)]

    def take(number: int, block_id: int, pieces: int) -> None:
        with twins[number].session() as own, transaction(own):
            reserve(own, orders[number], [Wanted("", pieces, (Need(block_id, ONE),))])

    with twins[0].session() as own, transaction(own):
        reserve(own, orders[0], [Wanted("", 9, (Need(scarcer, ONE),))])
        taking = _in_the_meantime(lambda: take(1, other, 6))
    taking.join()

    assert level(database, bundle) is StockLevel.NONE
    assert stock_faults(database, now=now) == []


def test_two_orders_that_swap_their_blocks_do_not_wait_for_each_other(
    session: Session,
    database: Database,
    twins: Sequence[Database],
    now: datetime,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = (counted_bundle(session, pieces=4)[0] for _ in range(2))
    tills = [till_with(session, database, {bundle: 1}, now=now)[0] for bundle in (first, second)]
    for till in tills:
        till.place()
    with transaction(session):
        lines = session.exec(select(CartLine).order_by(col(CartLine.id))).all()
        seen = [(line.bundle_id, line.seen_version_id) for line in lines]
        for line, (bundle_id, version_id) in zip(lines, reversed(seen), strict=True):
            line.bundle_id, line.seen_version_id = bundle_id, version_id
    barrier = threading.Barrier(2)

    def let_go_when_the_other_has_released(*args: Any, **values: Any) -> None:
        # Both have freed what they held: whoever has not locked what comes next is caught here.
        with suppress(threading.BrokenBarrierError):
            barrier.wait(0.5)
        let_go(*args, **values)

    monkeypatch.setattr(place_order_module, "let_go", let_go_when_the_other_has_released)

    failures = run_at_once(
        [
            lambda till=replace(till, database=twin): till.place(key="key-2")  # type: ignore[misc]
            for till, twin in zip(tills, twins, strict=True)
        ]
    )

    assert [repr(error) for error in failures] == []
    assert stock_faults(database, now=now) == []


def _order(session: Session) -> int:
    """An order whose lines do not matter."""
    customer = make.customer(session)
    order = make.order(
        session, of=customer, by=make.contact(session, of=customer), bundle=make.bundle(session)
    )
    return order.id or 0


def _in_the_meantime(act: Callable[[], None]) -> threading.Thread:
    """Starts an act and gives it the time to come to where it waits for us."""
    thread = threading.Thread(target=act)
    thread.start()
    thread.join(0.4)
    return thread


def _order_and_cancel(till: Till, seed: int) -> None:
    """Orders again and again, which replaces the order before, and takes every third one back."""
    chance = random.Random(seed)
    for number in range(4):
        try:
            placed = till.place(key=f"key-{number}-{seed}")
        except SoldOut:
            continue
        if chance.random() < 0.4:
            with till.database.session() as session:
                cancel_order(
                    session,
                    order_number=placed.number,
                    customer_id=till.customer.id or 0,
                    actor_name="Kim",
                    now=till.now,
                )


def _count(database: Database, block_ids: Sequence[int], *, now: datetime) -> None:
    """Staff count block after block, two at a time, as an import of counts does."""
    for number in range(8):
        for pair in (block_ids[:2], block_ids[2:]):
            with database.session() as session, transaction(session):
                for block_id, block in lock_blocks(session, pair).items():
                    counted = (6 + (number + block_id) % 9) * ONE
                    session.get_one(Block, block_id).stock_milli = counted
                    session.add(
                        StockMove(
                            block_id=block_id,
                            cause=StockCause.COUNTED,
                            delta_milli=counted - block.stock_milli,
                            stock_after_milli=counted,
                            changed_by="Kim Lager",
                            at=now,
                        )
                    )
                refresh_stock_levels(session, pair)


def _publish(database: Database, bundle_ids: Sequence[int], *, now: datetime) -> None:
    for bundle_id in bundle_ids:
        with database.session() as session:
            publish_bundle(session, bundle_id, actor=ACTOR, now=now)
