"""The recapitulative statement of a month (§ 18 a UStG): for each VAT id and kind the net sum in whole euros."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.core.money import divide_half_up
from app.customers.rules.vat_ids import for_authorities
from app.invoices.rules.document import DocumentKind
from app.ordering.rules.vat import VatCase


class SupplyKind(StrEnum):
    """How the form of the tax office marks a sum: deliveries of goods, or other services."""

    GOODS = "L"
    SERVICES = "S"


KINDS = {VatCase.INTRA_COMMUNITY: SupplyKind.GOODS, VatCase.REVERSE_CHARGE: SupplyKind.SERVICES}
"""The cases that are reported; exports and what is taxed at home are not."""


@dataclass(frozen=True, slots=True)
class ReportedDocument:
    """A document as far as the statement needs it; `is_proven` tells that the VAT id was confirmed before it."""

    kind: DocumentKind
    vat_case: VatCase
    vat_id: str
    net_cents: int
    is_proven: bool


@dataclass(frozen=True, slots=True)
class StatementRow:
    """The sum of one VAT id and kind, below zero where more was corrected than sold."""

    country: str
    number: str
    kind: SupplyKind
    net_cents: int
    document_count: int
    is_proven: bool

    @property
    def euros(self) -> int:
        """The sum in whole euros, rounded half up on the cents of all documents together."""
        return divide_half_up(self.net_cents, 100)


def statement(documents: Iterable[ReportedDocument]) -> list[StatementRow]:
    """The rows by country, number and kind. Corrections lower the sum of the month in which they were issued."""
    sums: dict[tuple[str, str, SupplyKind], list[ReportedDocument]] = {}
    for one in documents:
        kind = KINDS.get(one.vat_case)
        if kind is not None:
            sums.setdefault((*for_authorities(one.vat_id), kind), []).append(one)
    return [
        StatementRow(
            *key,
            net_cents=sum(
                -one.net_cents if one.kind is DocumentKind.CORRECTION else one.net_cents for one in found
            ),
            document_count=len(found),
            is_proven=bool(key[1]) and all(one.is_proven for one in found),
        )
        for key, found in sorted(sums.items())
    ]


def month_of(text: str) -> tuple[date, date] | None:
    """First day of a month written as YYYY-MM, and of the one after; None for anything else."""
    year, _, month = text.partition("-")
    if len(text) != 7 or not (year + month).isdecimal() or not text.isascii():
        return None
    if not (2000 <= int(year) <= 9998 and 1 <= int(month) <= 12):
        return None
    first = date(int(year), int(month), 1)
    return first, date(first.year + first.month // 12, first.month % 12 + 1, 1)
