"""How a file writes its numbers and dates, where it can be read in two ways."""

from enum import StrEnum


class NumberStyle(StrEnum):
    """`plain`: 1.234 is refused, since it can mean two things. `german`: 1.234,56. `english`: 1,234.56."""

    PLAIN = "plain"
    GERMAN = "german"
    ENGLISH = "english"


class DateStyle(StrEnum):
    """`plain`: 03/04/2026 is refused, since it can mean two days. Else it is day first, or month first."""

    PLAIN = "plain"
    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


def plain_number(text: str, style: NumberStyle) -> str | None:
    """A number such as 1.234 or 1,234 with a decimal point, as its style reads it; None where none is chosen."""
    if style is NumberStyle.PLAIN:
        return None
    thousands, decimal = (".", ",") if style is NumberStyle.GERMAN else (",", ".")
    return text.replace(thousands, "").replace(decimal, ".")
