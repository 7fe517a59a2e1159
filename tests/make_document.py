"""Documents made by hand: an ordinary invoice, with what a test wants to be otherwise."""

from dataclasses import replace
from datetime import date
from typing import Any

from app.invoices.rules.document import (
    Document,
    DocumentCharge,
    DocumentKind,
    DocumentLine,
    DocumentTax,
    Original,
    PaidByCard,
    Party,
    SellerFacts,
)
from app.invoices.rules.words import notes_of, payment_terms
from app.ordering.rules.vat import VatCase

SELLER = Party(
    name="Kessler Industriebedarf GmbH",
    street="Werkhof 4",
    postal_code="04177",
    city="Leipzig",
    country="DE",
    vat_id="DE136695976",
    contact_name="Kundendienst",
    email="kontakt@schlicht.example",
    phone="+49 30 23125 100",
)
FACTS = SellerFacts(
    brand="schlicht.",
    legal_form="GmbH",
    tax_number="231/107/45678",
    register_court="Amtsgericht Leipzig",
    register_number="HRB 00000",
    managing_directors="Ada Kessler",
)
BUYER = Party("Brunner Werkstatt GmbH", "Hafenweg 9", "04179", "Leipzig", "DE", contact_name="Kim Brunner")
ABROAD = Party(
    "Łódzkie Narzędzia Sp. z o.o.",
    "ul. Żwirki 1",
    "90-001",
    "Łódź",
    "PL",
    vat_id="PL5260001246",
    contact_name="Łukasz Żak",
)
LINES = (
    DocumentLine(
        name="Dichtungspaket M",
        description="Je Set: 12 Stück Dichtung 40 mm, 4 Stück Flachriemen, 1 Liter Reiniger",
        quantity=3,
        unit_code="SET",
        price_cents=34_582,
        price_quantity=1,
        net_cents=103_746,
        category="S",
        vat_rate_bp=1_900,
    ),
    DocumentLine(
        name="Kaffee und Becher (Anteil 7 %)",
        description="Je Set: 2 Packungen Kaffee, 1 Karton Becher",
        quantity=7,
        unit_code="SET",
        price_cents=10_001,
        price_quantity=7,
        net_cents=10_001,
        category="S",
        vat_rate_bp=700,
    ),
)
CHARGES = (
    DocumentCharge("Mindermengenzuschlag", "AEL", 1_187, "S", 1_900),
    DocumentCharge("Mindermengenzuschlag", "AEL", 313, "S", 700),
)
TAXES = (DocumentTax("S", 1_900, 104_933, 19_937), DocumentTax("S", 700, 10_314, 722))
PAID = PaidByCard(date(2026, 11, 20), 135_906, card_brand="visa", card_last4="4242")


def document(**values: Any) -> Document:
    """An invoice for goods of two rates with a surcharge, paid by card, unless told otherwise; with its sentences."""
    usual = Document(
        kind=DocumentKind.INVOICE,
        number="RE-2026-000123",
        language="de",
        currency="EUR",
        issued_on=date(2026, 11, 26),
        supplied_on=date(2026, 11, 25),
        expected_on=None,
        vat_case=VatCase.DOMESTIC,
        order_number="S-7KQ2MXPA",
        ordered_on=date(2026, 11, 20),
        purchase_reference="PO-4711",
        buyer_reference="04011000-12345-03",
        seller=SELLER,
        seller_facts=FACTS,
        buyer=BUYER,
        ship_to=None,
        lines=LINES,
        charges=CHARGES,
        taxes=TAXES,
        paid=PAID,
    )
    made = replace(usual, **values)
    return replace(made, notes=notes_of(made), payment_terms=payment_terms(made))


def correction(**values: Any) -> Document:
    """A correction of that invoice: one of the sets is taken back."""
    usual: dict[str, Any] = {
        "kind": DocumentKind.CORRECTION,
        "number": "RK-2026-000007",
        "issued_on": date(2026, 12, 2),
        "lines": (replace(LINES[0], quantity=1, net_cents=34_582),),
        "charges": (),
        "taxes": (DocumentTax("S", 1_900, 34_582, 6_571),),
        "paid": PaidByCard(date(2026, 12, 1), 41_153, card_brand="visa", card_last4="4242"),
        "original": Original("RE-2026-000123", date(2026, 11, 26)),
        "reason": "Beschädigt angekommen",
    }
    return document(**(usual | values))


def prepayment(**values: Any) -> Document:
    """That invoice as it is written when the goods leave in a later month."""
    usual: dict[str, Any] = {
        "kind": DocumentKind.PREPAYMENT,
        "supplied_on": None,
        "expected_on": date(2026, 12, 3),
    }
    return document(**(usual | values))


def without_vat(case: VatCase, category: str, note: str, code: str = "", **values: Any) -> Document:
    """An invoice to a company abroad that bears no German VAT, for that reason."""
    usual: dict[str, Any] = {
        "vat_case": case,
        "buyer": ABROAD,
        "lines": (replace(LINES[0], category=category, vat_rate_bp=0),),
        "charges": (),
        "taxes": (DocumentTax(category, 0, 103_746, 0, exemption_code=code, exemption_note=note),),
        "paid": replace(PAID, amount_cents=103_746),
    }
    return document(**(usual | values))
