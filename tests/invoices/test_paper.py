"""What an invoice says on paper, in both languages, for each kind of document."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from app.invoices.paper import invoice_pdf
from app.invoices.rules.document import Document, from_json, to_json
from app.ordering.rules.vat import VatCase
from tests.make_document import ABROAD, BUYER, LINES, correction, document, prepayment, without_vat
from tests.papers import columns_of, pages_of, text_of

XML = b"<invoice/>"


def read(made: Document) -> str:
    """All that is printed, in one line, every space alike."""
    paper = invoice_pdf(made, XML)
    return " ".join((text_of(paper) + " | " + columns_of(paper)).split())


def test_an_invoice_says_what_a_bookkeeper_looks_for_on_one_page() -> None:
    (page,) = pages_of(invoice_pdf(document(), XML))
    said = [" ".join(piece.split()) for piece in page]

    for row in (
        ["Rechnungsnummer", "RE-2026-000123"],
        ["Rechnungsdatum", "26. November 2026"],
        ["Lieferdatum", "25. November 2026"],
        ["Bestellung", "S-7KQ2MXPA"],
        ["Bestellt am", "20. November 2026"],
        ["Ihre Referenz", "PO-4711"],
        ["Käuferreferenz", "04011000-12345-03"],
        ["Unsere Steuernr.", "231/107/45678"],
        ["1", "Dichtungspaket M", "3 Sets", "345,82 €", "19 %", "1.037,46 €"],
        ["2", "Kaffee und Becher (Anteil 7 %)", "7 Sets", "100,01 € für 7", "7 %", "100,01 €"],
        ["Positionen, netto", "1.137,47 €"],
        ["Mindermengenzuschlag, USt 19 %", "11,87 €"],
        ["Mindermengenzuschlag, USt 7 %", "3,13 €"],
        ["Zuschläge, netto", "15,00 €"],
        ["Summe netto", "1.152,47 €"],
        ["19 %", "1.049,33 €", "199,37 €", "1.248,70 €"],
        ["7 %", "103,14 €", "7,22 €", "110,36 €"],
        ["USt gesamt", "206,59 €"],
        ["Rechnungsbetrag mit USt", "1.359,06 €"],
        ["Bezahlt am 20. November 2026 mit Karte (Visa), endet auf 4242", "1.359,06 €"],
        ["Noch zu zahlen", "0,00 €"],
    ):
        assert row in [said[at : at + len(row)] for at in range(len(said))], row
    address = ["Brunner Werkstatt GmbH", "Kim Brunner", "Hafenweg 9", "04179 Leipzig"]
    assert " ".join(address) in read(document())


def test_the_foot_carries_what_a_business_letter_must_say() -> None:
    text = read(document())

    for said in (
        "Kessler Industriebedarf GmbH",
        "Werkhof 4",
        "Sitz: Leipzig",
        "Amtsgericht Leipzig, HRB 00000",
        "Geschäftsführung: Ada Kessler",
        "USt-IdNr.: DE136695976",
        "Steuernummer: 231/107/45678",
        "kontakt@schlicht.example",
        "+49 30 23125 100",
    ):
        assert said in text, said


def test_an_english_invoice_speaks_english() -> None:
    text = read(document(language="en"))

    for said in (
        "Invoice RE-2026-000123",
        "Invoice date",
        "26 November 2026",
        "3 sets",
        "€1,359.06",
        "Paid on 20 November 2026 by card (Visa), ending in 4242",
        "Left to pay",
        "Managing directors: Ada Kessler",
    ):
        assert said in text, said


@pytest.mark.parametrize("language", ["de", "en"])
def test_a_correction_names_its_invoice_and_is_never_called_a_self_billing(language: str) -> None:
    text = read(correction(language=language))

    title = "Rechnungskorrektur" if language == "de" else "Invoice correction"
    day = "26. November 2026" if language == "de" else "26 November 2026"
    assert f"{title} RK-2026-000007" in text
    assert "RE-2026-000123" in text
    assert day in text
    assert "Beschädigt angekommen" in text
    assert ("411,53 €" if language == "de" else "€411.53") in text
    for made in (correction(language=language), document(language=language), prepayment(language=language)):
        assert "gutschrift" not in read(made).lower()
        assert "credit note" not in read(made).lower()


def test_a_prepayment_says_so_and_when_the_goods_are_expected() -> None:
    text = read(prepayment())

    assert "Vorauszahlungsrechnung RE-2026-000123" in text
    assert "Lieferung erwartet 3. Dezember 2026" in text
    assert "vor der Lieferung" in text
    assert "Lieferdatum" not in text
    assert "expected" in read(prepayment(language="en"))


@pytest.mark.parametrize(
    ("case", "category", "note"),
    [
        (VatCase.INTRA_COMMUNITY, "K", "Steuerfreie innergemeinschaftliche Lieferung"),
        (VatCase.REVERSE_CHARGE, "AE", "Steuerschuldnerschaft des Leistungsempfängers"),
        (VatCase.EXPORT, "G", "Steuerfreie Ausfuhrlieferung"),
        (VatCase.OUTSIDE, "O", "Nicht im Inland steuerbar"),
    ],
)
def test_without_vat_the_paper_says_why_and_both_vat_ids_stand_on_it(
    case: VatCase, category: str, note: str
) -> None:
    text = read(without_vat(case, category, note))

    assert note in text
    assert "PL5260001246" in text
    assert "DE136695976" in text
    assert "POLEN" in text
    assert text.count("0 %") // 2 == (1 if category == "O" else 2)


def test_goods_that_went_elsewhere_say_where() -> None:
    text = read(document(ship_to=replace(BUYER, name="Baustelle Nord", street="Feldweg 2", city="Halle")))

    assert "Geliefert an: Baustelle Nord, Kim Brunner, Feldweg 2, 04179 Halle" in text


def test_the_same_document_gives_the_same_bytes_and_each_change_others() -> None:
    made = invoice_pdf(document(), XML)

    assert invoice_pdf(from_json(to_json(document())), XML) == made
    assert invoice_pdf(document(issued_on=date(2026, 11, 27)), XML) != made
    assert invoice_pdf(document(), b"<other/>") != made


def test_a_usual_order_of_five_bundles_fits_on_one_page_and_sixty_lines_take_several() -> None:
    def pages(count: int) -> int:
        lines = tuple(
            replace(LINES[0], description=LINES[0].description + ", " + LINES[1].description)
            for _ in range(count)
        )
        return len(pages_of(invoice_pdf(document(lines=lines), XML)))

    assert pages(5) == 1
    assert pages(60) > 3


def test_hostile_names_print_literally_and_break_nothing() -> None:
    name = "<b>x</b> ) Tj ET %PDF \u202egnp.exe {{7*7}} " + "W" * 260
    made: dict[str, Any] = {
        "buyer": replace(ABROAD, name=name),
        "reason": name,
        "purchase_reference": name[:64],
    }

    text = read(correction(**made))

    assert "<b>x</b> ) Tj ET %PDF �gnp.exe {{7*7}}" in text
    assert "411,53 €" in text


def test_no_more_of_the_card_than_four_digits_is_known_or_printed() -> None:
    paid = document().paid
    assert paid is not None

    assert "Bezahlt am 20. November 2026 mit Karte, endet auf 4242" in read(
        document(paid=replace(paid, card_brand=""))
    )
    assert "endet auf" not in read(document(paid=replace(paid, card_brand="", card_last4="")))
