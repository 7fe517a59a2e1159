"""Amounts of money as people type them, read to the cent or refused where they could mean two things."""

import re
import unicodedata

from app.core.errors import N_

GREATEST_CENTS = 10**12
GROUPED = re.compile(r"\d{1,3}(?:([.,' ])\d{3})(?:\1\d{3})*")


class NotMoney(ValueError):
    """The text is no amount; the message is a marked sentence with the fix."""


def parse_cents(text: str) -> int:
    """Whole cents from "12,34", "12.34", "1.234,56", "1,234.56", "1 234,56 €" or "1234".

    A lone separator before three digits ("1.234") means a thousand to one reader and a fraction to the
    other, so it is refused. Raises NotMoney for that and for whatever is not an amount from 0 on.
    """
    plain = unicodedata.normalize("NFKC", text).replace("’", "'")
    plain = re.sub(r"^(€|EUR)|(€|EUR)$", "", plain.strip(), flags=re.IGNORECASE).strip()
    plain = re.sub(r"\s", " ", plain)
    if not re.fullmatch(r"[0-9][0-9.,' ]*|[.,][0-9]{1,2}", plain):
        raise NotMoney(N_("Please enter an amount such as 12.34 or 12,34."))
    whole, fraction = _parts(plain)
    if len(whole) > 12:
        raise NotMoney(N_("This amount is too large."))
    cents = int(whole or "0") * 100 + int(fraction.ljust(2, "0"))
    if cents > GREATEST_CENTS:
        raise NotMoney(N_("This amount is too large."))
    return cents


def amount_text(cents: int, *, language: str) -> str:
    """The amount as it stands in an input field: "1234,56" in German, "1234.56" in English."""
    return f"{cents // 100}{',' if language == 'de' else '.'}{cents % 100:02d}"


def _parts(plain: str) -> tuple[str, str]:
    decimal = re.fullmatch(r"(.*)([.,])(\d{1,2})", plain)
    whole, mark, fraction = (decimal[1], decimal[2], decimal[3]) if decimal else (plain, "", "")
    if whole == "" or whole.isdigit():
        return whole, fraction
    grouped = GROUPED.fullmatch(whole)
    if grouped is None or grouped[1] == mark:
        raise NotMoney(N_("Please enter an amount such as 12.34 or 12,34."))
    if not mark and grouped[1] in ".," and whole.count(grouped[1]) == 1:
        raise NotMoney(N_("This can mean two things. Please write 1234 or 1234.00 instead of 1.234."))
    return re.sub(r"\D", "", whole), fraction
