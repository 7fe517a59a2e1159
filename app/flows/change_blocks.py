"""Staff change one thing on many blocks at once, after they have seen what it does."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.audit.service import Actor
from app.catalogue.queries_bulk import preview_change
from app.catalogue.rules.bulk import KEEPING_OUT, BulkChange, BulkField
from app.catalogue.rules.falling import touches_margin
from app.catalogue.rules.kinds import PriceCause
from app.catalogue.service import touch_catalogue
from app.catalogue.service_blocks import (
    change_block,
    columns_of,
    lock_blocks,
    partner_ids,
    retire_bundles_with,
)
from app.catalogue.service_margins import refresh_margins
from app.catalogue.service_stock import switch_counting
from app.core.errors import N_, Invalid, Refused
from app.core.transaction import transaction
from app.ordering.queries_stock import needs_of_open_orders

MOST_AT_ONCE = 5_000
BULK = N_("Part of a bulk change.")
NOW_KEPT_OUT = N_("A block of it became dangerous or restricted by a bulk change.")


@dataclass(frozen=True)
class BulkDone:
    """How many blocks changed, how many bundles fell below the floor with it, and how many had to leave the shop."""

    changed_count: int
    fallen_count: int
    retired_count: int


def change_blocks(
    session: Session,
    change: BulkChange,
    block_ids: Collection[int],
    *,
    mark: str,
    actor: Actor,
    now: datetime,
) -> BulkDone:
    """Changes the blocks as a preview (its `mark`) showed it, all or none; blocks with a fault are left out.

    Raises Refused `blocks.preview_stale` where the preview would show something else by now, Invalid for too many.
    """
    if len(set(block_ids)) > MOST_AT_ONCE:
        raise Invalid(
            N_("Please choose at most %(most)s blocks at once."), code="blocks.too_many", most=MOST_AT_ONCE
        )
    with transaction(session):
        blocks = lock_blocks(session, block_ids)
        if change.field in KEEPING_OUT and change.value:
            # Whoever publishes waits from here on: what the preview finds on sale is all there is.
            touch_catalogue(session)
        preview = preview_change(session, change, blocks)
        if preview.mark != mark:
            raise Refused(
                N_("Something changed since this preview. Nothing was written: please look at the new one."),
                code="blocks.preview_stale",
            )
        partners = partner_ids(session, {one.after.partner for one in preview.changing}, now=now)
        for one in preview.changing:
            values = columns_of(one.after, partners)
            change_block(session, one.block, values, cause=PriceCause.BULK, actor=actor, now=now, reason=BULK)
        if preview.retiring:
            ids = [one.block.id or 0 for one in preview.changing]
            retire_bundles_with(session, ids, reason=NOW_KEPT_OUT, actor=actor, now=now)
        if change.field is BulkField.MADE_TO_ORDER and preview.changing:
            ids = [one.block.id or 0 for one in preview.changing]
            switch_counting(session, ids, needs_of_open_orders)
        fallen = 0
        if preview.changing and touches_margin({preview.changing[0].line.column}):
            ids = [one.block.id or 0 for one in preview.changing]
            fallen = refresh_margins(session, block_ids=ids, now=now)
        return BulkDone(len(preview.changing), fallen, len(preview.retiring))
