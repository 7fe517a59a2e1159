"""Quantities as people type them, in thousandths of a unit, or refused where they could mean two things."""

import re
from collections.abc import Mapping

from app.core.errors import N_, FieldError

LINE_ID = re.compile(r"[1-9][0-9]{0,8}")
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


def line_quantities(values: Mapping[str, str]) -> tuple[dict[int, int], list[FieldError]]:
    """The quantities by line id from the fields `line_ID`, and what is no whole number.

    Lines that are left empty or at 0 are not meant; names that no line can have are passed over.
    """
    found: dict[int, int] = {}
    faults = []
    for name, text in values.items():
        line_id, text = name.removeprefix("line_"), text.strip()
        if line_id == name or not LINE_ID.fullmatch(line_id):
            continue
        if text.isascii() and text.isdigit() and len(text) < 10:
            found |= {int(line_id): int(text)} if int(text) else {}
        elif text:
            faults.append(FieldError(name, N_("Please enter a whole number.")))
    return found, faults
