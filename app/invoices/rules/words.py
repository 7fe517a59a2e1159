"""How an invoice writes texts, quantities and rates, alike in XML and PDF."""

import re
from datetime import date
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_decimal

from app.core.errors import N_
from app.core.i18n import translate
from app.invoices.rules.document import Document, DocumentKind, Note

SYMBOLS = {
    "KGM": "kg",
    "GRM": "g",
    "TNE": "t",
    "LTR": "l",
    "MLT": "ml",
    "MTR": "m",
    "CMT": "cm",
    "MMT": "mm",
    "MTK": "m²",
    "MTQ": "m³",
    "HUR": "h",
    "DAY": "d",
}
"""The signs of measured units (UN/ECE Rec. 20); all others are counted."""

_UNPRINTABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def plain(text: str) -> str:
    """A text in one line, without what XML 1.0 cannot carry."""
    return " ".join(_UNPRINTABLE.sub(" ", text).split())


def amount_of(name: str, quantity_milli: int, unit_code: str, language: str) -> str:
    """A block and how much of it one bundle holds: `2 × Ring`, or `0,5 kg Fett`."""
    number = format_decimal(Decimal(quantity_milli) / 1000, format="#,##0.###", locale=language)
    symbol = SYMBOLS.get(unit_code)
    return plain(f"{number} {symbol} {name}" if symbol else f"{number} × {name}")


def rate_text(vat_rate_bp: int, language: str) -> str:
    """A rate as people write it: `19 %`, `10,5 %`."""
    return f"{format_decimal(Decimal(vat_rate_bp) / 100, format='0.##', locale=language)} %"


def name_of_part(name: str, vat_rate_bp: int, language: str) -> str:
    """What a line is called that holds those contents of a bundle which bear one of its rates."""
    rate = rate_text(vat_rate_bp, language)
    return translate(language, N_("%(name)s (part at %(rate)s VAT)"), name=name, rate=rate)


def notes_of(document: Document) -> tuple[Note, ...]:
    """What a document says beside its figures: what it is where that is unusual, and who we are in law."""
    language, facts = document.language, document.seller_facts
    said = []
    if document.kind is DocumentKind.PREPAYMENT and document.expected_on is None:
        said.append(translate(language, N_("Invoice for a payment before the supply.")))
    elif document.kind is DocumentKind.PREPAYMENT:
        text = N_("Invoice for a payment before the delivery, which is expected on %(day)s.")
        said.append(translate(language, text, day=_day(document.expected_on, language)))
    if document.original is not None:
        text = N_("Correction of invoice %(number)s of %(day)s.")
        day = _day(document.original.issued_on, language)
        said.append(translate(language, text, number=document.original.number, day=day))
    if document.reason:
        said.append(document.reason)
    register = (document.seller.name, facts.register_court, facts.register_number, facts.managing_directors)
    legal = ", ".join(part for part in register if part)
    return (*(Note("AAI", text) for text in said), Note("REG", legal))


def payment_terms(document: Document) -> str:
    """How and when it was paid, or paid back (BT-20)."""
    paid, language = document.paid, document.language
    if paid is None:
        return ""
    text = (
        N_("Paid back to the card on %(day)s (%(card)s).")
        if document.kind is DocumentKind.CORRECTION
        else N_("Paid by card on %(day)s (%(card)s). Nothing is due.")
    )
    card = " ".join(part for part in (paid.card_brand.title(), paid.card_last4) if part)
    return translate(language, text, day=_day(paid.paid_on, language), card=card or "–")


def _day(day: date | None, language: str) -> str:
    return format_date(day, format="long", locale="de" if language == "de" else "en_GB") if day else ""
