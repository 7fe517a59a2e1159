"""Merging a checked list of blocks into the catalogue, and taking it back, inside the caller's transaction."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import delete, insert, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, SQLModel, col, select

from app.audit.service import Actor, record
from app.catalogue.models import Block, Partner
from app.catalogue.queries_blocks import AT_ONCE, blocks_on_sale, entry_of
from app.catalogue.rules.blocks import SIZES, BlockEntry, keeps_out
from app.catalogue.rules.falling import touches_margin
from app.catalogue.rules.kinds import Kind, PriceCause
from app.catalogue.service import hold_catalogue
from app.catalogue.service_blocks import (
    columns_of,
    lock_blocks,
    partner_ids,
    retire_bundles_with,
    write_many,
)
from app.catalogue.service_margins import refresh_margins
from app.catalogue.service_stock import OpenNeeds, switch_counting
from app.core.errors import N_, Refused
from app.imports.models import FormerBlock, Import
from app.imports.rules.known_block import KnownBlock
from app.mainbrand.service_purchases import Merged

SAMPLE = BlockEntry("X", "x", "x", Kind.SERVICE, "C62", 0, 0, 0, 0)
TYPES: dict[str, Any] = {name: int if name in SIZES else type(value) for name, value in SAMPLE.values.items()}
MARKS = ("is_hazardous", "is_restricted")
MARKED = N_("A list of blocks said so.")
UNMARKED = N_("A list of blocks was taken back.")
BY_IMPORT = N_("A block of it became dangerous or restricted by an import.")


def known_blocks(session: Session) -> dict[str, KnownBlock]:
    """Every block by its SKU, as far as a list has to respect it."""
    sold = blocks_on_sale(session)
    rows = session.execute(
        select_columns(
            col(Block.sku),
            col(Block.id),
            col(Block.is_hazardous),
            col(Block.is_restricted),
            col(Block.unit_code),
            or_(col(Block.stock_milli) != 0, col(Block.reserved_milli) != 0),
        )
    )
    return {
        sku: KnownBlock(block_id in sold, hazardous, restricted, unit if counted or block_id in sold else "")
        for sku, block_id, hazardous, restricted, unit, counted in rows
    }


def count_blocks(session: Session, frames: Iterable[pl.DataFrame]) -> Merged:
    """What merging these frames would do; nothing is written."""
    rows = _rows(frames)
    found = _found(session, rows, is_locking=False)
    changed = sum(_after(found[sku], row) != found[sku][1] for sku, row in rows.items() if sku in found)
    return Merged(len(rows) - len(found), changed, len(found) - changed)


def merge_blocks(
    session: Session,
    frames: Iterable[pl.DataFrame],
    *,
    entry: Import,
    open_needs: OpenNeeds,
    actor: Actor,
    now: datetime,
) -> Merged:
    """Adds and changes blocks, keeps what stood there before and the history of amounts, and renews the margins.

    `open_needs` reads what open orders need of blocks that are counted from now on.
    Blocks that are not in the list, and columns that it does not have, stay as they are. Raises Refused
    (`import.in_use`) where one would get another unit that got stock, orders or a bundle on sale since the reading,
    and (`import.mark_kept`) where an automatic list would take a mark away that was set since.
    """
    rows = _rows(frames)
    found = _found(session, rows, is_locking=True)
    after = {sku: _after(found[sku], row) for sku, row in rows.items() if sku in found}
    changed = [sku for sku, one in after.items() if one != found[sku][1]]
    names = {after[sku].partner for sku in changed} | {row["partner"] or "" for row in rows.values()}
    partners = partner_ids(session, names, now=now)
    blocks = [found[sku][0] for sku in changed]
    _refuse_other_units(session, [(found[sku][0], after[sku].unit_code) for sku in changed])
    going = [
        block.id or 0
        for block, sku in zip(blocks, changed, strict=True)
        if keeps_out(after[sku]) and not keeps_out(block)
    ]
    if entry.is_automatic:
        _refuse_unmarking((found[sku][0], after[sku]) for sku in changed)
    former = {block.id: _columns(block) for block in blocks}
    values = [(found[sku][0], columns_of(after[sku], partners)) for sku in changed]
    old = write_many(session, values, cause=PriceCause.IMPORT, by=actor.name, now=now)
    new = [_new(row, partners, now=now) for sku, row in rows.items() if sku not in found]
    session.add_all(new)
    session.flush()
    kept = [
        {
            "import_id": entry.id,
            "block_id": block.id,
            "former": former.get(block.id),
            "left": _columns(block),
        }
        for block in (*blocks, *new)
    ]
    if kept:
        session.execute(insert(FormerBlock), kept)
    _record_marks(session, blocks, old, reason=MARKED, actor=actor, now=now)
    retire_bundles_with(session, going, reason=BY_IMPORT, actor=actor, now=now)
    _renew(session, old, open_needs, now=now)
    return Merged(len(new), len(changed), len(found) - len(changed))


def undo_blocks(
    session: Session, import_id: int, *, open_needs: OpenNeeds, actor: Actor, now: datetime
) -> tuple[int, int]:
    """Deletes the blocks that an import added and puts the others back; how many of each.

    Raises Refused (`import.in_use`) where one of them was changed or used since, or would leave the shop with it.
    """
    kept = session.exec(select(FormerBlock).where(col(FormerBlock.import_id) == import_id)).all()
    ids = [one.block_id for one in kept]
    blocks = {block.id or 0: block for block in lock_blocks(session, ids, is_deleting=True)}
    added = [one.block_id for one in kept if one.former is None]
    changed = [one for one in kept if one.block_id in blocks and _differs(blocks[one.block_id], one.left)]
    in_use = len(changed) + len(_used(session, added) - {one.block_id for one in changed})
    if in_use:
        raise Refused(
            N_("%(count)s blocks of this import were changed or used since. Load the former list instead."),
            code="import.in_use",
            count=in_use,
        )
    values = [
        (blocks[one.block_id], {name: _typed(name, value) for name, value in one.former.items()})
        for one in kept
        if one.former is not None and one.block_id in blocks
    ]
    _refuse_other_units(session, [(block, former["unit_code"]) for block, former in values])
    _refuse_undoing(session, values)
    old = write_many(session, values, cause=PriceCause.IMPORT, by=actor.name, now=now)
    _record_marks(session, blocks.values(), old, reason=UNMARKED, actor=actor, now=now)
    _renew(session, old, open_needs, now=now)
    session.exec(delete(FormerBlock).where(col(FormerBlock.import_id) == import_id))
    for start in range(0, len(added), AT_ONCE):
        session.exec(delete(Block).where(col(Block.id).in_(added[start : start + AT_ONCE])))
    return len(added), len(values)


def _refuse_undoing(session: Session, values: Iterable[tuple[Block, Mapping[str, Any]]]) -> None:
    """Nothing that is on sale becomes dangerous or restricted again unseen."""
    going = [
        block.id or 0
        for block, former in values
        if (former["is_hazardous"] or former["is_restricted"]) and not keeps_out(block)
    ]
    if not going:
        return
    # Whoever publishes waits from here on: what is on sale now is all there is.
    hold_catalogue(session)
    count = len(blocks_on_sale(session, going))
    if count:
        raise Refused(
            N_(
                "%(count)s blocks of this import would be dangerous or restricted again, and bundles on sale hold "
                "them. Take those bundles off the shop first, or mark the blocks on their pages."
            ),
            code="import.in_use",
            count=count,
        )


def _refuse_other_units(session: Session, units: Iterable[tuple[Block, str]]) -> None:
    """What is counted in a unit keeps it; a list that was read before that began changes nothing at all."""
    changing = [block for block, unit in units if unit != block.unit_code]
    if not changing:
        return
    hold_catalogue(session)
    sold = blocks_on_sale(session, [block.id or 0 for block in changing])
    count = sum(bool(block.stock_milli or block.reserved_milli or block.id in sold) for block in changing)
    if count:
        raise Refused(
            N_(
                "%(count)s blocks would get another unit, and there is stock of them, orders hold some, or bundles "
                "on sale hold them. Nothing was written."
            ),
            code="import.in_use",
            count=count,
        )


def _refuse_unmarking(changes: Iterable[tuple[Block, BlockEntry]]) -> None:
    """A list that nobody looks at takes no mark away that was set after it was read."""
    count = sum(
        any(getattr(block, name) and not getattr(after, name) for name in MARKS) for block, after in changes
    )
    if count:
        raise Refused(
            N_(
                "%(count)s blocks were marked as dangerous or restricted meanwhile: only a person takes that away."
            ),
            code="import.mark_kept",
            count=count,
        )


def _rows(frames: Iterable[pl.DataFrame]) -> dict[str, dict[str, Any]]:
    return {row["sku"]: row for frame in frames for row in frame.iter_rows(named=True)}


def _found(
    session: Session, rows: Mapping[str, Any], *, is_locking: bool
) -> dict[str, tuple[Block, BlockEntry]]:
    """The blocks among these SKUs, each with what staff would have written."""
    skus, ids = sorted(rows), []
    for start in range(0, len(skus), AT_ONCE):
        query = select_columns(col(Block.id)).where(col(Block.sku).in_(skus[start : start + AT_ONCE]))
        ids += [block_id for block_id in session.execute(query).scalars() if block_id is not None]
    blocks: list[Block] = lock_blocks(session, ids) if is_locking else []
    for start in range(0, 0 if is_locking else len(ids), AT_ONCE):
        blocks += session.exec(select(Block).where(col(Block.id).in_(ids[start : start + AT_ONCE]))).all()
    # Only now: whoever held a block until here may have given it a new partner.
    names = {partner.id: partner.name for partner in session.exec(select(Partner))}
    return {block.sku: (block, entry_of(block, names.get(block.partner_id, ""))) for block in blocks}


def _after(found: tuple[Block, BlockEntry], row: Mapping[str, Any]) -> BlockEntry:
    _, before = found
    said = {name: value for name, value in row.items() if value is not None}
    return _entry(before.values | said)


def _entry(values: Mapping[str, Any]) -> BlockEntry:
    return BlockEntry(**{name: _typed(name, value) for name, value in values.items()})


def _new(row: Mapping[str, Any], partners: Mapping[str, int], *, now: datetime) -> Block:
    entry = _entry({name: value for name, value in row.items() if value is not None})
    return Block(created_at=now, **columns_of(entry, partners))


def _columns(block: Block) -> dict[str, Any]:
    """What an import may change of a block, as it can be kept in JSON."""
    names = [name for name in BlockEntry.__dataclass_fields__ if name != "partner"] + ["partner_id"]
    return {name: getattr(block, name) for name in names}


def _record_marks(
    session: Session,
    blocks: Iterable[Block],
    former: Mapping[int, Mapping[str, Any]],
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """One entry for each block that became dangerous or restricted, or no longer is."""
    for block in blocks:
        old = {name: value for name, value in former.get(block.id or 0, {}).items() if name in MARKS}
        if old:
            record(
                session,
                actor,
                action="block.saved",
                object_kind="block",
                object_id=block.id,
                object_name=block.sku,
                now=now,
                reason=reason,
                old=old,
                new={name: getattr(block, name) for name in old},
            )


def _renew(
    session: Session, touched: Mapping[int, Mapping[str, Any]], open_needs: OpenNeeds, *, now: datetime
) -> None:
    stocked = [block_id for block_id, names in touched.items() if "is_made_to_order" in names]
    switch_counting(session, stocked, open_needs)
    costing = [block_id for block_id, names in touched.items() if touches_margin(set(names))]
    if costing:
        refresh_margins(session, block_ids=costing, now=now)


def _used(session: Session, block_ids: list[int]) -> set[int]:
    """Which of these blocks any other table names."""
    if not block_ids:
        return set()
    found: set[int] = set()
    for table in SQLModel.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.target_fullname == "blocks.id":
                column = key.parent
                for start in range(0, len(block_ids), AT_ONCE):
                    part = block_ids[start : start + AT_ONCE]
                    found |= set(session.execute(select_columns(column).where(column.in_(part))).scalars())
    return found


def _differs(block: Block, left: Mapping[str, Any]) -> bool:
    """Whether a block is not what an import left; what blocks had no word for then is not compared."""
    present = _columns(block)
    return any(present[name] != value for name, value in left.items())


def _typed(name: str, value: Any) -> Any:
    return value if value is None or name not in TYPES else TYPES[name](value)
