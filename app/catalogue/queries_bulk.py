"""What a change of many blocks would do, read without writing anything."""

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from app.catalogue.models import Block, Bundle, Partner
from app.catalogue.queries_blocks import AT_ONCE, bundles_on_sale_with, entry_of
from app.catalogue.queries_margins import bundles_falling_below
from app.catalogue.rules.blocks import BlockEntry, keeps_out
from app.catalogue.rules.bulk import BulkChange, BulkLine, apply_to
from app.catalogue.rules.falling import Falling, touches_margin


@dataclass(frozen=True)
class BulkBlock:
    """One block of a bulk change, and what it would be."""

    block: Block
    after: BlockEntry
    line: BulkLine


@dataclass(frozen=True)
class BulkPreview:
    """Blocks that would change and those that cannot, bundles that would fall below the floor or leave the shop.

    `mark` is the same as long as all of this is the same.
    """

    changing: Sequence[BulkBlock]
    refused: Sequence[BulkBlock]
    unchanged_count: int
    falling: Sequence[Falling]
    retiring: Sequence[Bundle]
    mark: str

    @property
    def newly_falling(self) -> list[Falling]:
        """The bundles that pass today and would not any more."""
        return [one for one in self.falling if one.is_new]


def preview_change(session: Session, change: BulkChange, blocks: Sequence[Block]) -> BulkPreview:
    """What the change would do to these blocks."""
    partners = _partners(session, {block.partner_id for block in blocks if block.partner_id})
    changing, refused = [], []
    for block in blocks:
        after, line = apply_to(entry_of(block, partners.get(block.partner_id or 0, "")), change)
        if line.faults:
            refused.append(BulkBlock(block, after, line))
        elif line.is_change:
            changing.append(BulkBlock(block, after, line))
    facts = {one.block.id or 0: {one.line.column: one.line.new} for one in changing}
    is_costing = bool(changing) and touches_margin({changing[0].line.column})
    going = [one.block.id or 0 for one in changing if keeps_out(one.after) and not keeps_out(one.block)]
    falling = bundles_falling_below(session, facts) if is_costing else []
    retiring = bundles_on_sale_with(session, going)
    seen: list[Any] = [change.field, change.value]
    seen.append([[one.block.id, str(one.line.old), str(one.line.new)] for one in changing])
    seen += [[one.block.id for one in refused], [one.bundle.bundle_id for one in falling if one.is_new]]
    seen.append([bundle.id for bundle in retiring])
    mark = hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:32]
    unchanged_count = len(blocks) - len(changing) - len(refused)
    return BulkPreview(changing, refused, unchanged_count, falling, retiring, mark)


def read_blocks(session: Session, block_ids: Collection[int]) -> list[Block]:
    """These blocks, by id."""
    wanted = sorted(set(block_ids))
    found: list[Block] = []
    for start in range(0, len(wanted), AT_ONCE):
        is_wanted = col(Block.id).in_(wanted[start : start + AT_ONCE])
        found += session.exec(select(Block).where(is_wanted).order_by(col(Block.id))).all()
    return found


def _partners(session: Session, ids: Collection[int]) -> dict[int, str]:
    wanted = sorted(ids)
    found: dict[int, str] = {}
    for start in range(0, len(wanted), AT_ONCE):
        query = select(Partner).where(col(Partner.id).in_(wanted[start : start + AT_ONCE]))
        found |= {partner.id or 0: partner.name for partner in session.exec(query)}
    return found
