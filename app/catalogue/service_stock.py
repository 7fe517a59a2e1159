"""Writing what is there of blocks and what is promised of it, inside the caller's transaction."""

# Order of locks: customer, cart, orders, payments, then blocks by id, the catalogue's state, listings.
# Whoever changes an order's reservations holds that order; whoever changes a block's figures holds that block.

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam, insert, update
from sqlmodel import Session, SQLModel, col, select

from app.catalogue.models import (
    Block,
    BundleItem,
    CatalogueState,
    Listing,
    StockMove,
    StockReservation,
)
from app.catalogue.queries_blocks import AT_ONCE, blocks_in_versions
from app.catalogue.rules.stock import (
    MOST_TOLD,
    Need,
    ReservationState,
    StockCause,
    StockLevel,
    Wanted,
    free_milli,
    may_change_level,
    sellable_count,
    sellable_counts,
    smallest_order,
    stock_level,
    total_needs,
)
from app.catalogue.service import touch_catalogue
from app.core.errors import N_, Refused
from app.jobs.service import insert_into
from app.policy.queries import current_policy
from app.policy.rules.policy import BOUNDS

COUNTED_TOO_LOW = "dispatched_more_than_counted"
"""The reason of the move by which a dispatch sets a count right."""
SOLD_OUT = N_("%(name)s is sold out at the moment. Nothing was ordered; your cart is kept.")
TOO_FEW = N_(
    "Only %(available)s of %(name)s are available at the moment. Nothing was ordered; your cart is kept."
)
TOO_MANY = N_("So many of %(name)s are not available at the moment. Nothing was ordered; your cart is kept.")

OpenNeeds = Callable[[Session, Collection[int]], Sequence[tuple[int, int, int]]]
"""Reads what open orders need of some blocks: order, block, thousandths. Orders live in a higher room."""


class SoldOut(Refused):
    """There is less of a bundle than was wanted; `values` hold its name and how many are available, up to 99."""

    def __init__(self, *, name: str, available: int) -> None:
        message = (TOO_FEW if available <= MOST_TOLD else TOO_MANY) if available else SOLD_OUT
        super().__init__(message, code="stock.sold_out", name=name, available=min(available, MOST_TOLD))


def lock_blocks(session: Session, block_ids: Collection[int]) -> dict[int, Any]:
    """The stock of these blocks by id, read and locked in the order of their ids until the transaction ends.

    A caller that will need further blocks takes all at once: a second call for other blocks could deadlock.
    """
    if not block_ids:
        return {}
    rows = session.execute(
        select(  # type: ignore[call-overload]
            Block.id,
            Block.is_made_to_order,
            Block.stock_milli,
            Block.reserved_milli,
            Block.largest_need_milli,
        )
        .where(col(Block.id).in_(sorted(block_ids)))
        .order_by(Block.id)
        .with_for_update(key_share=True)
    )
    return {row.id: row for row in rows}


def lock_blocks_of_bundle(session: Session, bundle_id: int) -> None:
    """Locks every block in any version of a bundle. Whoever lists a bundle does this first of all.

    Otherwise an order that takes the last of a block and the listing of a bundle with it would not see each
    other, and the bundle would be listed at a level that is no longer true.
    """
    lock_blocks(session, set(session.exec(blocks_in_versions(bundle_id))))


def reserve(session: Session, order_id: int, wanted: Sequence[Wanted]) -> None:
    """Holds the counted blocks of an order: all or nothing, and a second time nothing more.

    `wanted` names also the blocks that are made to order: they are locked too (see `switch_counting`).
    Raises SoldOut for the first line of which there is too little; the caller rolls back.
    """
    total = total_needs(wanted)
    blocks = lock_blocks(session, total.keys())
    counted = {block_id: block for block_id, block in blocks.items() if not block.is_made_to_order}
    needs = {block_id: milli for block_id, milli in total.items() if block_id in counted}
    if not needs:
        return
    taken = _hold(
        session,
        [
            {
                "order_id": order_id,
                "block_id": block_id,
                "quantity_milli": milli,
                "state": ReservationState.HELD,
            }
            for block_id, milli in needs.items()
        ],
    )
    if not taken:
        return
    free = {
        block_id: free_milli(block.stock_milli, block.reserved_milli) for block_id, block in counted.items()
    }
    for line, count in zip(wanted, sellable_counts(wanted, free), strict=True):
        if count is not None and count < line.quantity:
            raise SoldOut(name=line.name, available=count)
    _change(session, counted, reserved=dict(taken))


