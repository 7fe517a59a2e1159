"""One thing changed on many blocks at once: what it makes of each, worked out before anything is written."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from app.catalogue.rules.blocks import BlockEntry, entry_faults
from app.catalogue.rules.kinds import Packaging, Source
from app.core.errors import FieldError
from app.core.money import BP, divide_half_up

LEAST_PERCENT_BP, GREATEST_PERCENT_BP = -9_900, 90_000


class BulkField(StrEnum):
    """What may be changed on many blocks."""

    COST_PERCENT = "cost_percent"
    COST_AMOUNT = "cost_amount"
    PRICE_PERCENT = "price_percent"
    LEAD_TIME = "lead_time"
    VAT_RATE = "vat_rate"
    SOURCE = "source"
    PARTNER = "partner"
    PACKAGING = "packaging"
    PACKING_COST = "packing_cost"
    MADE_TO_ORDER = "made_to_order"
    HAZARDOUS = "hazardous"
    RESTRICTED = "restricted"


Value = int | str | bool


@dataclass(frozen=True)
class BulkChange:
    """The thing and its new value: basis points for percent, cents, days, a name, a choice, or yes and no."""

    field: BulkField
    value: Value


@dataclass(frozen=True)
class BulkLine:
    """What a change makes of one block: the column, its value before and after, and why it cannot be."""

    column: str
    old: Value
    new: Value
    faults: tuple[FieldError, ...] = ()

    @property
    def is_change(self) -> bool:
        """Whether anything becomes different, and may."""
        return self.old != self.new and not self.faults


COLUMNS: dict[BulkField, str] = {
    BulkField.COST_PERCENT: "unit_cost_cents",
    BulkField.COST_AMOUNT: "unit_cost_cents",
    BulkField.PRICE_PERCENT: "main_brand_price_cents",
    BulkField.LEAD_TIME: "main_brand_lead_time_days",
    BulkField.VAT_RATE: "vat_rate_bp",
    BulkField.SOURCE: "source",
    BulkField.PARTNER: "partner",
    BulkField.PACKAGING: "packaging",
    BulkField.PACKING_COST: "packing_cost_cents",
    BulkField.MADE_TO_ORDER: "is_made_to_order",
    BulkField.HAZARDOUS: "is_hazardous",
    BulkField.RESTRICTED: "is_restricted",
}
PERCENT = frozenset({BulkField.COST_PERCENT, BulkField.PRICE_PERCENT})
KEEPING_OUT = frozenset({BulkField.HAZARDOUS, BulkField.RESTRICTED})
YES_OR_NO = frozenset({BulkField.MADE_TO_ORDER, BulkField.HAZARDOUS, BulkField.RESTRICTED})
CHOICES: dict[BulkField, type[StrEnum]] = {BulkField.SOURCE: Source, BulkField.PACKAGING: Packaging}


def apply_to(entry: BlockEntry, change: BulkChange) -> tuple[BlockEntry, BulkLine]:
    """The block after the change, and the change as a line; one with faults must not be written."""
    column = COLUMNS[change.field]
    old = getattr(entry, column)
    new = change.value
    if change.field in PERCENT:
        new = divide_half_up(old * (BP + int(change.value)), BP)
    elif change.field in CHOICES:
        new = CHOICES[change.field](str(change.value))
    values: dict[str, Any] = {column: new}
    after = replace(entry, **values).tidied()
    faults = {fault.field: fault for fault in entry_faults(after)}
    # What was wrong with a block before does not keep it from this change.
    for fault in entry_faults(entry):
        faults.pop(fault.field, None)
    return after, BulkLine(column, old, getattr(after, column), tuple(faults.values()))
