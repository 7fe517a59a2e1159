"""The demo's blocks, its bundles in both languages, and as many further bundles as a bench wants."""

import csv
import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from app.catalogue.rules.kinds import Kind, Packaging, Source
from app.catalogue.rules.margin import Part, lowest_price, margin_of
from app.policy.rules.policy import Policy

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
SOLD_FROM, SOLD_BY = {"PM-2001": 48_000}, {"PM-2001": 24_000}
"""Blocks that come in boxes: their minimum quantity and order step in thousandths; all others come in any size."""
SHELF_OF_KIND = {
    Kind.SPARE_PART: "antrieb-und-lager",
    Kind.CARE_PRODUCT: "oele-reiniger-handschutz",
    Kind.CONSUMABLE: "kleinteile-und-versand",
    Kind.RAW_MATERIAL: "bleche-stangen-rohstoffe",
    Kind.SEMI_FINISHED: "bleche-stangen-rohstoffe",
    Kind.CONSULTING_UNIT: "beratung-und-pruefung",
    Kind.SERVICE: "beratung-und-pruefung",
}


@dataclass(frozen=True)
class BlockFacts:
    """One block of blocks.csv; net cents, working days and grams of one unit; stock None where made to order."""

    sku: str
    kind: Kind
    unit_code: str
    vat_rate_bp: int
    unit_cost_cents: int
    partner_cost_cents: int
    main_brand_price_cents: int
    main_brand_lead_time_days: int
    source: Source
    partner: str
    weight_g: int
    packaging: Packaging
    packing_cost_cents: int
    cpv_code: str
    stock: int | None
    is_hazardous: bool
    is_restricted: bool
    pictogram: str
    name_de: str
    name_en: str
    text_de: str
    text_en: str
    minimum_quantity_milli: int | None = None
    order_step_milli: int | None = None

    @property
    def is_kept_out(self) -> bool:
        """Whether the block stays out of the shop."""
        return self.is_hazardous or self.is_restricted

    def part(self, quantity_milli: int) -> Part:
        """The block in a bundle, as the margin guard reads it."""
        return Part(
            quantity_milli,
            self.kind,
            self.unit_cost_cents,
            self.partner_cost_cents,
            self.packing_cost_cents,
            self.weight_g,
            self.main_brand_price_cents,
            self.vat_rate_bp,
        )


@dataclass(frozen=True)
class Shelf:
    """A category of bundles.toml."""

    slug: str
    pictogram: str
    name_de: str
    name_en: str
    text_de: str
    text_en: str


@dataclass(frozen=True)
class BundleFacts:
    """One bundle: its texts, its price in net cents and its items as (SKU, thousandths of the block's unit)."""

    slug: str
    kind: Kind
    category: str
    pictogram: str
    price_cents: int
    minimum_quantity: int
    order_step: int
    items: tuple[tuple[str, int], ...]
    name_de: str
    name_en: str
    purpose_de: str
    purpose_en: str
    text_de: str
    text_en: str
    maximum_quantity: int | None = None
    is_draft: bool = False
    is_silent: bool = False
    """Whether its blocks say in which sizes it is sold; minimum and step are what comes of it."""


@dataclass(frozen=True)
class Note:
    """What somebody of the main brand saw at a customer's about a block or a bundle."""

    text: str
    days_ago: int
    sku: str = ""
    bundle: str = ""


def all_blocks() -> dict[str, BlockFacts]:
    """The blocks of blocks.csv by SKU."""
    with (FOLDER / "blocks.csv").open(encoding="utf-8", newline="") as source:
        return {line["sku"]: _block(line) for line in csv.DictReader(source, delimiter=";")}


def shelves() -> list[Shelf]:
    """The categories of bundles.toml, in the order in which they are shown."""
    with (FOLDER / "bundles.toml").open("rb") as source:
        return [Shelf(**shelf) for shelf in tomllib.load(source)["category"]]


def notes() -> list[Note]:
    """The notes from visits in bundles.toml."""
    with (FOLDER / "bundles.toml").open("rb") as source:
        return [Note(**note) for note in tomllib.load(source)["note"]]


def synonyms() -> list[tuple[str, ...]]:
    """The groups of words that mean the same, in bundles.toml."""
    with (FOLDER / "bundles.toml").open("rb") as source:
        return [tuple(group["words"]) for group in tomllib.load(source)["synonyms"]]


