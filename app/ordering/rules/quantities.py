"""Which quantities of a bundle may be ordered, with the nearest ones for a quantity that may not."""

from dataclasses import dataclass
from enum import StrEnum

GREATEST_QUANTITY = 9_999
"""The most of one bundle that one order may hold."""


class QuantityFault(StrEnum):
    """Why a quantity may not be ordered."""

    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    OFF_STEP = "off_step"


@dataclass(frozen=True, slots=True)
class QuantityRule:
    """The sizes in which a bundle is sold: multiples of the order step, from the minimum quantity on."""

    minimum_quantity: int = 1
    order_step: int = 1


@dataclass(frozen=True, slots=True)
class QuantityProblem:
    """A fault with the valid quantities that are nearest below and above (None where there is none)."""

    fault: QuantityFault
    lower: int | None
    upper: int | None


def least_quantity(rule: QuantityRule) -> int:
    """The smallest valid quantity: the minimum quantity, rounded up to a full order step."""
    return -(-rule.minimum_quantity // rule.order_step) * rule.order_step


def greatest_quantity(rule: QuantityRule) -> int:
    """The largest valid quantity, in full order steps."""
    return GREATEST_QUANTITY // rule.order_step * rule.order_step


def check_quantity(quantity: int, rule: QuantityRule) -> QuantityProblem | None:
    """None for a valid quantity, else the fault and the nearest valid quantities."""
    least, greatest = least_quantity(rule), greatest_quantity(rule)
    if quantity > greatest:
        return QuantityProblem(QuantityFault.TOO_LARGE, greatest if greatest >= least else None, None)
    if quantity < least:
        return QuantityProblem(QuantityFault.TOO_SMALL, None, least)
    rest = quantity % rule.order_step
    if rest:
        return QuantityProblem(
            QuantityFault.OFF_STEP, quantity - rest or None, quantity - rest + rule.order_step
        )
    return None


def offered_quantities(rule: QuantityRule, *, count: int = 10) -> list[int]:
    """The first valid quantities in rising order, at most `count`."""
    least, greatest = least_quantity(rule), greatest_quantity(rule)
    return list(range(least, greatest + 1, rule.order_step))[:count]
