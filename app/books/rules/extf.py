"""The posting batch as DATEV reads it (EXTF, header version 700, category 21, format version 13): one month a file."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime

from app.books.rules.months import Month
from app.books.rules.postings import Posting

HEADER_VERSION, CATEGORY, FORMAT_NAME, FORMAT_VERSION = 700, 21, "Buchungsstapel", 13
ENCODING = "cp1252"
NOT_IN_VOUCHER = re.compile(r"[^0-9A-Za-z$&%*+\-/]")
CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
LONGEST_VOUCHER, LONGEST_SECOND, LONGEST_TEXT, LONGEST_VAT_ID = 36, 12, 60, 15

COLUMNS: tuple[str, ...] = (
    *("Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "WKZ Umsatz", "Kurs", "Basis-Umsatz"),
    *("WKZ Basis-Umsatz", "Konto", "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel", "Belegdatum"),
    *("Belegfeld 1", "Belegfeld 2", "Skonto", "Buchungstext", "Postensperre", "Diverse Adressnummer"),
    *("Geschäftspartnerbank", "Sachverhalt", "Zinssperre", "Beleglink"),
    *(f"Beleginfo - {what} {count}" for count in range(1, 9) for what in ("Art", "Inhalt")),
    *("KOST1 - Kostenstelle", "KOST2 - Kostenstelle", "Kost-Menge", "EU-Land u. UStID (Bestimmung)"),
    *("EU-Steuersatz (Bestimmung)", "Abw. Versteuerungsart", "Sachverhalt L+L", "Funktionsergänzung L+L"),
    *("BU 49 Hauptfunktionstyp", "BU 49 Hauptfunktionsnummer", "BU 49 Funktionsergänzung"),
    *(f"Zusatzinformation{what} {count}" for count in range(1, 21) for what in (" - Art", "- Inhalt")),
    *("Stück", "Gewicht", "Zahlweise", "Forderungsart", "Veranlagungsjahr", "Zugeordnete Fälligkeit"),
    *("Skontotyp", "Auftragsnummer", "Buchungstyp", "USt-Schlüssel (Anzahlungen)", "EU-Land (Anzahlungen)"),
    *("Sachverhalt L+L (Anzahlungen)", "EU-Steuersatz (Anzahlungen)", "Erlöskonto (Anzahlungen)"),
    *("Herkunft-Kz", "Buchungs GUID", "KOST-Datum", "SEPA-Mandatsreferenz", "Skontosperre"),
    *("Gesellschaftername", "Beteiligtennummer", "Identifikationsnummer", "Zeichnernummer"),
    *("Postensperre bis", "Bezeichnung SoBil-Sachverhalt", "Kennzeichen SoBil-Buchung", "Festschreibung"),
    *("Leistungsdatum", "Datum Zuord. Steuerperiode", "Fälligkeit", "Generalumkehr (GU)", "Steuersatz"),
    *("Land", "Abrechnungsreferenz", "BVV-Position", "EU-Land u. UStID (Ursprung)"),
    *("EU-Steuersatz (Ursprung)", "Abw. Skontokonto"),
)
"""The 125 columns of format version 13, in their order."""

TEXTS = frozenset(
    {
        2,
        3,
        6,
        9,
        11,
        12,
        14,
        16,
        20,
        37,
        38,
        40,
        42,
        91,
        95,
        96,
        98,
        102,
        103,
        105,
        107,
        109,
        110,
        112,
        118,
        120,
    }
    | {121, 123, *range(21, 37), *range(48, 88)}
)
"""The columns (from 1) that are texts, and stand in quotation marks also when they are empty."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What the first line says: whose books, which year and month, and whether the month is closed."""

    month: Month
    made_at: datetime
    consultant_number: int
    client_number: int
    fiscal_year_month: int
    chart: str
    account_length: int
    is_closed: bool

    @property
    def fiscal_year_begins_on(self) -> date:
        """The first day of the business year that the month is in."""
        year = self.month.year - (self.month.month < self.fiscal_year_month)
        return date(year, self.fiscal_year_month, 1)


def extf_file(batch: Batch, postings: Iterable[Posting]) -> Iterator[bytes]:
    """The file, line by line, as bytes of code page 1252: what it does not know becomes a question mark."""
    yield _line(_header(batch))
    yield _line(COLUMNS)
    for posting in postings:
        yield _line(_row(posting, is_closed=batch.is_closed))


def file_name(month: Month) -> str:
    """What DATEV expects a file of another program to be called."""
    return f"EXTF_Buchungsstapel_{month}.csv"


def _header(batch: Batch) -> list[str]:
    return [
        _text("EXTF"),
        str(HEADER_VERSION),
        str(CATEGORY),
        _text(FORMAT_NAME),
        str(FORMAT_VERSION),
        f"{batch.made_at:%Y%m%d%H%M%S}000",
        "",
        _text("RE"),
        _text("schlicht"),
        _text(""),
        str(batch.consultant_number),
        str(batch.client_number),
        f"{batch.fiscal_year_begins_on:%Y%m%d}",
        str(batch.account_length),
        f"{batch.month.first_on:%Y%m%d}",
        f"{batch.month.last_on:%Y%m%d}",
        _text(f"schlicht {batch.month}"),
        _text(""),
        "1",
        "0",
        str(int(batch.is_closed)),
        _text("EUR"),
        "",
        _text(""),
        "",
        "",
        _text(batch.chart),
        "",
        "",
        _text(""),
        _text(""),
    ]


def _row(posting: Posting, *, is_closed: bool) -> list[str]:
    fields = ['""' if place in TEXTS else "" for place in range(1, len(COLUMNS) + 1)]
    given: dict[str, str] = {
        "Umsatz (ohne Soll/Haben-Kz)": amount(posting.amount_cents),
        "Soll/Haben-Kennzeichen": _text("S"),
        "WKZ Umsatz": _text("EUR"),
        "Konto": str(posting.debit),
        "Gegenkonto (ohne BU-Schlüssel)": str(posting.credit),
        "Belegdatum": f"{posting.on:%d%m}",
        "Belegfeld 1": _text(NOT_IN_VOUCHER.sub("", posting.voucher)[:LONGEST_VOUCHER]),
        "Belegfeld 2": _text(NOT_IN_VOUCHER.sub("", posting.order_number)[-LONGEST_SECOND:]),
        "Buchungstext": _text(posting.text[:LONGEST_TEXT]),
        "EU-Land u. UStID (Bestimmung)": _text(posting.vat_id[:LONGEST_VAT_ID]),
        "Festschreibung": str(int(is_closed)),
    }
    if posting.taxed_on is not None:
        supplied_on = posting.supplied_on or posting.taxed_on
        given["Leistungsdatum"] = f"{supplied_on:%d%m%Y}"
        given["Datum Zuord. Steuerperiode"] = f"{posting.taxed_on:%d%m%Y}"
    for name, value in given.items():
        fields[PLACES[name]] = value
    return fields


PLACES = {name: place for place, name in enumerate(COLUMNS)}


def amount(cents: int) -> str:
    """A positive amount with a decimal comma and no grouping; raises ValueError for one that DATEV cannot take."""
    if not 0 < cents < 10**12:
        raise ValueError(f"{cents} cents are no amount of a posting")
    return f"{cents // 100},{cents % 100:02d}"


def _text(value: str) -> str:
    """In quotation marks, those inside doubled; control characters become one blank."""
    return '"' + CONTROLS.sub(" ", value).replace('"', '""') + '"'


def _line(fields: Iterable[str]) -> bytes:
    return (";".join(fields) + "\r\n").encode(ENCODING, "replace")
