"""A month in sums: documents by VAT case and rate, money by kind, and why the two differ."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.books.rules.months import Month
from app.ordering.rules.vat import VatCase
from app.payments.rules.ledger import MoneyKind, held_cents

TAKEN = frozenset({MoneyKind.CAPTURED})
PAID_BACK = frozenset({MoneyKind.REFUNDED, MoneyKind.REFUND_FAILED})
CHARGED_BACK = frozenset({MoneyKind.DISPUTED, MoneyKind.DISPUTE_WON})
FEES = frozenset({MoneyKind.FEE})
FOR_DOCUMENTS = TAKEN | PAID_BACK
"""The money that documents are about: what was taken, less what went back to cards."""


@dataclass(frozen=True, slots=True)
class RateSum:
    """All documents of one VAT case and rate: what they came to, and what of it corrections took back (positive)."""

    case: VatCase
    rate_bp: int
    invoiced_net_cents: int = 0
    invoiced_vat_cents: int = 0
    corrected_net_cents: int = 0
    corrected_vat_cents: int = 0

    @property
    def net_cents(self) -> int:
        return self.invoiced_net_cents - self.corrected_net_cents

    @property
    def vat_cents(self) -> int:
        return self.invoiced_vat_cents - self.corrected_vat_cents

    @property
    def gross_cents(self) -> int:
        return self.net_cents + self.vat_cents


@dataclass(frozen=True, slots=True)
class MoneySums:
    """Money of a month in cents as it changed what we hold: what was taken is positive, the rest mostly negative."""

    taken_cents: int = 0
    paid_back_cents: int = 0
    charged_back_cents: int = 0
    fee_cents: int = 0

    @property
    def for_documents_cents(self) -> int:
        return self.taken_cents + self.paid_back_cents

    @property
    def left_cents(self) -> int:
        """What all of it leaves on the card account."""
        return self.taken_cents + self.paid_back_cents + self.charged_back_cents + self.fee_cents


@dataclass(frozen=True, slots=True)
class OpenItem:
    """An order whose money and documents do not agree at a moment; `is_settled`: they do by now.

    Positive: paid, and no document says so yet. Negative: a document without its money, such as a failed correction.
    """

    order_number: str
    company_name: str
    cents: int
    is_settled: bool = False


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A month in the overview of its year; corrections are taken off."""

    month: Month
    document_count: int
    net_cents: int
    vat_cents: int
    money: MoneySums

    @property
    def gross_cents(self) -> int:
        return self.net_cents + self.vat_cents


@dataclass(frozen=True)
class MonthSums:
    """The whole month; `opening` and `closing` are all open items before and after it."""

    rates: tuple[RateSum, ...] = ()
    money: MoneySums = field(default_factory=MoneySums)
    document_count: int = 0
    correction_count: int = 0
    opening_cents: int = 0
    closing_cents: int = 0

    @property
    def net_cents(self) -> int:
        return sum(rate.net_cents for rate in self.rates)

    @property
    def vat_cents(self) -> int:
        return sum(rate.vat_cents for rate in self.rates)

    @property
    def gross_cents(self) -> int:
        return self.net_cents + self.vat_cents

    @property
    def difference_cents(self) -> int:
        """Money of the month less its documents."""
        return self.money.for_documents_cents - self.gross_cents

    @property
    def is_explained(self) -> bool:
        """What was open before and the month's difference make what is open after it."""
        return self.opening_cents + self.difference_cents == self.closing_cents

    def to_json(self) -> dict[str, object]:
        """The sums as they are kept with a closed month."""
        return {
            "documents": self.document_count,
            "corrections": self.correction_count,
            "net_cents": self.net_cents,
            "vat_cents": self.vat_cents,
            "gross_cents": self.gross_cents,
            "rates": [
                {
                    "case": rate.case.value,
                    "rate_bp": rate.rate_bp,
                    "net_cents": rate.net_cents,
                    "vat_cents": rate.vat_cents,
                }
                for rate in self.rates
            ],
            "taken_cents": self.money.taken_cents,
            "paid_back_cents": self.money.paid_back_cents,
            "charged_back_cents": self.money.charged_back_cents,
            "fee_cents": self.money.fee_cents,
            "opening_cents": self.opening_cents,
            "closing_cents": self.closing_cents,
        }


def rate_sums(rows: Iterable[tuple[VatCase, int, bool, int, int]]) -> tuple[RateSum, ...]:
    """Sums of (case, rate, is a correction, net, VAT): cases in their own order, high rates first."""
    found: dict[tuple[VatCase, int], list[int]] = {}
    for case, rate_bp, is_correction, net_cents, vat_cents in rows:
        sums = found.setdefault((case, rate_bp), [0, 0, 0, 0])
        place = 2 if is_correction else 0
        sums[place] += net_cents
        sums[place + 1] += vat_cents
    order = list(VatCase)
    keys = sorted(found, key=lambda key: (order.index(key[0]), -key[1]))
    return tuple(RateSum(case, rate_bp, *found[case, rate_bp]) for case, rate_bp in keys)


def money_sums(cents_by_kind: Mapping[MoneyKind, int]) -> MoneySums:
    """The sums of a month's money from the sum of each kind."""

    def total(kinds: frozenset[MoneyKind]) -> int:
        return sum(held_cents(kind, cents_by_kind.get(kind, 0)) for kind in kinds)

    return MoneySums(total(TAKEN), total(PAID_BACK), total(CHARGED_BACK), total(FEES))
