"""Paper and data of a document say the same, field by field; the check sees every difference that is planted."""

import re
from random import Random

import pytest
from lxml import etree

from app.invoices.paper import invoice_pdf
from app.invoices.rules.building import invoice_of
from app.invoices.rules.document import Document, DocumentKind, Party
from app.invoices.xml import write_xml
from app.ordering.rules.vat import VatCase
from tests.invoices.agreement import CODES, FORMATS, UNSAID, missing_in_paper
from tests.invoices.sales import DAY, a_sale, an_invoice, corrections, facts_of, some_refunds
from tests.make_document import correction, document, prepayment
from tests.pdfa import embedded_xml

SEEDS = range(12)


def documents(seed: int) -> list[Document]:
    """All documents of a random order, in a random language: of each VAT case in turn."""
    random = Random(seed)
    sale = a_sale(random, list(VatCase)[seed % len(VatCase)])
    invoice = an_invoice(sale, language=random.choice(("de", "en")))
    found = [invoice, *corrections(invoice, some_refunds(random, invoice))[:2]]
    if sale.case is VatCase.DOMESTIC:
        kind = DocumentKind.PREPAYMENT
        found.append(invoice_of(facts_of(sale), kind=kind, number="RE-2026-000002", issued_on=DAY))
    return found


def test_the_papers_of_random_orders_say_all_that_their_data_say() -> None:
    found: list[str] = []
    kinds: set[tuple[str, str]] = set()
    for seed in SEEDS:
        for made in documents(seed):
            kinds.add((made.kind.value, made.vat_case.value))
            paper = invoice_pdf(made, write_xml(made))
            missing = missing_in_paper(embedded_xml(paper), paper, language=made.language)
            found += [f"seed {seed}, {made.number}: {one}" for one in missing]

    assert found == []
    assert {kind for kind, _ in kinds} == {kind.value for kind in DocumentKind}
    assert {case for _, case in kinds} == {case.value for case in VatCase}


@pytest.mark.parametrize(
    "made",
    [
        document(ship_to=Party("Baustelle Nord", "Feldweg 2", "06108", "Halle", "AT")),
        correction(language="en"),
        prepayment(),
    ],
    ids=["invoice", "correction", "prepayment"],
)
def test_every_planted_difference_between_paper_and_data_is_found(made: Document) -> None:
    paper, xml = invoice_pdf(made, b"<x/>"), write_xml(made)
    assert missing_in_paper(xml, paper, language=made.language) == []
    root = etree.fromstring(xml)
    leaves = [one for one in root.iter() if not len(one) and (one.text or "").strip()]
    planted = 0
    for leaf in leaves:
        name, parent = etree.QName(leaf).localname, leaf.getparent()
        assert parent is not None
        two = f"{etree.QName(parent).localname}/{name}"
        if {name, two} & (UNSAID | CODES.keys()) or name in ("CountryID", "BasisQuantity", "BilledQuantity"):
            continue
        before = leaf.text or ""
        leaf.text = _changed(name, before)
        planted += 1

        missing = missing_in_paper(etree.tostring(root), paper, language=made.language)

        assert any(one.endswith(f"{name}: {leaf.text}") for one in missing), (name, before, leaf.text)
        leaf.text = before
    assert planted > 25


def test_a_field_that_the_check_does_not_know_has_to_stand_in_the_paper() -> None:
    made = document()
    paper, root = invoice_pdf(made, b"<x/>"), etree.fromstring(write_xml(made))
    etree.SubElement(root, "Surprise").text = "nobody said this"

    missing = missing_in_paper(etree.tostring(root), paper, language="de")

    assert missing == ["CrossIndustryInvoice/Surprise: nobody said this"]


def _changed(name: str, text: str) -> str:
    """Another value of the same form: a cent more, another day, a word more."""
    if name == "DateTimeString":
        return text[:-2] + ("17" if text[-2:] != "17" else "18")
    if name in FORMATS:
        return re.sub(r"\d(?=\D*$)", lambda digit: str((int(digit[0]) + 3) % 10), text)
    return f"{text} anders"
