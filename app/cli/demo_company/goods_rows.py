"""The rows of the demo's goods: partners, shelves, blocks with prices and stock, bundles with their versions."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from app.catalogue.models import (
    Block,
    BlockNote,
    BlockPrice,
    Bundle,
    BundleItem,
    BundleVersion,
    Category,
    Partner,
    StockMove,
    SynonymGroup,
)
from app.catalogue.rules.kinds import BundleState, PriceCause, Source
from app.catalogue.rules.stages import VersionStage
from app.catalogue.rules.stock import StockCause
from app.cli.demo_company.goods import BlockFacts, BundleFacts, all_blocks, notes, shelves, synonyms
from app.flows.fill_demo import Offer, Part, Present, Rows

# Blocks were taken up and repriced before the shop opened: the first versions froze the costs of that day.
TAKEN_UP_BEFORE = timedelta(days=65)
REPRICED_BEFORE = timedelta(days=20)
COUNTED_BEFORE = timedelta(days=1)
OLD_COST_PERCENT = 96
WRITER = "Ole Brandt"
PUBLISHER = "Lina Harms"
VISITOR = "Jule Kessler"


@dataclass(frozen=True)
class Known:
    """What new bundles refer to: the blocks as they were written, and the ids of blocks and shelves."""

    blocks: Mapping[str, BlockFacts]
    block_ids: Mapping[str, int]
    category_ids: Mapping[str, int]


def add_goods(
    rows: Rows, present: Present, *, stock_factor: int, opened_at: datetime, now: datetime
) -> Known:
    """The shelves and blocks that are missing, with that many times the written stock; returns all of them."""
    blocks = {
        sku: replace(block, stock=None if block.stock is None else block.stock * stock_factor)
        for sku, block in all_blocks().items()
    }
    return Known(
        blocks=blocks,
        block_ids=_add_blocks(rows, blocks, present, opened_at=opened_at, now=now),
        category_ids=_add_shelves(rows, present),
    )


def _add_shelves(rows: Rows, present: Present) -> dict[str, int]:
    ids = dict(present.category_ids)
    for position, shelf in enumerate(shelves(), start=1):
        if shelf.slug not in ids:
            ids[shelf.slug] = rows.add(Category, **asdict(shelf), position=position)
    return ids


def _add_blocks(
    rows: Rows, blocks: Mapping[str, BlockFacts], present: Present, *, opened_at: datetime, now: datetime
) -> dict[str, int]:
    ids, partner_ids = dict(present.block_ids), dict(present.partner_ids)
    taken_up_at = opened_at - TAKEN_UP_BEFORE
    for sku, block in blocks.items():
        if sku in ids:
            continue
        if block.partner and block.partner not in partner_ids:
            partner_ids[block.partner] = rows.add(Partner, name=block.partner, created_at=taken_up_at)
        values = asdict(block)
        for name in ("partner", "stock", "pictogram"):
            del values[name]
        ids[sku] = rows.add(
            Block,
            **values,
            partner_id=partner_ids.get(block.partner),
            is_made_to_order=block.stock is None,
            stock_milli=(block.stock or 0) * 1000,
            reserved_milli=0,
            created_at=taken_up_at,
        )
        _add_prices(rows, ids[sku], block, opened_at=opened_at)
        if block.stock is not None:
            _add_counts(rows, ids[sku], block.stock, opened_at=opened_at, now=now)
    return ids


def _add_prices(rows: Rows, block_id: int, block: BlockFacts, *, opened_at: datetime) -> None:
    """Our own goods became dearer shortly before the opening; the others cost what they did."""
    prices = {
        "block_id": block_id,
        "unit_cost_cents": block.unit_cost_cents,
        "partner_cost_cents": block.partner_cost_cents,
        "main_brand_price_cents": block.main_brand_price_cents,
        "changed_by": WRITER,
    }
    older = dict(prices)
    if block.source is Source.OWN:
        older["unit_cost_cents"] = block.unit_cost_cents * OLD_COST_PERCENT // 100
    created, repriced = opened_at - TAKEN_UP_BEFORE, opened_at - REPRICED_BEFORE
    rows.add(BlockPrice, **older, cause=PriceCause.CREATED, valid_from_at=created)
    if older != prices:
        rows.add(BlockPrice, **prices, cause=PriceCause.BULK, valid_from_at=repriced)


def _add_counts(rows: Rows, block_id: int, stock: int, *, opened_at: datetime, now: datetime) -> None:
    """Counted at the opening, and again yesterday: the past orders left the house in between."""
    opening = stock + stock // 3 + 10
    for count, before, reason, at in (
        (opening, 0, "Inventur zur Eröffnung", opened_at),
        (stock, opening, "Inventur", now - COUNTED_BEFORE),
    ):
        rows.add(
            StockMove,
            block_id=block_id,
            cause=StockCause.COUNTED,
            delta_milli=(count - before) * 1000,
            stock_after_milli=count * 1000,
            order_id=None,
            reason=reason,
            changed_by=WRITER,
            at=at,
        )


def add_bundle(rows: Rows, facts: BundleFacts, *, known: Known, created_at: datetime) -> Offer:
    """One bundle with its first version, not yet published; returns it as it will be sold."""
    bundle_id = rows.add(
        Bundle,
        slug=facts.slug,
        state=BundleState.DRAFT,
        current_version_id=None,
        image_id=None,
        created_at=created_at,
    )
    version_id = rows.add(BundleVersion, **_version_values(bundle_id, facts, known, created_at=created_at))
    parts = []
    for sku, quantity_milli in facts.items:
        block, block_id = known.blocks[sku], known.block_ids[sku]
        rows.add(
            BundleItem,
            bundle_version_id=version_id,
            block_id=block_id,
            quantity_milli=quantity_milli,
            **_item_values(block),
        )
        parts.append(
            Part(
                block_id=block_id,
                quantity_milli=quantity_milli,
                vat_rate_bp=block.vat_rate_bp,
                reference_price_cents=block.main_brand_price_cents,
                is_counted=block.stock is not None,
            )
        )
    return Offer(
        bundle_id=bundle_id,
        version_id=version_id,
        name_de=facts.name_de,
        name_en=facts.name_en,
        price_cents=facts.price_cents,
        minimum_quantity=facts.minimum_quantity,
        order_step=facts.order_step,
        lead_time_days=max(known.blocks[sku].main_brand_lead_time_days for sku, _ in facts.items),
        parts=tuple(parts),
    )


def add_draft(rows: Rows, facts: BundleFacts, *, known: Known, created_at: datetime) -> None:
    """One bundle that stays a draft."""
    rows.draft_ids.add(rows.next_id(Bundle))
    add_bundle(rows, facts, known=known, created_at=created_at)


def add_notes(rows: Rows, *, known: Known, now: datetime) -> None:
    """The notes from visits, as the main brand's sales wrote them down; their bundles are among the new rows."""
    bundle_ids = {bundle["slug"]: bundle["id"] for bundle in rows.by_table.get("bundles", [])}
    for note in notes():
        if note.bundle and note.bundle not in bundle_ids:
            continue
        visited_at = now - timedelta(days=note.days_ago)
        rows.add(
            BlockNote,
            block_id=known.block_ids[note.sku] if note.sku else None,
            bundle_id=bundle_ids[note.bundle] if note.bundle else None,
            text=note.text,
            visited_on=visited_at.date(),
            written_by=VISITOR,
            created_at=visited_at,
        )


