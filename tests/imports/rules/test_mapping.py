import pytest

from app.imports.rules.mapping import faults_of, fitting, guess, headings_key
from app.mainbrand.rules.columns import ACCOUNT_COLUMNS, PURCHASE_COLUMNS, REJECT_TITLES


@pytest.mark.parametrize(
    "titles, bold",
    [
        (["Kunden-Nr.", "Firma"], False),
        (["KUNDENNUMMER", "Firmenname"], False),
        (["Kd-Nr", "Firmen Name"], True),
        (["Kundennr.", "Unternehmens"], True),
        (["Accountnumber", "Companyname"], True),
    ],
)
def test_needed_columns_are_recognised_by_their_usual_headings(titles: list[str], bold: bool) -> None:
    found = guess(titles, ACCOUNT_COLUMNS, is_bold=bold)

    assert (found["account_number"], found["company_name"]) == (titles[0], titles[1])


@pytest.mark.parametrize("title", ["Farbe", "Notiz", "Lieferant", "x", "", "reject_reason"])
def test_a_heading_that_is_like_none_of_ours_is_left_alone(title: str) -> None:
    assert guess([title], ACCOUNT_COLUMNS, is_bold=True) == {}


def test_a_program_gets_no_bold_guesses() -> None:
    assert guess(["Kd-Nr", "Firmen Name"], ACCOUNT_COLUMNS, is_bold=False) == {}


def test_no_title_is_suggested_for_two_columns() -> None:
    titles = ["Kundennummer", "Rechnungsnummer", "Artikelnummer", "Menge", "Datum", "Preis", "Bezeichnung"]

    found = guess(titles, PURCHASE_COLUMNS, is_bold=True)

    assert sorted(found.values()) == sorted(titles)


def test_headings_are_known_again_in_any_order_and_as_refused_lines() -> None:
    first = headings_key(["Kunden-Nr.", "Firma"])

    assert headings_key(["firma", "KUNDEN NR"]) == first
    assert headings_key(["Kunden-Nr.", "Firma", *REJECT_TITLES]) == first
    assert headings_key(["Kunden-Nr.", "Firma", "Ort"]) != first


def test_what_was_chosen_last_time_wins_over_what_would_be_guessed() -> None:
    remembered = {"company_name": "Kurzname", "city": "Weg damit"}

    found = fitting(remembered, ["Kundennummer", "Firma", "Kurzname"], ACCOUNT_COLUMNS, is_bold=True)

    assert found == {"account_number": "Kundennummer", "company_name": "Kurzname"}


def test_a_complete_mapping_has_no_fault_and_a_doubled_title_has_one() -> None:
    titles = ["a", "b", "b"]

    assert faults_of({"account_number": "a", "company_name": "a"}, ["a"], ACCOUNT_COLUMNS) != ()
    assert faults_of({"account_number": "a", "company_name": "b"}, ["a", "b"], ACCOUNT_COLUMNS) == ()
    assert [
        fault.field
        for fault in faults_of({"account_number": "a", "company_name": "b"}, titles, ACCOUNT_COLUMNS)
    ] == ["company_name"]
