"""The posting batch is what DATEV's format description asks for, byte by byte."""

import csv
import io
from datetime import UTC, date, datetime

import pytest

from app.books.rules.extf import COLUMNS, TEXTS, Batch, amount, extf_file, file_name
from app.books.rules.months import Month
from app.books.rules.postings import Posting

BATCH = Batch(
    month=Month(2026, 11),
    made_at=datetime(2026, 12, 3, 8, 5, 9, tzinfo=UTC),
    consultant_number=29098,
    client_number=55003,
    fiscal_year_month=1,
    chart="04",
    account_length=4,
    is_closed=True,
)
POSTING = Posting(
    on=date(2026, 11, 5),
    debit=10000,
    credit=4400,
    amount_cents=123_405,
    voucher="RE-2026-000012",
    order_number="B-7K2M9Q4X1Z",
    text='Öle & "Fette" Müller GmbH',
    vat_id="",
    supplied_on=date(2026, 11, 5),
    taxed_on=date(2026, 10, 30),
)


def lines(*postings: Posting) -> list[str]:
    return b"".join(extf_file(BATCH, postings)).decode("cp1252").split("\r\n")


def fields(*postings: Posting) -> dict[str, str]:
    (row,) = csv.reader(io.StringIO(lines(*postings)[2]), delimiter=";")
    return dict(zip(COLUMNS, row, strict=True))


def test_the_first_line_says_what_the_file_is_and_whose() -> None:
    assert lines()[0] == (
        '"EXTF";700;21;"Buchungsstapel";13;20261203080509000;;"RE";"schlicht";"";29098;55003;20260101;4;20261101;'
        '20261130;"schlicht 2026-11";"";1;0;1;"EUR";;"";;;"04";;;"";""'
    )


def test_the_second_line_names_the_125_columns() -> None:
    titles = lines()[1].split(";")

    assert len(titles) == len(set(titles)) == 125
    assert [titles[place - 1] for place in (1, 11, 14, 40, 47, 48, 87, 88, 114, 115, 116, 125)] == [
        "Umsatz (ohne Soll/Haben-Kz)",
        "Belegfeld 1",
        "Buchungstext",
        "EU-Land u. UStID (Bestimmung)",
        "BU 49 Funktionsergänzung",
        "Zusatzinformation - Art 1",
        "Zusatzinformation- Inhalt 20",
        "Stück",
        "Festschreibung",
        "Leistungsdatum",
        "Datum Zuord. Steuerperiode",
        "Abw. Skontokonto",
    ]


def test_a_posting_is_one_line_of_125_fields_with_every_text_in_quotation_marks() -> None:
    row = lines(POSTING)[2]

    assert row.startswith('1234,05;"S";"EUR";;;"";10000;4400;"";0511;"RE-2026-000012";"B-7K2M9Q4X1Z";;')
    assert '"Öle & ""Fette"" Müller GmbH"' in row
    raw = row.replace('""Fette""', "Fette").split(";")
    assert len(raw) == 125
    assert {place for place, value in enumerate(raw, start=1) if value.startswith('"')} == TEXTS


def test_the_dates_of_supply_and_tax_stand_in_their_columns() -> None:
    found = fields(POSTING)

    assert found["Leistungsdatum"] == "05112026"
    assert found["Datum Zuord. Steuerperiode"] == "30102026"
    assert found["Festschreibung"] == "1"
    assert found["Buchungstext"] == 'Öle & "Fette" Müller GmbH'


def test_the_file_is_of_code_page_1252_with_windows_line_ends() -> None:
    content = b"".join(extf_file(BATCH, [POSTING]))

    assert "Müller".encode("cp1252") in content
    assert content.count(b"\r\n") == content.count(b"\n") == 3
    assert content.endswith(b"\r\n")


def test_hostile_names_break_no_line_and_no_limit() -> None:
    hostile = Posting(
        on=date(2026, 11, 5),
        debit=10000,
        credit=4400,
        amount_cents=1,
        voucher="RE;\r\n=1+1 " + "9" * 50,
        order_number="ÄÖ;B" + "1" * 20,
        text='a";"b\r\n\x00\tŁódź 株式会社 ' + "x" * 90,
        vat_id="AT" + "1" * 40,
    )

    found = fields(hostile)

    assert found["Belegfeld 1"] == ("RE1+1" + "9" * 50)[:36]
    assert len(found["Belegfeld 2"]) == 12
    assert found["Buchungstext"].startswith('a";"b Łódź'.replace("Ł", "?").replace("ź", "?"))
    assert len(found["Buchungstext"]) <= 60
    assert len(found["EU-Land u. UStID (Bestimmung)"]) == 15
    assert found["Leistungsdatum"] == ""


def test_a_business_year_that_begins_in_july_began_in_the_year_before() -> None:
    begins = {
        month: Batch(
            Month(2026, month), BATCH.made_at, 1001, 1, 7, chart="03", account_length=4, is_closed=False
        ).fiscal_year_begins_on
        for month in (6, 7)
    }

    assert begins == {6: date(2025, 7, 1), 7: date(2026, 7, 1)}


@pytest.mark.parametrize("cents, text", [(1, "0,01"), (100, "1,00"), (10**12 - 1, "9999999999,99")])
def test_amounts_have_a_comma_and_two_decimals(cents: int, text: str) -> None:
    assert amount(cents) == text


@pytest.mark.parametrize("cents", [0, -1, 10**12])
def test_what_is_no_amount_is_refused(cents: int) -> None:
    with pytest.raises(ValueError):
        amount(cents)


def test_the_file_is_called_as_datev_expects() -> None:
    assert file_name(Month(2026, 11)) == "EXTF_Buchungsstapel_2026-11.csv"