def add_synonyms(rows: Rows, *, opened_at: datetime) -> None:
    """The words that staff have found to mean the same to customers."""
    for words in synonyms():
        rows.add(
            SynonymGroup,
            words="\n".join(words),
            is_one_way=False,
            changed_by=PUBLISHER,
            changed_at=opened_at,
        )


def _version_values(
    bundle_id: int, facts: BundleFacts, known: Known, *, created_at: datetime
) -> dict[str, Any]:
    return {
        "bundle_id": bundle_id,
        "version_number": 1,
        "name_de": facts.name_de,
        "name_en": facts.name_en,
        "purpose_de": facts.purpose_de,
        "purpose_en": facts.purpose_en,
        "text_de": facts.text_de,
        "text_en": facts.text_en,
        "kind": facts.kind,
        "category_id": known.category_ids[facts.category],
        "pictogram": facts.pictogram,
        "price_cents": facts.price_cents,
        "minimum_quantity": facts.minimum_quantity,
        "order_step": facts.order_step,
        "own_minimum_quantity": None if facts.is_silent else facts.minimum_quantity,
        "own_order_step": None if facts.is_silent else facts.order_step,
        "maximum_quantity": facts.maximum_quantity,
        "stage": VersionStage.DRAFT,
        "written_by": WRITER,
        "submitted_by": "" if facts.is_draft else WRITER,
        "submitted_at": None if facts.is_draft else created_at,
        "published_by": "" if facts.is_draft else PUBLISHER,
        "published_at": None,
        "created_at": created_at,
    }


def _item_values(block: BlockFacts) -> dict[str, Any]:
    return {
        "sku": block.sku,
        "name_de": block.name_de,
        "name_en": block.name_en,
        "unit_code": block.unit_code,
        "vat_rate_bp": block.vat_rate_bp,
        "reference_price_cents": block.main_brand_price_cents,
        "unit_cost_cents": block.unit_cost_cents,
        "main_brand_lead_time_days": block.main_brand_lead_time_days,
        "partner_cost_cents": block.partner_cost_cents,
        "packing_cost_cents": block.packing_cost_cents,
        "weight_g": block.weight_g,
    }
