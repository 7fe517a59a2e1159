"""Which quantities of a bundle may be ordered, with the nearest ones for a quantity that may not."""

from dataclasses import dataclass, replace
from enum import StrEnum

from app.catalogue.rules.stock import MOST_TOLD, smallest_order

GREATEST_QUANTITY = 9_999
"""The most of one bundle that one order may hold, whatever the bundle itself allows."""
MOST_LINES = 100
"""The most different bundles in one cart, and so in one order."""


class QuantityFault(StrEnum):
    """Why a quantity may not be ordered."""

    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    OFF_STEP = "off_step"
    TOO_FEW_LEFT = "too_few_left"
    SOLD_OUT = "sold_out"


STOCK_FAULTS = frozenset({QuantityFault.TOO_FEW_LEFT, QuantityFault.SOLD_OUT})
"""The faults of the moment: the same quantity may be fine once there is more again."""


@dataclass(frozen=True, slots=True)
class QuantityRule:
    """The sizes in which a bundle is sold: multiples of the order step, from the minimum quantity on.

    `maximum_quantity` is the most of one order, `available_count` what the blocks allow now; None for no bound.
    Where `is_less_allowed`, full steps below the minimum quantity may be ordered too, with a surcharge.
    """

    minimum_quantity: int = 1
    order_step: int = 1
    maximum_quantity: int | None = None
    available_count: int | None = None
    is_less_allowed: bool = False


@dataclass(frozen=True, slots=True)
class QuantityProblem:
    """A fault with the valid quantities that are nearest below and above (None where there is none)."""

    fault: QuantityFault
    lower: int | None
    upper: int | None


def least_quantity(rule: QuantityRule) -> int:
    """The smallest quantity without a surcharge: the minimum quantity, rounded up to a full order step."""
    return smallest_order(rule.minimum_quantity, rule.order_step)


def lowest_quantity(rule: QuantityRule) -> int:
    """The smallest quantity that may be ordered at all: one order step where less than the minimum is allowed."""
    return rule.order_step if rule.is_less_allowed else least_quantity(rule)


def missing_count(quantity: int, rule: QuantityRule) -> int:
    """How many more reach the smallest quantity without a surcharge; 0 for one that is there."""
    return max(0, least_quantity(rule) - quantity)


def greatest_quantity(rule: QuantityRule) -> int:
    """The largest quantity of one order, in full order steps, whatever is available at the moment."""
    most = GREATEST_QUANTITY if rule.maximum_quantity is None else rule.maximum_quantity
    return min(most, GREATEST_QUANTITY) // rule.order_step * rule.order_step


def available_quantity(rule: QuantityRule) -> int:
    """The largest quantity that can be ordered now, in full order steps; below the least one where none can."""
    greatest = greatest_quantity(rule)
    if rule.available_count is None:
        return greatest
    return min(greatest, rule.available_count // rule.order_step * rule.order_step)


def check_quantity(quantity: int, rule: QuantityRule) -> QuantityProblem | None:
    """None for a quantity that can be ordered now, else the fault and the nearest valid quantities.

    What is never sold comes before what is not there: a sold-out bundle has no valid quantity at all. It is sold
    out as soon as its minimum quantity is not there, so that nobody pays a surcharge for what we lack.
    """
    least, greatest, available = least_quantity(rule), greatest_quantity(rule), available_quantity(rule)
    if greatest < least:
        return QuantityProblem(QuantityFault.TOO_LARGE, None, None)
    if available < least:
        return QuantityProblem(QuantityFault.SOLD_OUT, None, None)
    if quantity > greatest:
        return QuantityProblem(QuantityFault.TOO_LARGE, available, None)
    if quantity > available:
        return QuantityProblem(QuantityFault.TOO_FEW_LEFT, available, None)
    lowest = lowest_quantity(rule)
    if quantity < lowest:
        return QuantityProblem(QuantityFault.TOO_SMALL, None, lowest)
    rest = quantity % rule.order_step
    if rest:
        return QuantityProblem(
            QuantityFault.OFF_STEP, quantity - rest or None, quantity - rest + rule.order_step
        )
    return None


def is_plenty_short(problem: QuantityProblem, rule: QuantityRule) -> bool:
    """Whether so much is there that a company is not told how much, and yet less than it wanted."""
    if problem.lower is None or rule.available_count is None or rule.available_count <= MOST_TOLD:
        return False
    is_of_stock = problem.fault is QuantityFault.TOO_FEW_LEFT or problem.lower < greatest_quantity(rule)
    return problem.fault in (QuantityFault.TOO_FEW_LEFT, QuantityFault.TOO_LARGE) and is_of_stock


def told_problem(problem: QuantityProblem, rule: QuantityRule) -> QuantityProblem:
    """The problem as a company reads it: a quantity beside it that says no more of the stock than is told."""
    if not is_plenty_short(problem, rule):
        return problem
    most = max(least_quantity(rule), MOST_TOLD // rule.order_step * rule.order_step)
    return replace(problem, lower=most)


def nearest_quantity(quantity: int, rule: QuantityRule) -> int | None:
    """The quantity itself where it can be ordered now, else the nearest: rather more than less. None for none."""
    problem = check_quantity(quantity, rule)
    return quantity if problem is None else (problem.upper or problem.lower)
