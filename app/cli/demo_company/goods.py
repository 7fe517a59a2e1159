"""The demo's blocks, its bundles in both languages, and as many further bundles as a bench wants."""

import csv
import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from app.catalogue.models import Block, Bundle, BundleItem, BundleVersion
from app.catalogue.rules.kinds import BundleState, Kind, Source
from app.flows.fill_demo import Offer, Rows

FOLDER = Path(__file__).parent
PURPOSES = (
    ("Vorrat", "stock"),
    ("Wartung", "service"),
    ("Instandsetzung", "repair"),
    ("Nachfüllpaket", "refill"),
    ("Werkstattsatz", "workshop set"),
    ("Montagesatz", "assembly set"),
    ("Jahresbedarf", "yearly need"),
    ("Notfallsatz", "emergency set"),
)


@dataclass(frozen=True)
class BlockFacts:
    """One block of blocks.csv; amounts in net cents, lead time in working days."""

    sku: str
    kind: Kind
    unit_code: str
    vat_rate_bp: int
    unit_cost_cents: int
    main_brand_price_cents: int
    main_brand_lead_time_days: int
    source: Source
    name_de: str
    name_en: str


@dataclass(frozen=True)
class BundleFacts:
    """One bundle: its texts, its price in net cents and its items as (SKU, count)."""

    slug: str
    kind: Kind
    price_cents: int
    minimum_quantity: int
    order_step: int
    items: tuple[tuple[str, int], ...]
    name_de: str
    name_en: str
    text_de: str
    text_en: str


def all_blocks() -> dict[str, BlockFacts]:
    """The blocks of blocks.csv by SKU."""
    with (FOLDER / "blocks.csv").open(encoding="utf-8", newline="") as source:
        return {
            line["sku"]: BlockFacts(
                sku=line["sku"],
                kind=Kind(line["kind"]),
                unit_code=line["unit_code"],
                vat_rate_bp=int(line["vat_rate_bp"]),
                unit_cost_cents=int(line["unit_cost_cents"]),
                main_brand_price_cents=int(line["main_brand_price_cents"]),
                main_brand_lead_time_days=int(line["main_brand_lead_time_days"]),
                source=Source(line["source"]),
                name_de=line["name_de"],
                name_en=line["name_en"],
            )
            for line in csv.DictReader(source, delimiter=";")
        }


def written_bundles() -> list[BundleFacts]:
    """The bundles of bundles.toml, written by hand."""
    with (FOLDER / "bundles.toml").open("rb") as source:
        return [
            BundleFacts(**(bundle | {"kind": Kind(bundle["kind"]), "items": tuple(bundle["items"].items())}))
            for bundle in tomllib.load(source)["bundle"]
        ]


def made_bundle(number: int, *, blocks: Mapping[str, BlockFacts], seed: int) -> BundleFacts:
    """A further bundle for large catalogues: some blocks in some counts, always the same for its number."""
    chance = random.Random(f"{seed}:bundle:{number}")
    skus = chance.sample(sorted(blocks), chance.randint(2, 5))
    items = tuple((sku, chance.randint(1, 6)) for sku in skus)
    main_block = blocks[skus[0]]
    second_block = blocks[skus[1]]
    purpose_de, purpose_en = chance.choice(PURPOSES)
    reference_cents = sum(blocks[sku].main_brand_price_cents * count for sku, count in items)
    step = chance.choice((1, 1, 1, 2, 5))
    return BundleFacts(
        slug=f"paket-{number:05d}",
        kind=main_block.kind,
        price_cents=max(10, reference_cents * 95 // 1000 * 10),
        minimum_quantity=step,
        order_step=step,
        items=items,
        name_de=f"{purpose_de} {main_block.name_de}, Nr. {number}",
        name_en=f"{main_block.name_en}, {purpose_en}, no. {number}",
        text_de=f"{purpose_de} mit {main_block.name_de} und {second_block.name_de}. Zusammenstellung {number}.",
        text_en=f"Bundle of {main_block.name_en} and {second_block.name_en} ({purpose_en}). Composition {number}.",
    )


def add_blocks(rows: Rows, *, known: Mapping[str, int], created_at: datetime) -> dict[str, int]:
    """The blocks that are missing; returns the ids of all by SKU."""
    ids = dict(known)
    for sku, block in all_blocks().items():
        if sku not in ids:
            ids[sku] = rows.add(Block, **block.__dict__, created_at=created_at)
    return ids


def add_bundle(
    rows: Rows,
    facts: BundleFacts,
    *,
    blocks: Mapping[str, BlockFacts],
    block_ids: Mapping[str, int],
    created_at: datetime,
) -> Offer:
    """One bundle with its first version, still a draft; returns it as it will be sold."""
    bundle_id = rows.add(
        Bundle,
        slug=facts.slug,
        state=BundleState.DRAFT,
        current_version_id=None,
        image_id=None,
        created_at=created_at,
    )
    version_id = rows.add(
        BundleVersion,
        bundle_id=bundle_id,
        version_number=1,
        name_de=facts.name_de,
        name_en=facts.name_en,
        text_de=facts.text_de,
        text_en=facts.text_en,
        kind=facts.kind,
        price_cents=facts.price_cents,
        minimum_quantity=facts.minimum_quantity,
        order_step=facts.order_step,
        published_at=None,
        created_at=created_at,
    )
    for sku, count in facts.items:
        rows.add(
            BundleItem,
            bundle_version_id=version_id,
            block_id=block_ids[sku],
            quantity_milli=count * 1000,
            **_item_values(blocks[sku]),
        )
    return Offer(
        version_id=version_id,
        name_de=facts.name_de,
        name_en=facts.name_en,
        price_cents=facts.price_cents,
        minimum_quantity=facts.minimum_quantity,
        order_step=facts.order_step,
        lead_time_days=max(blocks[sku].main_brand_lead_time_days for sku, _ in facts.items),
        weights=tuple(
            (blocks[sku].vat_rate_bp, blocks[sku].main_brand_price_cents * count)
            for sku, count in facts.items
        ),
    )


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
    }
