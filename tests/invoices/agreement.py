"""What the data of an invoice say and its paper does not: each amount, number, date, party and sentence of the XML."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent
from lxml import etree

from tests.papers import columns_of, text_of

LOCALES = {"de": "de_DE", "en": "en_GB"}
CODES = {
    "ExchangedDocument/TypeCode": {
        "380": ("Rechnung", "Invoice"),
        "381": ("Rechnungskorrektur", "Invoice correction"),
        "386": ("Vorauszahlungsrechnung", "Prepayment invoice"),
    },
    "SpecifiedTradeSettlementPaymentMeans/TypeCode": {"54": ("Karte", "card"), "ZZZ": ("Karte", "card")},
    "InvoiceCurrencyCode": {"EUR": ("€", "€")},
}
"""Codes that the paper says in words, German and English."""
UNSAID = {
    "GuidelineSpecifiedDocumentContextParameter/ID",
    "BusinessProcessSpecifiedDocumentContextParameter/ID",
    "ApplicableTradeTax/TypeCode",
    "CategoryTradeTax/TypeCode",
    "CategoryCode",
    "ExemptionReasonCode",
    "ReasonCode",
    "SubjectCode",
    "ChargeIndicator/Indicator",
    "AssociatedDocumentLineDocument/LineID",
}
"""What is for programs only: the paper says the same by its form, or by the sentence beside it."""


def missing_in_paper(xml: bytes, paper: bytes, *, language: str) -> list[str]:
    """Every value of the XML that does not stand in the paper, as path and value; a path that nobody knows, too."""
    printed = _plain(text_of(paper)) + " " + _plain(columns_of(paper))
    root = etree.fromstring(xml)
    home = _texts(root, "SellerTradeParty//*[local-name()='CountryID']")[0]
    missing = []
    for leaf in root.iter():
        if not isinstance(leaf.tag, str) or len(leaf) or not (leaf.text or "").strip():
            continue
        path, value = _path(leaf), (leaf.text or "").strip()
        wanted = _said(leaf, path, value, language=language, home=home)
        if not all(_stands_in(printed, _plain(one)) for one in wanted):
            missing.append(f"{path}: {value}")
    return missing


def _stands_in(printed: str, wanted: str) -> bool:
    """Whether a text stands there by itself, not as a part of a longer word or number."""
    if wanted.replace(" ", "") == wanted and len(wanted) > 40 and wanted in printed.replace(" ", ""):
        # A word that is wider than its place was broken.
        return True
    begin, end = (r"(?<!\w)" if wanted[0].isalnum() else "", r"(?!\w)" if wanted[-1].isalnum() else "")
    return re.search(begin + re.escape(wanted) + end, printed) is not None


def _said(leaf: etree._Element, path: str, value: str, *, language: str, home: str) -> list[str]:
    """What the paper must say for a value; nothing for what is for programs only."""
    name = etree.QName(leaf).localname
    two = "/".join(path.split("/")[-2:])
    if name in UNSAID or two in UNSAID:
        return []
    for known in (name, two):
        if known in CODES:
            german, english = CODES[known].get(value, ("?", "?"))
            return [german if language == "de" else english]
    if name == "CountryID":
        # At home no address says the country.
        return [] if value == home else _country(value, language)
    if name == "Content" and _texts(leaf.getparent(), "SubjectCode") == ["REG"]:
        # Who the company is in law: said by the foot of the letter, part by part.
        return value.split(", ")
    return [FORMATS.get(name, _literal)(value, language)]


def _amount(value: str, language: str) -> str:
    return format_currency(Decimal(value), "EUR", locale=LOCALES[language])


def _percent(value: str, language: str) -> str:
    return format_percent(Decimal(value) / 100, format="#,##0.##\u00a0%", locale=LOCALES[language])


def _number(value: str, language: str) -> str:
    return format_decimal(Decimal(value), locale=LOCALES[language])


def _day(value: str, language: str) -> str:
    day = date(int(value[:4]), int(value[4:6]), int(value[6:]))
    return format_date(day, format="long", locale=LOCALES[language])


def _literal(value: str, language: str) -> str:
    return value


def _country(code: str, language: str) -> list[str]:
    return [str(Locale.parse(LOCALES[language]).territories[code]).upper()]


AMOUNTS = (
    "ChargeAmount",
    "LineTotalAmount",
    "ChargeTotalAmount",
    "TaxBasisTotalAmount",
    "TaxTotalAmount",
    "GrandTotalAmount",
    "TotalPrepaidAmount",
    "DuePayableAmount",
    "CalculatedAmount",
    "BasisAmount",
    "ActualAmount",
)
FORMATS: dict[str, Callable[[str, str], str]] = {
    "DateTimeString": _day,
    "RateApplicablePercent": _percent,
    "BilledQuantity": _number,
    "BasisQuantity": _number,
    **dict.fromkeys(AMOUNTS, _amount),
}  # fmt: skip


def _texts(node: etree._Element, path: str) -> list[str]:
    first, _, rest = path.partition("//")
    steps = f".//*[local-name()='{first}']" + (f"//{rest}" if rest else "")
    return [found.text or "" for found in node.xpath(steps)]


def _path(leaf: etree._Element) -> str:
    names = [etree.QName(leaf).localname]
    while (parent := leaf.getparent()) is not None:
        names.append(etree.QName(parent).localname)
        leaf = parent
    return "/".join(reversed(names))


def _plain(text: str) -> str:
    """One line, every kind of space alike."""
    return " ".join(text.split())