def switch_counting(session: Session, block_ids: Collection[int], open_needs: OpenNeeds) -> None:
    """Call it where locked blocks were made to order and are counted now, or the other way round.

    What open orders need of those that are counted now is held for them, also beyond what is there: it was
    promised before. What an order held all the time stays as it was. All levels are set anew.
    """
    # Orders are locked before blocks, so none can be locked here. It is not needed: whoever places an order,
    # takes one back or dispatches one locks all its blocks, counted or not, after writing the order's state and
    # before looking at what it holds, until the commit. Whoever had the block before us has committed, and this
    # statement reads the order as it is; whoever waits for us finds the rows that we write, and counts or ends
    # them. (An order that is accepted is open before and after.)
    session.flush()
    wanted = sorted(set(block_ids))
    for start in range(0, len(wanted), AT_ONCE):
        blocks = lock_blocks(session, wanted[start : start + AT_ONCE])
        counted = [block_id for block_id, block in blocks.items() if not block.is_made_to_order]
        rows = [
            {
                "order_id": order_id,
                "block_id": block_id,
                "quantity_milli": milli,
                "state": ReservationState.HELD,
            }
            for order_id, block_id, milli in (open_needs(session, counted) if counted else ())
        ]
        reserved = dict.fromkeys(counted, 0)
        for block_id, milli in _hold(session, rows):
            reserved[block_id] += milli
        _write(
            session,
            [
                {
                    "block": block_id,
                    "stock": blocks[block_id].stock_milli,
                    "reserved": blocks[block_id].reserved_milli + milli,
                }
                for block_id, milli in reserved.items()
                if milli
            ],
        )
    if wanted:
        refresh_stock_levels(session, wanted if len(wanted) <= AT_ONCE else None)


def release(session: Session, order_id: int, *, block_ids: Collection[int]) -> None:
    """Gives free what an order holds; nothing happens where it holds nothing (any more).

    `block_ids` are all blocks of the order, counted or not (see `switch_counting`).
    """
    lock_blocks(session, block_ids)
    held = _end(session, [order_id], ReservationState.RELEASED)
    freed = {block_id: -milli for _, block_id, milli in held}
    _change(session, lock_blocks(session, freed.keys()), reserved=freed)


def use(
    session: Session,
    order_ids: Sequence[int],
    *,
    block_ids: Collection[int],
    changed_by: str,
    now: datetime,
) -> None:
    """What these orders hold leaves the stock with them, a move for each; nothing happens a second time.

    `block_ids` are all blocks of these orders, counted or not (see `switch_counting`).
    Where staff had counted less than what leaves, the count was wrong: a move of its own sets it right.
    What is free stays as it is, and so does every level.
    """
    lock_blocks(session, block_ids)
    held = sorted(_end(session, order_ids, ReservationState.USED), key=lambda one: (one[1], one[0]))
    blocks = lock_blocks(session, {block_id for _, block_id, _ in held})
    moves: list[dict[str, Any]] = []
    changes = []
    for block_id, group in groupby(held, key=lambda one: one[1]):
        leaving = [(order_id, milli) for order_id, _, milli in group]
        block = blocks[block_id]
        stock = block.stock_milli
        # Whatever the block is by now: what was held was counted, and it is gone when it is counted again.
        for order_id, milli in leaving:
            if stock < milli:
                moves.append(_move(block_id, StockCause.COUNTED, milli - stock, milli, order_id))
                stock = milli
            stock -= milli
            moves.append(_move(block_id, StockCause.DISPATCHED, -milli, stock, order_id))
        total = sum(milli for _, milli in leaving)
        changes.append({"block": block_id, "stock": stock, "reserved": block.reserved_milli - total})
    _write(session, changes)
    if moves:
        session.execute(insert(StockMove), [{**move, "changed_by": changed_by, "at": now} for move in moves])


def refresh_stock_levels(session: Session, block_ids: Collection[int] | None = None) -> int:
    """Sets the level of each listed bundle that holds one of these blocks (None: of all) to what is true now.

    Returns how many levels changed; only then the catalogue becomes a new version. The caller has locked the
    blocks and written them. Two of them at once take turns here, so that the later one sees what both wrote.
    """
    session.flush()
    session.execute(select(CatalogueState.id).with_for_update())
    few_left_count = current_policy(session).few_left_count
    changed = [
        {"bundle": bundle_id, "level": level}
        for bundle_id, old, level in _levels(session, block_ids, few_left_count=few_left_count)
        if level is not old
    ]
    if changed:
        touch_catalogue(session)
        table = SQLModel.metadata.tables["listings"]
        session.execute(
            update(table)
            .where(table.c.bundle_id == bindparam("bundle"))
            .values(stock_level=bindparam("level")),
            changed,
        )
    return len(changed)


def _levels(
    session: Session, block_ids: Collection[int] | None, *, few_left_count: int
) -> list[tuple[int, StockLevel, StockLevel]]:
    """For each listed bundle with one of the blocks: its id, the level that is listed, and the true one."""
    if block_ids is None:
        return _levels_where(session, None, few_left_count=few_left_count)
    wanted, found = sorted(set(block_ids)), dict[int, tuple[int, StockLevel, StockLevel]]()
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        found |= {one[0]: one for one in _levels_where(session, part, few_left_count=few_left_count)}
    return [found[bundle_id] for bundle_id in sorted(found)]


