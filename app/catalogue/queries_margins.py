"""Reading bundles on sale with their blocks' present costs, and the margins that are kept of them."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, func, select

from app.catalogue.models import Block, Bundle, BundleItem, BundleMargin, BundleVersion
from app.catalogue.rules.falling import MARGIN_FACTS, Falling, OnSale, falling
from app.catalogue.rules.kinds import BundleState
from app.catalogue.rules.margin import Part
from app.core.paging import Slice, read_page
from app.policy.queries import current_policy

BATCH = 1_000


def part_of(quantity_milli: int, block: Block) -> Part:
    """A block as the margin guard sees it in a bundle, with its present facts."""
    return Part(quantity_milli=quantity_milli, **{name: getattr(block, name) for name in MARGIN_FACTS})


def blocks_by_sku(session: Session, skus: Sequence[str]) -> dict[str, Block]:
    """The blocks among some SKUs."""
    return {block.sku: block for block in session.exec(select(Block).where(col(Block.sku).in_(skus)))}


def read_on_sale(
    session: Session, *, block_ids: Collection[int] | None = None, bundle_ids: Collection[int] | None = None
) -> Iterator[OnSale]:
    """The published bundles (those with one of some blocks, or of some ids) with their blocks of today, by id."""
    for ids in _batches(published_ids(session, block_ids=block_ids, bundle_ids=bundle_ids)):
        yield from _read_batch(session, ids)


def published_ids(
    session: Session, *, block_ids: Collection[int] | None = None, bundle_ids: Collection[int] | None = None
) -> list[int]:
    """The ids of the published bundles, of all or of those with one of some blocks, or of some ids; ascending."""
    is_published = col(Bundle.state) == BundleState.PUBLISHED
    query = select_columns(col(Bundle.id)).where(is_published)
    if bundle_ids is not None:
        found = _each(session, query, col(Bundle.id), bundle_ids)
    elif block_ids is not None:
        query = query.join(
            BundleItem, col(BundleItem.bundle_version_id) == col(Bundle.current_version_id)
        ).distinct()
        found = _each(session, query, col(BundleItem.block_id), block_ids)
    else:
        found = {row[0] for row in session.execute(query)}
    return sorted(found)


def bundles_falling_below(session: Session, changes: Mapping[int, Mapping[str, object]]) -> list[Falling]:
    """Which published bundles are below the floor with these facts of blocks instead (block id → facts by name).

    Reads only. Those that the change takes below stand first (`is_new`), then those that are below already and stay.
    """
    return falling(read_on_sale(session, block_ids=changes), changes, current_policy(session))


def count_below_floor(session: Session) -> int:
    """How many published bundles contribute less than the floor, as kept."""
    return session.exec(
        select(func.count()).select_from(BundleMargin).where(col(BundleMargin.is_below_floor))
    ).one()


def list_below_floor(session: Session, *, page: int) -> Slice[tuple[BundleMargin, Bundle, BundleVersion]]:
    """One page of the published bundles below the floor, the least share of the price first."""
    query = (
        select_columns(BundleMargin, Bundle, BundleVersion)
        .join(Bundle, col(Bundle.id) == col(BundleMargin.bundle_id))
        .join(BundleVersion, col(BundleVersion.id) == col(BundleMargin.bundle_version_id))
        .where(col(BundleMargin.is_below_floor))
        .order_by(col(BundleMargin.margin_bp), col(BundleMargin.bundle_id))
    )
    return read_page(session, query, page=page)


def _each(session: Session, query: Any, column: Any, ids: Collection[int]) -> set[int]:
    """The ids a query finds for some values of a column, asked in batches: a statement takes so many values only."""
    return {
        row[0] for batch in _batches(sorted(ids)) for row in session.execute(query.where(column.in_(batch)))
    }


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + BATCH] for start in range(0, len(ids), BATCH))


def _read_batch(session: Session, bundle_ids: Sequence[int]) -> Iterator[OnSale]:
    facts = sorted(MARGIN_FACTS)
    rows = session.execute(
        select_columns(
            *(col(getattr(Bundle, name)) for name in ("id", "current_version_id", "slug")),
            *(col(getattr(BundleVersion, name)) for name in ("name_de", "name_en", "price_cents")),
            col(BundleItem.block_id),
            col(BundleItem.quantity_milli),
            *(col(getattr(Block, name)) for name in facts),
        )
        .join(BundleVersion, col(BundleVersion.id) == col(Bundle.current_version_id))
        .join(BundleItem, col(BundleItem.bundle_version_id) == col(BundleVersion.id), isouter=True)
        .join(Block, col(Block.id) == col(BundleItem.block_id), isouter=True)
        .where(col(Bundle.id).in_(bundle_ids), col(Bundle.state) == BundleState.PUBLISHED)
        .order_by(col(Bundle.id), col(BundleItem.id))
    ).all()
    for head, group in groupby(rows, key=lambda row: tuple(row[:6])):
        parts = tuple(
            (row[6], Part(quantity_milli=row[7], **dict(zip(facts, row[8:], strict=True))))
            for row in group
            if row[6] is not None
        )
        bundle_id, version_id, slug, name_de, name_en, price_cents = head
        yield OnSale(bundle_id, version_id, slug, name_de, name_en, price_cents, parts)
