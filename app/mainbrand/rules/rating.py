"""Sorting a main account into a segment by what it bought in twelve months."""

from dataclasses import dataclass
from datetime import datetime

from app.mainbrand.rules.segments import Segment


@dataclass(frozen=True, slots=True)
class Rating:
    """A segment with the sentence that says why."""

    segment: Segment
    reason: str


def rating_by_revenue(revenue_cents: int, *, a_threshold_cents: int, b_threshold_cents: int) -> Rating:
    """The segment of a net revenue in twelve months by absolute thresholds (domain.md section 1).

    Reaching a threshold is enough. C is provisional: low revenue alone makes no C-customer for good, and
    the sentence says that growth is not rated yet.
    """
    amount = f"revenue {format_cents(revenue_cents)} in 12 months"
    if revenue_cents >= a_threshold_cents:
        return Rating(Segment.A, f"{amount}, reaches the A threshold of {format_cents(a_threshold_cents)}")
    if revenue_cents >= b_threshold_cents:
        return Rating(Segment.B, f"{amount}, reaches the B threshold of {format_cents(b_threshold_cents)}")
    below = f"below the B threshold of {format_cents(b_threshold_cents)}"
    return Rating(Segment.C, f"{amount}, {below}; growth not yet rated")


def twelve_months_before(end: datetime) -> datetime:
    """The same moment a year earlier; 29 February becomes 28 February."""
    try:
        return end.replace(year=end.year - 1)
    except ValueError:
        return end.replace(year=end.year - 1, day=28)


def format_cents(cents: int) -> str:
    """Cents as `1,234.56`: the notation of the English source texts."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"
