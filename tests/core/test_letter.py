from datetime import UTC, datetime

from app.core.letter import Letter, Line, Sum
from app.core.pdf import Column
from tests.papers import pages_of, text_of

MADE_AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
COLUMNS = [Column("Was", 3), Column("Betrag", align="right")]


def _letter() -> Letter:
    return Letter(
        title="Rechnung RE-1",
        language="de",
        made_at=MADE_AT,
        head="schlicht.",
        footer=[["Leipzig"], ["HRB 1", "Ada"]],
    )


def test_a_letter_has_its_address_beside_its_facts_and_its_foot_in_columns() -> None:
    letter = _letter()
    letter.window("Kessler GmbH · Leipzig", ["Łódź Sp. z o.o.", "ul. Żwirki 1"], [("Nummer", "RE-1")])
    letter.lines(COLUMNS, [Line(("Seife", "12,00 €"), notes=["je 2 Stück"])], notes_at=0)
    letter.sums([Sum("Netto", "12,00 €"), Sum("Gesamt", "14,28 €", is_strong=True)], width_mm=90)

    assert pages_of(letter.to_bytes()) == [
        [
            "Seite 1 von 1", "schlicht.",
            "Nummer", "RE-1",
            "Kessler GmbH · Leipzig", "Łódź Sp. z o.o.", "ul. Żwirki 1",
            "Was", "Betrag", "Seife", "12,00 €", "je 2 Stück",
            "Netto", "12,00 €", "Gesamt", "14,28 €",
            "Leipzig", "HRB 1", "Ada",
        ]
    ]  # fmt: skip


def test_each_further_page_says_the_paper_and_repeats_the_head_of_the_table() -> None:
    letter = _letter()
    letter.window("Kessler GmbH", ["Brunner GmbH"], [])
    letter.lines(COLUMNS, [Line((f"Nr {n}", "1,00 €"), notes=["klein"]) for n in range(60)], notes_at=0)

    first, *others = pages_of(letter.to_bytes())

    assert len(others) >= 2
    assert [page[:2] for page in others] == [
        ["schlicht.", f"Rechnung RE-1 · Seite {at} von {len(others) + 1}"] for at in range(2, len(others) + 2)
    ]
    assert all(page[2:4] == ["Was", "Betrag"] for page in others)
    assert all(
        page[page.index(line) + 2] == "klein" for page in others for line in page if line.startswith("Nr ")
    )
    assert [line for page in [first, *others] for line in page if line.startswith("Nr ")] == [
        f"Nr {n}" for n in range(60)
    ]


def test_a_long_fact_is_set_smaller_and_not_broken() -> None:
    letter = _letter()
    email = "einkauf@immenkamp-maschinenbau-ulm.example"
    letter.window("Kessler GmbH", ["Brunner GmbH"], [("E-Mail an", email), ("Bestellt", "am 1. Mai " * 6)])

    text = text_of(letter.to_bytes())

    assert email in text.split("\n")


def test_no_address_is_cut_and_a_long_one_is_set_smaller() -> None:
    letter = _letter()
    address = [
        "Gemeinnützige Gesellschaft zur Förderung der handwerklichen Ausbildung im Landkreis mbH & Co. KG"
    ]
    address += [f"Zeile {n}" for n in range(6)]
    letter.window("Kessler GmbH", address, [])

    text = text_of(letter.to_bytes()).replace("\n", " ")

    assert " ".join(address) in text
