"""How far a customer's orders are from their rational size, and whether the distance shrinks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from app.core.money import BP, divide_half_up
from app.ordering.rules.coach import Good, PastOrder
from app.ordering.rules.coach_advice import Advice, Silence

HALF_YEAR_DAYS = 182


@dataclass(frozen=True, slots=True)
class OrderSizes:
    """Net cents of goods of an order on average: in twelve months, in the last six, and in the six before.

    `rational_cents` is the size that the coach found (that of the orders themselves where they are rational), with
    its rhythm and what it saves a year; None where the coach foretells nothing. Halves without an order are None.
    """

    order_count: int
    size_cents: int
    recent_cents: int | None
    earlier_cents: int | None
    rational_cents: int | None
    every_days: int | None
    saving_cents: int

    @property
    def distance_bp(self) -> int | None:
        """By which share of the rational size the last six months stay below it (all twelve if they are empty)."""
        return self._below(self.size_cents if self.recent_cents is None else self.recent_cents)

    @property
    def earlier_distance_bp(self) -> int | None:
        """The same of the six months before; None where nothing was ordered then."""
        return None if self.earlier_cents is None else self._below(self.earlier_cents)

    @property
    def change_bp(self) -> int | None:
        """By how much the distance has grown; below zero where it shrinks, None where there is nothing to compare."""
        now, before = self.distance_bp, self.earlier_distance_bp
        return None if now is None or before is None or self.recent_cents is None else now - before

    def _below(self, cents: int) -> int | None:
        if not self.rational_cents:
            return None
        return divide_half_up(max(0, self.rational_cents - cents) * BP, self.rational_cents)


def order_sizes(
    orders: Sequence[PastOrder], goods: Mapping[int, Good], advice: Advice, *, today: date
) -> OrderSizes:
    """The sizes of a customer's orders of the last year (at least one) beside the coach's word on them."""
    half_on = today - timedelta(days=HALF_YEAR_DAYS)
    worth = [
        (order.on, sum(count * goods[one].unit_price_cents for one, count in order.quantities.items()))
        for order in orders
    ]
    size_cents = _mean([cents for _, cents in worth]) or 0
    rational: int | None = None
    if advice.silence is None and advice.rhythm is not None:
        rational = max(size_cents, advice.rhythm.size_after_cents)
    elif advice.silence is Silence.RATIONAL:
        rational = size_cents
    return OrderSizes(
        order_count=len(orders),
        size_cents=size_cents,
        recent_cents=_mean([cents for on, cents in worth if on > half_on]),
        earlier_cents=_mean([cents for on, cents in worth if on <= half_on]),
        rational_cents=rational,
        every_days=advice.rhythm.every_days if advice.rhythm and advice.silence is None else None,
        saving_cents=advice.rhythm.saving_cents if advice.rhythm and advice.silence is None else 0,
    )


def _mean(cents: Sequence[int]) -> int | None:
    return divide_half_up(sum(cents), len(cents)) if cents else None