def _levels_where(
    session: Session, block_ids: Collection[int] | None, *, few_left_count: int
) -> list[tuple[int, StockLevel, StockLevel]]:
    query = (
        select(  # type: ignore[call-overload]
            Listing.bundle_id,
            Listing.stock_level,
            Listing.minimum_quantity,
            Listing.order_step,
            BundleItem.block_id,
            BundleItem.quantity_milli,
            Block.is_made_to_order,
            Block.stock_milli,
            Block.reserved_milli,
        )
        .join(BundleItem, col(BundleItem.bundle_version_id) == col(Listing.bundle_version_id))
        .join(Block, col(Block.id) == col(BundleItem.block_id))
        .order_by(Listing.bundle_id)
    )
    if block_ids is not None:
        with_them = select(BundleItem.bundle_version_id).where(col(BundleItem.block_id).in_(block_ids))
        query = query.where(col(Listing.bundle_version_id).in_(with_them))
    found = []
    for bundle_id, group in groupby(session.execute(query), key=lambda row: row.bundle_id):
        rows = list(group)
        free = {
            row.block_id: free_milli(row.stock_milli, row.reserved_milli)
            for row in rows
            if not row.is_made_to_order
        }
        level = stock_level(
            sellable_count([Need(row.block_id, row.quantity_milli) for row in rows], free),
            smallest=smallest_order(rows[0].minimum_quantity, rows[0].order_step),
            few_left_count=few_left_count,
        )
        found.append((bundle_id, rows[0].stock_level, level))
    return found


def _hold(session: Session, rows: Sequence[dict[str, Any]]) -> list[tuple[int, int]]:
    """Writes these reservations where the order had none of the block yet; block and thousandths of the new ones."""
    if not rows:
        return []
    new = insert_into(session, StockReservation).on_conflict_do_nothing(
        index_elements=["order_id", "block_id"]
    )
    written = new.returning(col(StockReservation.block_id), col(StockReservation.quantity_milli))
    return [(block_id, milli) for block_id, milli in session.execute(written, list(rows))]


def _end(
    session: Session, order_ids: Sequence[int], state: ReservationState
) -> Sequence[tuple[int, int, int]]:
    """Ends what the orders hold, each reservation once: order, block and thousandths of those that ended."""
    table = SQLModel.metadata.tables["stock_reservations"]
    rows = session.execute(
        update(table)
        .where(table.c.order_id.in_(order_ids), table.c.state == ReservationState.HELD)
        .values(state=state)
        .returning(table.c.order_id, table.c.block_id, table.c.quantity_milli)
    )
    return [(order_id, block_id, milli) for order_id, block_id, milli in rows]


def _change(session: Session, blocks: Mapping[int, Any], *, reserved: Mapping[int, int]) -> None:
    """Adds to what is reserved of locked blocks, and sets the levels anew where that can move one."""
    _write(
        session,
        [
            {
                "block": block_id,
                "stock": blocks[block_id].stock_milli,
                "reserved": blocks[block_id].reserved_milli + milli,
            }
            for block_id, milli in reserved.items()
        ],
    )
    most = BOUNDS["few_left_count"].greatest
    near = {
        block_id: milli
        for block_id, milli in reserved.items()
        if _may_change(blocks[block_id], milli, few_left_count=most)
    }
    if near:
        few_left_count = current_policy(session).few_left_count
        moved = {
            block_id
            for block_id, milli in near.items()
            if _may_change(blocks[block_id], milli, few_left_count=few_left_count)
        }
        if moved:
            refresh_stock_levels(session, moved)


def _may_change(block: Any, reserved_milli: int, *, few_left_count: int) -> bool:
    before = block.stock_milli - block.reserved_milli
    return not block.is_made_to_order and may_change_level(
        before,
        before - reserved_milli,
        largest_need_milli=block.largest_need_milli,
        few_left_count=few_left_count,
    )


def _write(session: Session, changes: Sequence[dict[str, Any]]) -> None:
    if changes:
        table = SQLModel.metadata.tables["blocks"]
        session.execute(
            update(table)
            .where(table.c.id == bindparam("block"))
            .values(stock_milli=bindparam("stock"), reserved_milli=bindparam("reserved")),
            list(changes),
        )


def _move(
    block_id: int, cause: StockCause, delta_milli: int, after_milli: int, order_id: int
) -> dict[str, Any]:
    return {
        "block_id": block_id,
        "cause": cause,
        "delta_milli": delta_milli,
        "stock_after_milli": after_milli,
        "order_id": order_id,
        "reason": COUNTED_TOO_LOW if cause is StockCause.COUNTED else "",
    }