def written_bundles() -> list[BundleFacts]:
    """The bundles of bundles.toml, written by hand; the drafts among them show what the guards refuse."""
    with (FOLDER / "bundles.toml").open("rb") as source:
        return [
            BundleFacts(
                **(
                    bundle
                    | {
                        "kind": Kind(bundle["kind"]),
                        "items": tuple(
                            (sku, int(quantity * 1000)) for sku, quantity in bundle["items"].items()
                        ),
                    }
                )
            )
            for bundle in tomllib.load(source, parse_float=Decimal)["bundle"]
        ]


def made_bundle(number: int, *, blocks: Mapping[str, BlockFacts], policy: Policy, seed: int) -> BundleFacts:
    """A further bundle for large catalogues: some blocks in some counts, always the same for its number.

    It costs a little less than at the main brand, or what the margin guard asks for where that is more.
    """
    chance = random.Random(f"{seed}:bundle:{number}")
    sold = [
        sku
        for sku, block in blocks.items()
        if not block.is_kept_out and block.source is not Source.COMMISSION
    ]
    skus = chance.sample(sold, chance.randint(2, 5))
    items = tuple((sku, chance.randint(1, 6)) for sku in skus)
    main_block = blocks[skus[0]]
    second_block = blocks[skus[1]]
    purpose_de, purpose_en = chance.choice(PURPOSES)
    reference_cents = sum(blocks[sku].main_brand_price_cents * count for sku, count in items)
    step = chance.choice((1, 1, 1, 2, 5))
    return BundleFacts(
        slug=f"paket-{number:05d}",
        kind=main_block.kind,
        category=SHELF_OF_KIND[main_block.kind],
        pictogram=main_block.pictogram,
        price_cents=_price(reference_cents, [blocks[sku].part(count * 1000) for sku, count in items], policy),
        minimum_quantity=step,
        order_step=step,
        maximum_quantity=step * 20 if number % 10 == 0 else None,
        items=tuple((sku, count * 1000) for sku, count in items),
        name_de=f"{purpose_de} {main_block.name_de}, Nr. {number}",
        name_en=f"{main_block.name_en}, {purpose_en}, no. {number}",
        purpose_de=f"{purpose_de} für {main_block.name_de}.",
        purpose_en=f"For {purpose_en} of {main_block.name_en}.",
        text_de=f"{purpose_de} mit {main_block.name_de} und {second_block.name_de}. Zusammenstellung {number}.",
        text_en=f"Bundle of {main_block.name_en} and {second_block.name_en} ({purpose_en}). Composition {number}.",
    )


def _price(reference_cents: int, parts: Sequence[Part], policy: Policy) -> int:
    price_cents = max(10, reference_cents * 95 // 1000 * 10)
    while not margin_of(price_cents, parts, policy).is_passing:
        price_cents = max(price_cents + 10, -(-lowest_price(parts, policy) // 10) * 10)
    return price_cents


def _block(line: Mapping[str, str]) -> BlockFacts:
    flags = line["flags"].split()
    return BlockFacts(
        sku=line["sku"],
        kind=Kind(line["kind"]),
        unit_code=line["unit_code"],
        vat_rate_bp=int(line["vat_rate_bp"]),
        unit_cost_cents=int(line["unit_cost_cents"]),
        partner_cost_cents=int(line["partner_cost_cents"]),
        main_brand_price_cents=int(line["main_brand_price_cents"]),
        main_brand_lead_time_days=int(line["main_brand_lead_time_days"]),
        source=Source(line["source"]),
        partner=line["partner"],
        weight_g=int(line["weight_g"]),
        packaging=Packaging(line["packaging"]),
        packing_cost_cents=int(line["packing_cost_cents"]),
        cpv_code=line["cpv_code"],
        stock=int(line["stock"]) if line["stock"] else None,
        is_hazardous="hazardous" in flags,
        is_restricted="restricted" in flags,
        pictogram=line["pictogram"],
        name_de=line["name_de"],
        name_en=line["name_en"],
        text_de=line["text_de"],
        text_en=line["text_en"],
        minimum_quantity_milli=SOLD_FROM.get(line["sku"]),
        order_step_milli=SOLD_BY.get(line["sku"]),
    )
