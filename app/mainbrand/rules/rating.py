"""Sorting a main account into a segment by its revenue of twelve months and its prospect of growth."""

from dataclasses import dataclass
from datetime import datetime

from app.core.errors import N_
from app.mainbrand.rules.prospect import Prospect
from app.mainbrand.rules.segments import Segment
from app.mainbrand.rules.shares import RevenueBounds

LISTED = N_("as in the main brand's list")
UNCOUNTED = N_("bought in another currency than the euro, which cannot be counted")
REACHES_A = N_("revenue %(revenue)s in 12 months, reaches the A threshold of %(threshold)s")
REACHES_B = N_("revenue %(revenue)s in 12 months, reaches the B threshold of %(threshold)s")
WILL_GROW = N_(
    "revenue %(revenue)s in 12 months is below the B threshold of %(threshold)s, but the prospect of growth is "
    "%(prospect)s ± %(margin)s"
)
WILL_STAY = N_(
    "revenue %(revenue)s in 12 months is below the B threshold of %(threshold)s, and the prospect of growth is only "
    "%(prospect)s ± %(margin)s"
)


@dataclass(frozen=True, slots=True)
class Rating:
    """A segment with the sentence that says why."""

    segment: Segment
    reason: str


def rate(revenue_cents: int, *, bounds: RevenueBounds, prospect: Prospect, prospect_bound: float) -> Rating:
    """The segment of a company by both axes (domain.md section 1); reaching a bound is enough.

    A and B by revenue; below the B bound a prospect from its bound on makes B, and only low revenue together
    with a low prospect makes C.
    """
    amounts = {"revenue": format_cents(revenue_cents), "threshold": format_cents(bounds.b_cents)}
    if revenue_cents >= bounds.a_cents:
        return Rating(Segment.A, REACHES_A % {**amounts, "threshold": format_cents(bounds.a_cents)})
    if revenue_cents >= bounds.b_cents:
        return Rating(Segment.B, REACHES_B % amounts)
    is_growing = to_bp(prospect.value) >= to_bp(prospect_bound)
    said = {"prospect": f"{prospect.value:.2f}", "margin": f"{(prospect.high - prospect.low) / 2:.2f}"}
    return Rating(
        Segment.B if is_growing else Segment.C, (WILL_GROW if is_growing else WILL_STAY) % {**amounts, **said}
    )


def to_bp(share: float) -> int:
    """A share from 0 to 1 in basis points, half up: what is stored is what is compared."""
    return int(share * 10_000 + 0.5)


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
