"""The filter of the list of blocks, as it stands in an address or in a form."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from app.catalogue.queries_block_list import BlockFilter, Flag, StockFilter
from app.catalogue.rules.blocks import VAT_RATES_BP
from app.catalogue.rules.kinds import Kind, Source

E = TypeVar("E", bound=StrEnum)
FILTERS = ("q", "kind", "source", "partner", "vat", "stock", "flag", "sort")


def read_filter(values: Mapping[str, str]) -> BlockFilter:
    """The blocks that are meant; a value that does not exist counts for nothing."""
    partner, rates = values.get("partner", ""), {str(rate): rate for rate in VAT_RATES_BP}
    return BlockFilter(
        text=values.get("q", "")[:100],
        kind=_choice(values, "kind", Kind),
        source=_choice(values, "source", Source),
        partner_id=int(partner) if partner.isascii() and partner.isdigit() and len(partner) < 10 else None,
        vat_rate_bp=rates.get(values.get("vat", "")),
        stock=_choice(values, "stock", StockFilter),
        flag=_choice(values, "flag", Flag),
    )


def _choice(values: Mapping[str, str], name: str, choices: type[E]) -> E | None:
    return next((choice for choice in choices if choice.value == values.get(name)), None)
