"""What staff may write about a block, what keeps it out of the shop, and which of its amounts have a history."""

import hashlib
import re
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from app.catalogue.rules.kinds import Kind, Packaging, Source
from app.catalogue.rules.units import has_decimals, is_unit
from app.core.errors import N_, FieldError

SKU = re.compile(r"[A-Za-z0-9]([A-Za-z0-9 ./_-]*[A-Za-z0-9])?")
CPV = re.compile(r"[0-9]{8}-[0-9]")
VAT_RATES_BP = (0, 700, 1900)
GREATEST_PRICE_CENTS = 100_000_000
GREATEST_LEAD_TIME_DAYS = 365
GREATEST_WEIGHT_G = 5_000_000
GREATEST_SIZE_MILLI = 9_999_000
LONGEST = {"sku": 64, "name": 200, "text": 2_000, "partner": 200}
PRICES = ("unit_cost_cents", "partner_cost_cents", "main_brand_price_cents")
"""The amounts whose every change is kept."""
SIZES = ("minimum_quantity_milli", "order_step_milli")
AMOUNTS = (*PRICES, "packing_cost_cents")


class Kept(Protocol):
    """Anything that says whether it may be sold without a permit."""

    @property
    def is_hazardous(self) -> bool:
        """Dangerous goods."""

    @property
    def is_restricted(self) -> bool:
        """Not for everybody."""


@dataclass(frozen=True)
class BlockEntry:
    """A block as staff write it: amounts in cents a unit, weight in grams, the partner by name (empty for none).

    `minimum_quantity_milli` and `order_step_milli` are in thousandths of the unit, None where it comes in any size.
    """

    sku: str
    name_de: str
    name_en: str
    kind: Kind
    unit_code: str
    unit_cost_cents: int
    main_brand_price_cents: int
    main_brand_lead_time_days: int
    vat_rate_bp: int
    source: Source = Source.OWN
    text_de: str = ""
    text_en: str = ""
    partner: str = ""
    partner_cost_cents: int = 0
    weight_g: int = 0
    packaging: Packaging = Packaging.NONE
    packing_cost_cents: int = 0
    is_hazardous: bool = False
    is_restricted: bool = False
    cpv_code: str = ""
    is_made_to_order: bool = True
    minimum_quantity_milli: int | None = None
    order_step_milli: int | None = None

    def tidied(self) -> "BlockEntry":
        """The same without spaces around its texts; a partner's name has single spaces only."""
        values: dict[str, Any] = {
            name: value.strip() if type(value) is str else value for name, value in self.values.items()
        }
        values["unit_code"] = values["unit_code"].upper()
        values["partner"] = " ".join(values["partner"].split())
        return BlockEntry(**values)

    @property
    def values(self) -> dict[str, Any]:
        """All fields by name."""
        return asdict(self)


def shown_mark(entry: BlockEntry) -> str:
    """What a form carries of the entry that it was filled with, so that it undoes nobody else's change."""
    return hashlib.sha256(repr(sorted(entry.values.items())).encode()).hexdigest()[:32]


def keeps_out(block: Kept) -> bool:
    """Whether a block keeps every bundle that holds it out of the shop: dangerous goods, or a restricted good."""
    return block.is_hazardous or block.is_restricted


def entry_faults(entry: BlockEntry) -> list[FieldError]:
    """Everything that is wrong with a block, each with its fix; empty for one that can be kept."""
    return [*_text_faults(entry), *_number_faults(entry)]


def _text_faults(entry: BlockEntry) -> list[FieldError]:
    faults = []
    if not SKU.fullmatch(entry.sku) or len(entry.sku) > LONGEST["sku"]:
        faults.append(FieldError("sku", N_("Please use letters, digits and - . / _ only.")))
    for name in ("name_de", "name_en"):
        if not 1 <= len(getattr(entry, name)) <= LONGEST["name"]:
            faults.append(FieldError(name, N_("Please give a name of at most 200 characters.")))
    for name in ("text_de", "text_en"):
        if len(getattr(entry, name)) > LONGEST["text"]:
            faults.append(FieldError(name, N_("Please use at most 2,000 characters.")))
    if not is_unit(entry.unit_code):
        faults.append(
            FieldError("unit_code", N_("Please use a unit code such as C62 (piece) or KGM (kilogram)."))
        )
    if entry.cpv_code and not CPV.fullmatch(entry.cpv_code):
        faults.append(FieldError("cpv_code", N_("Please use eight digits and the check digit: 44440000-6.")))
    if len(entry.partner) > LONGEST["partner"]:
        faults.append(FieldError("partner", N_("Please give a name of at most 200 characters.")))
    elif entry.partner_cost_cents and not entry.partner:
        faults.append(FieldError("partner", N_("Please say who gets this cost, or set the cost to zero.")))
    return faults


def _number_faults(entry: BlockEntry) -> list[FieldError]:
    faults = [
        FieldError(name, N_("Please enter an amount from 0 to 1,000,000 euros."))
        for name in AMOUNTS
        if not 0 <= getattr(entry, name) <= GREATEST_PRICE_CENTS
    ]
    if not 0 <= entry.main_brand_lead_time_days <= GREATEST_LEAD_TIME_DAYS:
        faults.append(FieldError("main_brand_lead_time_days", N_("Please enter 0 to 365 working days.")))
    if not 0 <= entry.weight_g <= GREATEST_WEIGHT_G:
        faults.append(FieldError("weight_g", N_("Please enter 0 to 5,000,000 grams.")))
    if entry.vat_rate_bp not in VAT_RATES_BP:
        faults.append(FieldError("vat_rate_bp", N_("Please choose one of the offered values.")))
    return faults + _size_faults(entry)


def _size_faults(entry: BlockEntry) -> list[FieldError]:
    faults = []
    for name in SIZES:
        size_milli = getattr(entry, name)
        if size_milli is None:
            continue
        if not 1 <= size_milli <= GREATEST_SIZE_MILLI:
            faults.append(
                FieldError(name, N_("Please enter a quantity above zero and up to 9,999, or nothing."))
            )
        elif size_milli % 1000 and not has_decimals(entry.unit_code):
            message = N_("%(sku)s comes in whole numbers only. Please enter one.")
            faults.append(FieldError(name, message, {"sku": entry.sku}))
    return faults
