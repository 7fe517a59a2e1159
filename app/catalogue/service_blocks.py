"""Writing blocks inside the caller's transaction: their facts, the history of their amounts, their partners."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.catalogue.models import Block, BlockPrice, Bundle, Partner
from app.catalogue.queries_blocks import AT_ONCE, blocks_in_versions, bundles_on_sale_with
from app.catalogue.rules.blocks import PRICES, BlockEntry
from app.catalogue.rules.kinds import BundleState, PriceCause
from app.catalogue.service import refresh_lead_times, remove_listing, touch_catalogue
from app.catalogue.service_margins import refresh_margins
from app.catalogue.service_publishing import forget_dates
from app.core.errors import N_, NotFound
from app.jobs.service import insert_into


def lock_blocks(session: Session, block_ids: Collection[int], *, is_deleting: bool = False) -> list[Block]:
    """These blocks by id, locked until the transaction ends: the first lock of whatever changes the catalogue.

    Who deletes some (`is_deleting`) waits here for whoever just puts them into a bundle, not while it holds more.
    """
    wanted = sorted(set(block_ids))
    found: list[Block] = []
    for start in range(0, len(wanted), AT_ONCE):
        is_wanted = col(Block.id).in_(wanted[start : start + AT_ONCE])
        found += session.exec(
            select(Block).where(is_wanted).order_by(col(Block.id)).with_for_update(key_share=not is_deleting)
        ).all()
    return found


def lock_block(session: Session, block_id: int) -> Block:
    """One block, locked. Raises NotFound."""
    found = lock_blocks(session, [block_id])
    if not found:
        raise NotFound(N_("There is no such block."), code="block.not_found")
    return found[0]


def keep_blocks(session: Session, block_ids: Collection[int]) -> dict[int, Block]:
    """These blocks by id, kept there with their numbers until the transaction ends; their other facts may change.

    Whoever writes a bundle's blocks calls it before locking the bundle: who gives a block another number holds
    it and then waits for its bundles, and the reference to the block would wait for that person.
    """
    found: dict[int, Block] = {}
    wanted = sorted(set(block_ids))
    for start in range(0, len(wanted), AT_ONCE):
        is_wanted = col(Block.id).in_(wanted[start : start + AT_ONCE])
        kept = (
            select(Block).where(is_wanted).order_by(col(Block.id)).with_for_update(read=True, key_share=True)
        )
        found |= {block.id or 0: block for block in session.exec(kept)}
    return found


def keep_blocks_of_bundle(session: Session, bundle_id: int) -> None:
    """Keeps every block in any version of a bundle as `keep_blocks` does."""
    keep_blocks(session, set(session.exec(blocks_in_versions(bundle_id))))


def partner_ids(session: Session, names: Collection[str], *, now: datetime) -> dict[str, int]:
    """The ids of partners by name; a name that nobody knows makes a partner. An empty name is none."""
    wanted = sorted(set(names) - {""})
    found: dict[str, int] = {}
    for start in range(0, len(wanted), AT_ONCE):
        part = wanted[start : start + AT_ONCE]
        rows = [{"name": name, "created_at": now} for name in part]
        session.execute(insert_into(session, Partner).on_conflict_do_nothing(index_elements=["name"]), rows)
        query = select(Partner).where(col(Partner.name).in_(part))
        found |= {partner.name: partner.id or 0 for partner in session.exec(query)}
    return found


def columns_of(entry: BlockEntry, partners: Mapping[str, int]) -> dict[str, Any]:
    """An entry's values by the table's columns."""
    values = entry.values
    name = values.pop("partner")
    return values | {"partner_id": partners[name] if name else None}


def add_block(session: Session, values: Mapping[str, Any], *, actor: Actor, now: datetime) -> Block:
    """A new block; its history of amounts begins here."""
    block = Block(created_at=now, **values)
    session.add(block)
    session.flush()
    line = _price_line(block, cause=PriceCause.CREATED, by=actor.name, at=now)
    session.execute(insert(BlockPrice), [line])
    _record(session, block, None, dict(values), actor=actor, now=now)
    return block


def change_block(
    session: Session,
    block: Block,
    values: Mapping[str, Any],
    *,
    cause: PriceCause,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> dict[str, Any]:
    """Changes a locked block as `write_values` does, and audits it."""
    old = write_values(session, block, values, cause=cause, by=actor.name, now=now)
    if old:
        new = {name: values[name] for name in old}
        _record(session, block, old, new, actor=actor, now=now, reason=reason)
    return old


def write_values(
    session: Session, block: Block, values: Mapping[str, Any], *, cause: PriceCause, by: str, now: datetime
) -> dict[str, Any]:
    """Changes one locked block as `write_many` does; returns what it was where it differs."""
    return write_many(session, [(block, values)], cause=cause, by=by, now=now).get(block.id or 0, {})


def write_many(
    session: Session,
    changes: Sequence[tuple[Block, Mapping[str, Any]]],
    *,
    cause: PriceCause,
    by: str,
    now: datetime,
) -> dict[int, dict[str, Any]]:
    """Changes locked blocks and keeps a line for changed amounts; by block id what was there where it differs.

    Where a block had no history yet, what it was until now becomes its first line. A changed lead time counts at
    once for what the list promises.
    """
    had_history = _with_history(session, [block.id or 0 for block, _ in changes])
    former: dict[int, dict[str, Any]] = {}
    lines: list[dict[str, Any]] = []
    for block, values in changes:
        old = {name: getattr(block, name) for name, value in values.items() if getattr(block, name) != value}
        if not old:
            continue
        former[block.id or 0] = old
        is_price = not set(PRICES).isdisjoint(old)
        if is_price and block.id not in had_history:
            lines.append(_price_line(block, cause=PriceCause.CREATED, by="", at=block.created_at))
        block.sqlmodel_update(dict(values))
        if is_price:
            lines.append(_price_line(block, cause=cause, by=by, at=now))
    session.flush()
    if lines:
        session.execute(insert(BlockPrice), lines)
    slower = [block_id for block_id, old in former.items() if "main_brand_lead_time_days" in old]
    for start in range(0, len(slower), AT_ONCE):
        refresh_lead_times(session, slower[start : start + AT_ONCE])
    return former


def retire_bundles_with(
    session: Session, block_ids: Collection[int], *, reason: str, actor: Actor, now: datetime
) -> Sequence[Bundle]:
    """Takes every bundle on sale that holds one of these (locked) blocks off the shop; which ones it were.

    Newer versions of them that had a date lose it.
    Whoever publishes at the same moment either comes before and is found, or comes after and reads the blocks anew.
    """
    if not block_ids:
        return []
    touch_catalogue(session)
    bundles = bundles_on_sale_with(session, block_ids, is_locking=True)
    forget_dates(session, [bundle.id or 0 for bundle in bundles])
    for bundle in bundles:
        bundle.state = BundleState.RETIRED
        session.flush()
        remove_listing(session, bundle.id or 0)
        record(
            session,
            actor,
            action="bundle.retired",
            object_kind="bundle",
            object_id=bundle.id,
            object_name=bundle.slug,
            now=now,
            reason=reason,
            old={"state": BundleState.PUBLISHED},
            new={"state": BundleState.RETIRED},
        )
    refresh_margins(session, bundle_ids=[bundle.id or 0 for bundle in bundles], now=now)
    return bundles


def _with_history(session: Session, block_ids: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for start in range(0, len(block_ids), AT_ONCE):
        is_wanted = col(BlockPrice.block_id).in_(block_ids[start : start + AT_ONCE])
        found |= set(session.exec(select(BlockPrice.block_id).where(is_wanted).distinct()))
    return found


def _price_line(block: Block, *, cause: PriceCause, by: str, at: datetime) -> dict[str, Any]:
    amounts = {name: getattr(block, name) for name in PRICES}
    return {"block_id": block.id, "cause": cause, "changed_by": by[:200], "valid_from_at": at, **amounts}


def _record(
    session: Session,
    block: Block,
    old: dict[str, Any] | None,
    new: dict[str, Any],
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> None:
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
        new=new,
    )
