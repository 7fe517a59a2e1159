"""The growth prospect of a company with low revenue: what counts as growth, and the plain rule without a model."""

from dataclasses import dataclass
from enum import StrEnum

GROWTH_FACTOR = 1.5
"""How many times its own year a company must buy to have grown without reaching the bound."""

LEAST_SHARE = 0.5
"""The share of the bound below which no such multiple counts."""

DAYS_IN_MONTH = 365 / 12
SLEEPING_DAYS = 183
LARGE_HEADCOUNT = 50


class Method(StrEnum):
    """Where a prospect comes from: the trained model, the plain rule, or nothing to go by."""

    MODEL = "model"
    RULE = "rule"
    NONE = "none"


class Judgement(StrEnum):
    """What the main brand's sales staff think of a company's growth."""

    HIGH = "high"
    EVEN = "even"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Buying:
    """What a company bought in the twelve months before a day, without returns where the name has no `net`.

    `order_count` is days with a purchase, `tenure_days` the age of the first of them, `recency_days` of the
    last. All is zero for a company that bought nothing in that time.
    """

    net_cents: int = 0
    gross_cents: int = 0
    order_count: int = 0
    recency_days: int = 0
    tenure_days: int = 0


@dataclass(frozen=True, slots=True)
class Prospect:
    """A probability from 0 to 1 with the bounds between which it lies in nine of ten cases."""

    value: float
    low: float
    high: float
    method: Method


def growth_target_cents(net_cents: int, bound_cents: int) -> int:
    """What a company must buy within the next twelve months to have grown.

    It has grown when it reaches the bound, or when it buys at least 1.5 times its own last year and at
    least half of the bound (the definition of the evaluation data).
    """
    own = max(round(GROWTH_FACTOR * net_cents), round(LEAST_SHARE * bound_cents))
    return max(1, min(bound_cents, own))


def plain_prospect(
    buying: Buying, *, bound_cents: int, listed_cents: int | None, headcount: int | None
) -> Prospect:
    """The plain rule where history is too short for a model.

    2 % plus 12 % times the share of the bound that the present pace makes, which counts up to twice the bound.
    The pace is the purchases' value per month since the first one (two months at least) times twelve; half of
    it after half a year without a purchase. Without purchases the list's revenue is the pace. From 50 employees on, the
    result is half as much again. The number may be off by half of itself, and by 5 points at least.
    """
    if buying.order_count:
        months = max(2.0, buying.tenure_days / DAYS_IN_MONTH)
        pace_cents = buying.gross_cents / months * 12
        if buying.recency_days > SLEEPING_DAYS:
            pace_cents /= 2
    else:
        pace_cents = float(max(listed_cents or 0, 0))
    value = 0.02 + 0.12 * min(pace_cents / max(bound_cents, 1), 2.0)
    if headcount is not None and headcount >= LARGE_HEADCOUNT:
        value *= 1.5
    width = max(0.05, value / 2)
    return Prospect(value, max(0.0, value - width), min(1.0, value + width), Method.RULE)


def judged(prospect: Prospect, judgement: Judgement | None, *, factor_percent: int) -> Prospect:
    """The prospect after sales' own judgement: its odds times the factor for high, divided by it for low.

    A judgement of today cannot be learned from the past (it was made knowing what came), so it is a factor
    of the policy; 200 doubles the odds.
    """
    if judgement in (None, Judgement.EVEN):
        return prospect
    factor = factor_percent / 100 if judgement is Judgement.HIGH else 100 / factor_percent

    def moved(value: float) -> float:
        return value * factor / (1 + value * (factor - 1))

    return Prospect(moved(prospect.value), moved(prospect.low), moved(prospect.high), prospect.method)
