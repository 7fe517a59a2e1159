"""The classic ABC analysis: from which revenue a customer is A or B when shares of the whole decide."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RevenueBounds:
    """The net revenues in twelve months from which a company is A, and from which it is B; in cents."""

    a_cents: int
    b_cents: int


def bounds_by_shares(revenues: Iterable[int], *, a_share_bp: int, b_share_bp: int) -> RevenueBounds | None:
    """The bounds that make A of those who bring the first share of all revenue, and B of the next.

    The customer who crosses a share still belongs to it, and so do all with the same revenue. Negative
    revenues count for nothing; None where there is no revenue at all.
    """
    falling = sorted((cents for cents in revenues if cents > 0), reverse=True)
    total = sum(falling)
    if not total:
        return None
    a_cents = _crossing(falling, total * a_share_bp)
    b_cents = _crossing(falling, total * (a_share_bp + b_share_bp))
    return RevenueBounds(a_cents, b_cents)


def _crossing(falling: list[int], wanted: int) -> int:
    run = 0
    for cents in falling:
        run += cents
        if run * 10_000 >= wanted:
            return cents
    return falling[-1]
