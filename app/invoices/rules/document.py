"""An invoice as data: what its XML, its PDF, the pages and the books all read."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from app.ordering.rules.vat import VatCase


class DocumentKind(StrEnum):
    """`prepayment`: the whole amount was paid before the delivery, which comes in a later month (§ 14 (5) UStG).

    `correction` takes a part or all of an earlier one back; it is never called "Gutschrift", which is self-billing.
    """

    INVOICE = "invoice"
    PREPAYMENT = "prepayment"
    CORRECTION = "correction"


TYPE_CODES = {
    DocumentKind.INVOICE: "380",
    DocumentKind.PREPAYMENT: "386",
    DocumentKind.CORRECTION: "381",
}
"""UNTDID 1001 (BT-3)."""

PREFIXES = {DocumentKind.INVOICE: "RE", DocumentKind.PREPAYMENT: "RE", DocumentKind.CORRECTION: "RK"}
"""How numbers begin: one range for what is charged, one for what is taken back."""


class DraftState(StrEnum):
    """A draft waits for the worker, is `blocked` until a person mends it, or became a document."""

    WAITING = "waiting"
    BLOCKED = "blocked"
    ISSUED = "issued"


@dataclass(frozen=True, slots=True)
class Party:
    """A company with its address, for seller, buyer and where the goods went; "" for what is not known."""

    name: str
    street: str
    postal_code: str
    city: str
    country: str
    vat_id: str = ""
    contact_name: str = ""
    email: str = ""
    phone: str = ""


@dataclass(frozen=True, slots=True)
class SellerFacts:
    """What business letters must say of the seller beside its address (§ 35 a GmbHG, § 14 (4) no. 2 UStG)."""

    brand: str
    legal_form: str
    tax_number: str
    register_court: str
    register_number: str
    managing_directors: str


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """One supply at one VAT rate: `net_cents` is `quantity` times `price_cents` for each `price_quantity` of it.

    A bundle of two rates becomes two lines, whose price is that of all its pieces together (`price_quantity` equals
    `quantity`), so that no cent is lost. `description` names its contents, `unit_code` is of UN/ECE Rec. 20 or 21,
    `source` the order's row that it is from (`line:12`, `charge:3`), by which a correction finds it again.
    """

    name: str
    description: str
    quantity: int
    unit_code: str
    price_cents: int
    price_quantity: int
    net_cents: int
    category: str
    vat_rate_bp: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class DocumentCharge:
    """A charge on the whole document at one VAT rate; `reason_code` is of UNTDID 7161."""

    name: str
    reason_code: str
    net_cents: int
    category: str
    vat_rate_bp: int
    source: str = ""


@dataclass(frozen=True, slots=True)
class DocumentTax:
    """All amounts of one category and rate, and the VAT on them; why there is none, as code (VATEX) and words."""

    category: str
    vat_rate_bp: int
    net_cents: int
    vat_cents: int
    exemption_code: str = ""
    exemption_note: str = ""


@dataclass(frozen=True, slots=True)
class PaidByCard:
    """The payment before the document: never more of the card than its last four digits."""

    paid_on: date
    amount_cents: int
    card_brand: str = ""
    card_last4: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A free text of the document (BT-22) with what it is about (BT-21, UNTDID 4451): `AAI` general, `REG` legal."""

    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Original:
    """The document that a correction is about (BT-25, BT-26)."""

    number: str
    issued_on: date


@dataclass(frozen=True, slots=True)
class Document:
    """An invoice or a correction; all amounts are above zero, in a correction they go back.

    `supplied_on` is the day of delivery or of the service, None in a prepayment, which has `expected_on` instead.
    Every sentence that stands on it is stored in it (`notes`, `payment_terms`, names, exemptions), so that it reads
    alike for ever.
    """

    kind: DocumentKind
    number: str
    language: str
    currency: str
    issued_on: date
    supplied_on: date | None
    expected_on: date | None
    vat_case: VatCase
    order_number: str
    ordered_on: date
    purchase_reference: str
    buyer_reference: str
    seller: Party
    seller_facts: SellerFacts
    buyer: Party
    ship_to: Party | None
    lines: tuple[DocumentLine, ...]
    charges: tuple[DocumentCharge, ...]
    taxes: tuple[DocumentTax, ...]
    paid: PaidByCard | None
    original: Original | None = None
    reason: str = ""
    notes: tuple[Note, ...] = ()
    payment_terms: str = ""

    @property
    def lines_net_cents(self) -> int:
        """The sum of the lines (BT-106)."""
        return sum(line.net_cents for line in self.lines)

    @property
    def charges_net_cents(self) -> int:
        """The sum of the charges (BT-108)."""
        return sum(charge.net_cents for charge in self.charges)

    @property
    def net_cents(self) -> int:
        """The amount without VAT (BT-109)."""
        return self.lines_net_cents + self.charges_net_cents

    @property
    def vat_cents(self) -> int:
        """All VAT (BT-110)."""
        return sum(tax.vat_cents for tax in self.taxes)

    @property
    def gross_cents(self) -> int:
        """The amount with VAT (BT-112)."""
        return self.net_cents + self.vat_cents


_ADAPTER: TypeAdapter[Document] = TypeAdapter(Document)


def to_json(document: Document) -> dict[str, Any]:
    """The document as plain JSON values, as it is stored."""
    stored: dict[str, Any] = _ADAPTER.dump_python(document, mode="json")
    return stored


def from_json(stored: dict[str, Any]) -> Document:
    """The document of stored JSON. Raises pydantic's ValidationError for anything else."""
    return _ADAPTER.validate_python(stored)
