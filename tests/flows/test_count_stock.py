"""Stock that staff count or receive: each move is kept, and nothing is lost when two do it at once."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import event, update
from sqlmodel import Session, col, select

from app.catalogue.models import Block, Listing, StockMove
from app.catalogue.queries_block_list import count_short
from app.catalogue.queries_blocks import AT_ONCE
from app.catalogue.rules.stock import StockCause, StockLevel
from app.catalogue.service_stock import refresh_stock_levels
from app.core.errors import Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.flows.count_stock import count_stock, receive_stock
from tests import make
from tests.catalogue import written
from tests.catalogue.written import STAFF


def shelf(session: Session, **values: Any) -> int:
    return make.block(session, **{"is_made_to_order": False, **values}).id or 0


def moves(session: Session, block_id: int) -> list[tuple[Any, ...]]:
    session.rollback()
    rows = session.exec(
        select(StockMove)
        .where(col(StockMove.block_id) == block_id, col(StockMove.changed_by) == STAFF.name)
        .order_by(col(StockMove.id))
    )
    return [(row.cause, row.delta_milli, row.stock_after_milli, row.reason, row.changed_by) for row in rows]


def test_what_is_counted_counts_and_what_comes_in_is_added(session: Session, now: datetime) -> None:
    block_id = shelf(session, unit_code="KGM", stock_milli=1_000)

    count_stock(session, block_id, counted_milli=7_250, reason=" yearly  count ", actor=STAFF, now=now)
    receive_stock(session, block_id, received_milli=500, actor=STAFF, now=now)

    assert moves(session, block_id) == [
        (StockCause.COUNTED, 6_250, 7_250, "yearly count", "Olga Opera"),
        (StockCause.RECEIVED, 500, 7_750, "", "Olga Opera"),
    ]
    assert session.get_one(Block, block_id, populate_existing=True).stock_milli == 7_750


def test_less_than_orders_hold_may_be_counted_and_staff_see_it(session: Session, now: datetime) -> None:
    block_id = shelf(session, stock_milli=5_000, reserved_milli=4_000)
    assert count_short(session) == 0

    count_stock(session, block_id, counted_milli=3_000, reason="two broken", actor=STAFF, now=now)

    assert count_short(session) == 1
    assert session.get_one(Block, block_id).reserved_milli == 4_000


@pytest.mark.parametrize(
    "values, terms, code",
    [
        ({"is_made_to_order": True}, {"counted_milli": 1_000}, "block.made_to_order"),
        ({}, {"counted_milli": 1_500}, "block.invalid"),
        ({}, {"counted_milli": -1}, "block.invalid"),
        ({}, {"counted_milli": 1_000, "reason": " "}, "block.invalid"),
        ({}, {"counted_milli": 1_000, "seen": 99}, "block.stock_moved"),
    ],
)
def test_what_cannot_be_counted_changes_nothing(
    session: Session, now: datetime, values: dict[str, Any], terms: dict[str, Any], code: str
) -> None:
    block_id = shelf(session, **values)

    with pytest.raises((Invalid, Refused)) as refused:
        count_stock(session, block_id, **{"reason": "count", "actor": STAFF, "now": now, **terms})

    assert refused.value.code == code
    assert moves(session, block_id) == []


def test_an_unknown_block_is_not_found(session: Session, now: datetime) -> None:
    with pytest.raises(NotFound):
        receive_stock(session, 99, received_milli=1_000, actor=STAFF, now=now)


def test_a_delivery_that_is_sent_twice_is_received_once(session: Session, now: datetime) -> None:
    block_id = shelf(session)

    receive_stock(session, block_id, received_milli=10_000, seen=0, actor=STAFF, now=now)
    with pytest.raises(Refused):
        receive_stock(session, block_id, received_milli=10_000, seen=0, actor=STAFF, now=now)

    assert [move[1] for move in moves(session, block_id)] == [10_000]


def test_customers_see_at_once_what_was_counted_and_what_is_made_to_order_again(
    session: Session, now: datetime
) -> None:
    block_id = written.block(session, sku="A", is_made_to_order=False)
    count_stock(session, block_id, counted_milli=1_000_000, reason="first", actor=STAFF, now=now)
    written.bundle(session, items=[(block_id, 4)])

    def level() -> StockLevel:
        session.rollback()
        return session.exec(select(Listing.stock_level)).one()

    assert level() is StockLevel.PLENTY
    count_stock(session, block_id, counted_milli=3_000, reason="stolen", actor=STAFF, now=now)
    assert level() is StockLevel.NONE
    receive_stock(session, block_id, received_milli=900_000, actor=STAFF, now=now)
    assert level() is StockLevel.PLENTY
    count_stock(session, block_id, counted_milli=0, reason="fire", actor=STAFF, now=now)
    assert level() is StockLevel.NONE
    written.block(session, block_id=block_id, sku="A", is_made_to_order=True)
    assert level() is StockLevel.PLENTY


def test_the_levels_of_very_many_blocks_are_set_in_statements_that_every_database_takes(
    session: Session, now: datetime
) -> None:
    with transaction(session):
        first = make.block(session, is_made_to_order=False, stock_milli=900_000)
        last = make.block(session, id=70_000, is_made_to_order=False, stock_milli=900_000)
        bundle = make.bundle(session, items=[(first, 1), (last, 1)])
    with transaction(session):
        refresh_stock_levels(session)
    sizes: list[int] = []

    def note(*call: Any) -> None:
        sizes.append(len(call[3]))

    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", note)
    try:
        with transaction(session):
            session.exec(update(Block).where(col(Block.id) == 70_000).values(stock_milli=0))
            changed_count = refresh_stock_levels(session, range(1, 70_001))
    finally:
        event.remove(engine, "before_cursor_execute", note)

    assert (changed_count, max(sizes) <= 2 * AT_ONCE) == (1, True)
    session.rollback()
    listed = session.exec(select(Listing.stock_level).where(col(Listing.bundle_id) == bundle.id)).one()
    assert listed is StockLevel.NONE
