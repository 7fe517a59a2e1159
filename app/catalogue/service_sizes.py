"""Keeping the list true where a block says anew in which sizes it is sold, inside the caller's transaction."""

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy import select as select_columns
from sqlmodel import Session, SQLModel, col, select

from app.catalogue.models import Block, BundleItem, BundleVersion, Listing
from app.catalogue.queries_blocks import AT_ONCE
from app.catalogue.rules.agreements import BlockSizes, Sizes, sizes_of_bundle
from app.catalogue.rules.drafts import GREATEST_SIZE
from app.catalogue.rules.stock import smallest_order
from app.catalogue.service import touch_catalogue
from app.catalogue.service_stock import lock_blocks, refresh_stock_levels
from app.core.errors import N_, FieldError, Invalid


def lock_with_neighbours(session: Session, block_ids: Collection[int]) -> None:
    """Locks these blocks and all that stand in a listed bundle with them, by id: `refresh_sizes` writes to them."""
    wanted = set(block_ids)
    for part in _parts(block_ids):
        beside = (
            select(BundleItem.block_id)
            .join(Listing, col(Listing.bundle_version_id) == col(BundleItem.bundle_version_id))
            .where(col(BundleItem.bundle_version_id).in_(_holding(part)))
        )
        wanted |= set(session.exec(beside))
    lock_blocks(session, wanted)


def refresh_sizes(session: Session, block_ids: Collection[int]) -> int:
    """Sets minimum quantity, order step and level of each listed bundle with one of these (locked) blocks to today's.

    Returns how many bundles are sold in other sizes now; only then the catalogue becomes a new version. Raises
    Invalid (`order_step_milli`) where one of them could not be ordered in any quantity any more.
    """
    session.flush()
    count = sum(_refresh(session, part) for part in _parts(block_ids))
    if count:
        refresh_stock_levels(session, block_ids)
    return count


def _refresh(session: Session, block_ids: Sequence[int]) -> int:
    rows = list(_rows(session, block_ids))
    changed, needs = [], dict[int, int]()
    for bundle_id, group in groupby(rows, key=lambda row: row.bundle_id):
        items = list(group)
        first = items[0]
        sizes = sizes_of_bundle(first, (_said(item) for item in items))
        if sizes == Sizes(first.minimum_quantity, first.order_step):
            continue
        smallest = smallest_order(sizes.minimum_quantity, sizes.order_step)
        _refuse_unsellable(first, smallest)
        changed.append({"bundle": bundle_id, "minimum": sizes.minimum_quantity, "step": sizes.order_step})
        for item in items:
            needs[item.block_id] = max(needs.get(item.block_id, 0), item.quantity_milli * smallest)
    if changed:
        touch_catalogue(session)
        _write(session, changed, needs)
    return len(changed)


def _write(session: Session, changed: list[dict[str, Any]], needs: dict[int, int]) -> None:
    listings, blocks = (SQLModel.metadata.tables[name] for name in ("listings", "blocks"))
    session.execute(
        update(listings)
        .where(listings.c.bundle_id == bindparam("bundle"))
        .values(minimum_quantity=bindparam("minimum"), order_step=bindparam("step")),
        changed,
    )
    session.execute(
        update(blocks)
        .where(blocks.c.id == bindparam("block"), blocks.c.largest_need_milli < bindparam("need"))
        .values(largest_need_milli=bindparam("need")),
        [{"block": block_id, "need": need} for block_id, need in sorted(needs.items())],
    )


def _said(row: Any) -> BlockSizes:
    return BlockSizes(row.quantity_milli, row.minimum_quantity_milli, row.order_step_milli)


def _refuse_unsellable(listed: Any, smallest: int) -> None:
    most = GREATEST_SIZE if listed.maximum_quantity is None else listed.maximum_quantity
    if smallest > min(most, GREATEST_SIZE):
        message = N_("Nobody could order %(name)s any more: its smallest order would be %(least)s.")
        fault = FieldError("order_step_milli", message, {"name": listed.slug, "least": smallest})
        raise Invalid(N_("Please check the entries."), code="block.invalid", fields=(fault,))


def _rows(session: Session, block_ids: Sequence[int]) -> Any:
    columns = (
        Listing.bundle_id,
        Listing.slug,
        Listing.minimum_quantity,
        Listing.order_step,
        Listing.maximum_quantity,
        BundleVersion.own_minimum_quantity,
        BundleVersion.own_order_step,
        BundleItem.block_id,
        BundleItem.quantity_milli,
        Block.minimum_quantity_milli,
        Block.order_step_milli,
    )
    return session.execute(
        select_columns(*map(col, columns))
        .join(BundleVersion, col(BundleVersion.id) == col(Listing.bundle_version_id))
        .join(BundleItem, col(BundleItem.bundle_version_id) == col(Listing.bundle_version_id))
        .join(Block, col(Block.id) == col(BundleItem.block_id))
        .where(col(Listing.bundle_version_id).in_(_holding(block_ids)))
        .order_by(col(Listing.bundle_id))
    )


def _holding(block_ids: Sequence[int]) -> Any:
    return select(BundleItem.bundle_version_id).where(col(BundleItem.block_id).in_(block_ids))


def _parts(block_ids: Collection[int]) -> Iterator[list[int]]:
    ids = sorted(set(block_ids))
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]
