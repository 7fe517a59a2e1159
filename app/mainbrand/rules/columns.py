"""The columns that a file of accounts or purchases may have, under their English and German names."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.mainbrand.rules.keys import fold


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, whether a file must have it, and other names that it goes by."""

    name: str
    is_needed: bool = False
    other_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Header:
    """Where each known column stands in a file, and which columns of the file are not read."""

    places: Mapping[str, int]
    unread: tuple[str, ...]


class WrongHeader(ValueError):
    """The first line does not name the columns that are needed; `missing` or `twice` says which."""

    def __init__(self, *, missing: tuple[str, ...] = (), twice: tuple[str, ...] = ()) -> None:
        super().__init__(", ".join(missing or twice))
        self.missing = missing
        self.twice = twice


ACCOUNT_COLUMNS = (
    Column(
        "account_number", True, ("kundennummer", "kunden_nr", "kdnr", "debitor", "customer_id", "account")
    ),
    Column("company_name", True, ("firma", "firmenname", "name", "unternehmen", "company")),
    Column("legal_form", False, ("rechtsform",)),
    Column(
        "vat_id", False, ("ust_idnr", "ust_id_nr", "ust_id", "ustid", "umsatzsteuer_id", "vat", "vat_number")
    ),
    Column(
        "register_number", False, ("handelsregisternummer", "registernummer", "hr_nummer", "hrb", "register")
    ),
    Column("register_court", False, ("registergericht", "amtsgericht", "gericht", "court")),
    Column("street", False, ("strasse", "anschrift", "strasse_und_hausnummer", "address")),
    Column("postal_code", False, ("plz", "postleitzahl", "postcode", "zip")),
    Column("city", False, ("ort", "stadt", "town")),
    Column("country", False, ("land", "laenderkennzeichen", "country_code")),
    Column("email", False, ("e_mail", "mail", "e_mail_adresse")),
    Column("email_domain", False, ("maildomain", "e_mail_domain", "domain")),
    Column("phone", False, ("telefon", "tel", "telefonnummer", "telephone")),
    Column("segment", False, ("kundensegment", "abc", "abc_klasse", "klasse")),
    Column("revenue_12m", False, ("umsatz_12m", "umsatz_12_monate", "jahresumsatz", "umsatz", "revenue")),
    Column("sales_contact", False, ("ansprechpartner_vertrieb", "vertrieb", "betreuer", "aussendienst")),
    # By what else a company is recognised (docs/screening.md).
    Column(
        "web_domain", False, ("webseite", "website", "homepage", "internet", "internetadresse", "url", "web")
    ),
    Column("trade_names", False, ("handelsnamen", "handelsname", "marken", "marke", "trade_name", "brands")),
    Column(
        "earlier_names",
        False,
        ("fruehere_namen", "frueherer_name", "fruehere_firma", "ehemals", "former_names", "previous_names"),
    ),
    Column(
        "contact_name", False, ("ansprechpartner", "kontakt", "kontaktperson", "contact", "contact_person")
    ),
    # What speaks for or against growth (docs/rating.md).
    Column("headcount", False, ("mitarbeiter", "mitarbeiterzahl", "beschaeftigte", "employees")),
    Column("industry", False, ("branche", "wirtschaftszweig", "sector")),
    Column(
        "sales_judgement",
        False,
        (
            "wachstum",
            "wachstumseinschaetzung",
            "einschaetzung_vertrieb",
            "vertriebseinschaetzung",
            "potenzial",
        ),
    ),
)
PURCHASE_COLUMNS = (
    Column("invoice", True, ("rechnung", "rechnungsnummer", "rechnungs_nr", "belegnummer", "invoice_number")),
    Column("stock_code", True, ("artikelnummer", "artikel_nr", "artikel", "sku", "material")),
    Column("description", False, ("bezeichnung", "artikelbezeichnung", "beschreibung")),
    Column("quantity", True, ("menge", "anzahl", "stueck")),
    Column(
        "invoice_ts", True, ("rechnungsdatum", "belegdatum", "datum", "invoice_date", "invoicedate", "date")
    ),
    Column("unit_price", True, ("einzelpreis", "preis", "stueckpreis", "nettopreis", "price")),
    Column("customer_id", True, ("kundennummer", "kunden_nr", "kdnr", "debitor", "account_number")),
    Column("country", False, ("land",)),
    Column("is_cancellation", False, ("storno", "ist_storno", "stornierung", "cancelled")),
    Column("line_kind", False, ("positionsart", "zeilenart")),
    Column("currency", False, ("waehrung",)),
)

REJECT_TITLES = ("reject_line", "reject_column", "reject_reason")
"""What the list of refused lines has behind the file's own columns; they are left out when it comes back."""


def find_columns(titles: Sequence[str], columns: Sequence[Column]) -> Header:
    """Where the columns stand under any of their names; case, umlauts, hyphens and spaces do not matter.

    Raises WrongHeader where a needed column is missing or a column is there twice.
    """
    by_name = {name: column.name for column in columns for name in (column.name, *column.other_names)}
    places: dict[str, int] = {}
    unread: list[str] = []
    twice: list[str] = []
    for place, title in enumerate(titles):
        name = by_name.get(plain_title(title))
        if name is None:
            if plain_title(title) not in REJECT_TITLES:
                unread.append(title)
        elif name in places:
            twice.append(name)
        else:
            places[name] = place
    missing = tuple(column.name for column in columns if column.is_needed and column.name not in places)
    if missing or twice:
        raise WrongHeader(missing=missing, twice=tuple(twice))
    return Header(places, tuple(unread))


def take_columns(titles: Sequence[str], columns: Sequence[Column], mapping: Mapping[str, str]) -> Header:
    """Where the columns stand by a mapping (column → title). Raises WrongHeader where a needed one is missing, or
    its title is there twice."""
    known = {column.name for column in columns}
    places = {
        name: titles.index(title) for name, title in mapping.items() if name in known and title in titles
    }
    missing = tuple(column.name for column in columns if column.is_needed and column.name not in places)
    twice = tuple(title for title in mapping.values() if titles.count(title) > 1)
    if missing or twice:
        raise WrongHeader(missing=missing, twice=twice)
    taken = set(places.values())
    unread = tuple(
        title
        for place, title in enumerate(titles)
        if place not in taken and plain_title(title) not in REJECT_TITLES
    )
    return Header(places, unread)


def plain_title(title: str) -> str:
    """A column's title as one word: `Kunden-Nr.` → `kunden_nr`."""
    return re.sub(r"[^a-z0-9]+", "_", fold(title.removeprefix("\ufeff"))).strip("_")
