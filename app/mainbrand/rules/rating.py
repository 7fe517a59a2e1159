"""Sorting a main account into a segment by what it bought in twelve months."""

from dataclasses import dataclass
from datetime import datetime

from app.core.errors import N_
from app.mainbrand.rules.segments import Segment

LISTED = N_("as in the main brand's list")
REACHES_A = N_("revenue %(revenue)s in 12 months, reaches the A threshold of %(threshold)s")
REACHES_B = N_("revenue %(revenue)s in 12 months, reaches the B threshold of %(threshold)s")
BELOW_B = N_("revenue %(revenue)s in 12 months, below the B threshold of %(threshold)s; growth not yet rated")


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
    segment, sentence, threshold_cents = Segment.C, BELOW_B, b_threshold_cents
    if revenue_cents >= a_threshold_cents:
        segment, sentence, threshold_cents = Segment.A, REACHES_A, a_threshold_cents
    elif revenue_cents >= b_threshold_cents:
        segment, sentence = Segment.B, REACHES_B
    amounts = {"revenue": format_cents(revenue_cents), "threshold": format_cents(threshold_cents)}
    return Rating(segment, sentence % amounts)


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
