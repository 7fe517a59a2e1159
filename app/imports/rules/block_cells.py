"""What stands in a list of blocks that is handed out: a cell per column, in words that the import reads back."""

from app.catalogue.rules.blocks import BlockEntry
from app.imports.rules.block_columns import BLOCK_COLUMNS, field_of

AMOUNTS = frozenset({"unit_cost", "main_brand_price", "partner_cost", "packing_cost"})
FLAGS = frozenset({"hazardous", "restricted", "made_to_order"})
NUMBERS = AMOUNTS | {"main_brand_lead_time_days", "vat_rate", "weight_g"}
"""The columns of numbers; all others are texts."""
HEADINGS = tuple(column.name for column in BLOCK_COLUMNS)


def cells_of(entry: BlockEntry) -> tuple[str, ...]:
    """The cells of one block in the order of HEADINGS; amounts in euros with two decimals and a point."""
    return tuple(_cell(name, getattr(entry, field_of(name))) for name in HEADINGS)


def _cell(name: str, value: object) -> str:
    if name in AMOUNTS:
        return f"{int(str(value)) // 100}.{int(str(value)) % 100:02d}"
    if name == "vat_rate":
        return str(int(str(value)) // 100)
    if name in FLAGS:
        return "yes" if value else "no"
    return str(value)
