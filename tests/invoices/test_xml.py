"""The XML of invoices and corrections: what stands in it, and that the official rules find nothing."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from lxml import etree

from app.invoices.rules.building import invoice_of
from app.invoices.rules.document import Document, DocumentKind
from app.invoices.xml import NAMESPACES, Profile, write_xml
from app.ordering.rules.pricing import ChargeKind, PricedCharge, PricedLine, RatePart, price_order
from app.ordering.rules.vat import VatCase
from tests.invoices.official import faults, sheet_faults
from tests.invoices.sales import DAY, Sale, a_sale, an_invoice, corrections, facts_of, some_refunds


def documents(seed: int) -> list[Document]:
    """All documents that an order may get: an invoice, its corrections, and the one before the delivery."""
    random = Random(seed)
    sale = a_sale(random)
    invoice = an_invoice(sale, language=random.choice(("de", "en")))
    found = [invoice, *corrections(invoice, some_refunds(random, invoice))]
    if sale.case in (VatCase.DOMESTIC, VatCase.REVERSE_CHARGE):
        facts = facts_of(sale)
        found.append(invoice_of(facts, kind=DocumentKind.PREPAYMENT, number="RE-2026-000002", issued_on=DAY))
    return found


@pytest.fixture
def mixed() -> Document:
    lines = (PricedLine(3, 3_333, (RatePart(1900, 79), RatePart(700, 21))),)
    charges = (PricedCharge(ChargeKind.LOW_QUANTITY, 1_500),)
    return an_invoice(Sale(VatCase.DOMESTIC, lines, charges, price_order(lines, charges=charges)))


def test_the_official_rules_find_nothing_in_the_documents_of_100_random_orders() -> None:
    found: list[str] = []
    seen: set[tuple[str, str]] = set()
    for seed in range(100):
        for document in documents(seed):
            new = (document.kind.value, document.vat_case.value) not in seen
            seen.add((document.kind.value, document.vat_case.value))
            sheets = ("facturx", "cen", "xrechnung") if new or seed % 10 == 0 else ("cen",)
            found += [f"seed {seed}: {fault}" for fault in faults(document, sheets=sheets)]

    assert found == []
    assert {case for _, case in seen} == {case.value for case in VatCase}


@pytest.mark.soak
def test_the_official_rules_find_nothing_in_the_documents_of_2000_random_orders() -> None:
    found = [
        f"seed {seed}: {fault}"
        for seed in range(100, 2_100)
        for document in documents(seed)
        for fault in faults(document)
    ]

    assert found == []


def test_the_rules_that_are_asked_see_a_wrong_sum(mixed: Document) -> None:
    wrong = replace(
        mixed, taxes=(replace(mixed.taxes[0], net_cents=mixed.taxes[0].net_cents + 1), *mixed.taxes[1:])
    )

    assert "BR-S-08" in {rule for rule, _ in sheet_faults(write_xml(wrong), "facturx")}
    assert "BR-S-08" in {rule for rule, _ in sheet_faults(write_xml(wrong), "cen")}


def test_the_file_says_what_the_document_says(mixed: Document) -> None:
    root = etree.fromstring(write_xml(mixed))

    assert texts(root, "//ram:GuidelineSpecifiedDocumentContextParameter/ram:ID") == [
        "urn:cen.eu:en16931:2017"
    ]
    assert texts(root, "//rsm:ExchangedDocument/ram:ID") == ["RE-2026-000001"]
    assert texts(root, "//rsm:ExchangedDocument/ram:TypeCode") == ["380"]
    assert texts(root, "//ram:SpecifiedTradeProduct/ram:Description") == [
        line.description for line in mixed.lines
    ]
    assert texts(root, "//ram:IncludedSupplyChainTradeLineItem//ram:ChargeAmount") == ["26.33", "7.00"]
    assert texts(root, "//ram:IncludedSupplyChainTradeLineItem//ram:BasisQuantity") == ["1", "1"]
    assert texts(root, "//ram:IncludedSupplyChainTradeLineItem//ram:LineTotalAmount") == ["78.99", "21.00"]
    assert texts(root, "//ram:SpecifiedTradeAllowanceCharge/ram:ActualAmount") == ["11.85", "3.15"]
    assert texts(root, "//ram:ApplicableTradeSettlementFinancialCard/ram:ID") == ["4242"]
    assert texts(root, "//ram:TotalPrepaidAmount") == texts(root, "//ram:GrandTotalAmount")
    assert texts(root, "//ram:DuePayableAmount") == ["0.00"]
    assert texts(root, "//ram:SellerTradeParty//ram:SpecifiedTaxRegistration/ram:ID") == [
        "231/100/00000",
        "DE123456788",
    ]


def test_a_correction_names_the_invoice_that_it_corrects(mixed: Document) -> None:
    (made,) = corrections(mixed, [(1_000, ())])

    root = etree.fromstring(write_xml(made))

    assert texts(root, "//rsm:ExchangedDocument/ram:TypeCode") == ["381"]
    assert texts(root, "//ram:InvoiceReferencedDocument/ram:IssuerAssignedID") == [mixed.number]
    assert texts(root, "//ram:InvoiceReferencedDocument//qdt:DateTimeString") == [f"{mixed.issued_on:%Y%m%d}"]


def test_as_xrechnung_the_same_document_has_another_profile_and_a_reference(mixed: Document) -> None:
    root = etree.fromstring(write_xml(mixed, Profile.XRECHNUNG))

    assert texts(root, "//ram:GuidelineSpecifiedDocumentContextParameter/ram:ID") == [Profile.XRECHNUNG.value]
    assert texts(root, "//ram:BuyerReference") == ["PO 4711"]


def test_the_same_document_gives_the_same_bytes_and_another_number_changes_nothing_else(
    mixed: Document,
) -> None:
    first, again = write_xml(mixed), write_xml(mixed)
    other = write_xml(replace(mixed, number="RE-2026-999999"))

    assert first == again
    assert other.replace(b"RE-2026-999999", b"RE-2026-000001") == first


def test_names_that_look_like_markup_or_hold_control_characters_stay_text() -> None:
    sale = a_sale(Random(5), VatCase.EXPORT)
    facts = facts_of(sale)

    document = invoice_of(facts, kind=DocumentKind.INVOICE, number="RE-2026-000001", issued_on=DAY)

    assert texts(etree.fromstring(write_xml(document)), "//ram:BuyerTradeParty/ram:Name") == [
        "Rüegg <Metall> AG"
    ]


def texts(root: Any, path: str) -> list[str]:
    return [element.text for element in root.xpath(path, namespaces=NAMESPACES)]
