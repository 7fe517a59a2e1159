"""Quantities as people type them, in thousandths of a unit, or refused where they could mean two things."""

import re

from app.core.errors import N_

QUANTITY = re.compile(r"([0-9]{1,9})(?:[.,]([0-9]{1,3}|[0-9]{3}0))?")


class NotAQuantity(ValueError):
    """The text is no quantity; the message is a marked sentence with the fix."""


def parse_milli(text: str) -> int:
    """Thousandths from "12", "2.5" or "2,5"; a lone mark before three digits could be a thousand and is refused.

    Raises NotAQuantity for that and for whatever is not a number from 0 on with at most three decimals.
    """
    found = QUANTITY.fullmatch(text.strip())
    if found is None:
        raise NotAQuantity(N_("Please enter a quantity such as 12 or 2.5."))
    whole, decimals = found[1], found[2] or ""
    if len(decimals) == 3 and not whole.startswith("0"):
        raise NotAQuantity(N_("This can mean two things. Please write 1234, or 1.2340 for a part of one."))
    return int(whole) * 1000 + int(decimals[:3].ljust(3, "0"))


def milli_text(quantity_milli: int, *, language: str) -> str:
    """The quantity as it stands in an input field: "2,5" in German, "2.5" in English, "1.2340" where needed."""
    whole, rest = divmod(quantity_milli, 1000)
    decimals = f"{rest:03d}".rstrip("0")
    if len(decimals) == 3 and whole:
        decimals += "0"
    return f"{whole}{(',' if language == 'de' else '.') + decimals if decimals else ''}"
