"""From what the shop knows of an order, its payment and its refund to the document that says so."""

from dataclasses import dataclass, replace
from datetime import date

from app.core.errors import N_
from app.core.i18n import translate
from app.invoices.rules.correcting import Piece, correction_of
from app.invoices.rules.document import (
    Document,
    DocumentKind,
    Original,
    PaidByCard,
    Party,
    SellerFacts,
)
from app.invoices.rules.supply import CannotBuild, SoldCharge, SoldLine, supply_of
from app.invoices.rules.words import notes_of, payment_terms, plain
from app.ordering.rules.pricing import TaxPart
from app.ordering.rules.vat import VatCase

WITH_BOTH_VAT_IDS = (VatCase.INTRA_COMMUNITY, VatCase.REVERSE_CHARGE)
"""The cases in which § 14 a UStG wants the buyer's VAT id on the invoice."""


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """An order as it was bought and paid, with the parties as the invoice shall name them."""

    number: str
    language: str
    currency: str
    case: VatCase
    gross_cents: int
    ordered_on: date
    supplied_on: date | None
    expected_on: date | None
    purchase_reference: str
    buyer_reference: str
    seller: Party
    seller_facts: SellerFacts
    buyer: Party
    ship_to: Party | None
    lines: tuple[SoldLine, ...]
    charges: tuple[SoldCharge, ...]
    taxes: tuple[TaxPart, ...]
    paid: PaidByCard


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """Money that went back for an invoiced order, with the documents it is about."""

    original: Document
    earlier: tuple[Document, ...]
    gross_cents: int
    pieces: tuple[Piece, ...]
    reason: str
    paid_back: PaidByCard


def invoice_of(facts: OrderFacts, *, kind: DocumentKind, number: str, issued_on: date) -> Document:
    """The invoice of an order, or the one before its delivery (`prepayment`), under this number and day.

    Raises CannotBuild where the payment is not what the order costs, where the order's parts do not add up, and
    where what the law wants on the invoice is not known.
    """
    if facts.paid.amount_cents != facts.gross_cents:
        raise CannotBuild(N_("The payment is not what the order costs."), code="invoice.paid_differs")
    if facts.case in WITH_BOTH_VAT_IDS and not facts.buyer.vat_id:
        raise CannotBuild(
            N_("This invoice bears no VAT, but the company has no VAT id."), code="invoice.no_vat_id"
        )
    if kind is DocumentKind.INVOICE and facts.supplied_on is None:
        raise CannotBuild(N_("The day of the delivery is not known."), code="invoice.no_delivery")
    supply = supply_of(facts.lines, facts.charges, facts.taxes, case=facts.case, language=facts.language)
    is_before = kind is DocumentKind.PREPAYMENT
    document = Document(
        kind=kind,
        number=number,
        language=facts.language,
        currency=facts.currency,
        issued_on=issued_on,
        supplied_on=None if is_before else facts.supplied_on,
        expected_on=facts.expected_on if is_before else None,
        vat_case=facts.case,
        order_number=facts.number,
        ordered_on=facts.ordered_on,
        purchase_reference=facts.purchase_reference,
        buyer_reference=facts.buyer_reference,
        seller=_without_vat_id(facts.seller, facts.case),
        seller_facts=facts.seller_facts,
        buyer=_without_vat_id(facts.buyer, facts.case),
        ship_to=facts.ship_to or (facts.buyer if is_before else None),
        lines=supply.lines,
        charges=supply.charges,
        taxes=supply.taxes,
        paid=facts.paid,
    )
    if document.gross_cents != facts.gross_cents:
        raise CannotBuild(
            N_("The parts of this order do not add up to its VAT amounts."), code="invoice.sums"
        )
    return _with_words(document)


def correction_document(facts: RefundFacts, *, number: str, issued_on: date) -> Document:
    """The correction of an invoice for money that went back; raises CannotBuild where so much is not left of it."""
    original = facts.original
    supply = correction_of(original, facts.earlier, gross_cents=facts.gross_cents, pieces=facts.pieces)
    document = replace(
        original,
        kind=DocumentKind.CORRECTION,
        number=number,
        issued_on=issued_on,
        expected_on=None,
        lines=supply.lines,
        charges=supply.charges,
        taxes=supply.taxes,
        paid=facts.paid_back,
        original=Original(original.number, original.issued_on),
        reason=facts.reason,
    )
    return _with_words(document)


def party(
    *,
    name: str,
    street: str,
    postal_code: str,
    city: str,
    country: str,
    vat_id: str = "",
    contact_name: str = "",
    email: str = "",
    phone: str = "",
) -> Party:
    """A party with texts that XML and PDF can both carry."""
    return Party(
        name=plain(name),
        street=plain(street),
        postal_code=plain(postal_code),
        city=plain(city),
        country=country.upper(),
        vat_id=vat_id,
        contact_name=plain(contact_name),
        email=plain(email),
        phone=plain(phone),
    )


def reason_of(cause: str, language: str) -> str:
    """Why money went back, in words for the paper: a refund's `cause` is such as `complaint:12`."""
    what = cause.partition(":")[0]
    words = {
        "complaint": N_("Refund after a complaint"),
        "service": N_("Refund of a service that could not be done"),
    }
    return translate(language, words.get(what, N_("Refund")))


def _with_words(document: Document) -> Document:
    return replace(document, notes=notes_of(document), payment_terms=payment_terms(document))


def _without_vat_id(one: Party, case: VatCase) -> Party:
    """EN 16931 wants no VAT id of either side on what is not subject to VAT (BR-O-2 to 4)."""
    return replace(one, vat_id="") if case is VatCase.OUTSIDE else one
