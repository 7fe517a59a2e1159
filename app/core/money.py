"""Amounts in whole cents, rates in basis points, and the one rounding rule."""

BP = 10_000


def share_bp(amount_cents: int, rate_bp: int) -> int:
    """`rate_bp` basis points of an amount in cents, rounded half up (away from zero for credits)."""
    return divide_half_up(amount_cents * rate_bp, BP)


def divide_half_up(numerator: int, denominator: int) -> int:
    """The quotient rounded to the nearest whole number, halves away from zero."""
    if denominator <= 0:
        raise ValueError("the denominator must be positive")
    magnitude = (2 * abs(numerator) + denominator) // (2 * denominator)
    return magnitude if numerator >= 0 else -magnitude


def split(amount_cents: int, weights: list[int]) -> list[int]:
    """An amount in proportion to weights, in whole cents that always sum up to it.

    The cents that rounding leaves over go to the largest weight (the first of equals). With no weight
    at all the first part gets everything; at least one part is needed.
    """
    if not weights or min(weights) < 0:
        raise ValueError("weights must be given and not negative")
    total = sum(weights)
    if total == 0:
        return [amount_cents] + [0] * (len(weights) - 1)
    parts = [divide_half_up(amount_cents * weight, total) for weight in weights]
    parts[weights.index(max(weights))] += amount_cents - sum(parts)
    return parts
