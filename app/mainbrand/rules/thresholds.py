"""The bounds by which a company of the list gets its segment, until its purchases are rated."""

from dataclasses import dataclass

from app.mainbrand.rules.shares import RevenueBounds


@dataclass(frozen=True)
class Thresholds:
    """Revenue bounds, the revenue that counts as growth (cents), the prospect from which growth is likely (0 to 1),
    and by which factor sales' judgement changes the odds (percent).
    """

    bounds: RevenueBounds
    growth_cents: int
    prospect_bound: float
    judgement_factor_percent: int
