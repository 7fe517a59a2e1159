"""Builders for the coach: a shop's charges by default rules, and orders on days."""

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction

from app.ordering.rules.coach import Good, PastOrder, Terms
from app.ordering.rules.coach_terms import coach_terms
from app.ordering.rules.quantities import QuantityRule
from app.policy.rules.policy import Policy

START = date(2026, 1, 1)
TODAY = date(2026, 12, 31)


def terms_of(policy: Policy, goods: Mapping[int, Good], *, open_days: int = 0) -> Terms:
    """The charges that default rules decide; a parcel takes further orders for so many days."""
    return coach_terms(policy, goods, closes_on=lambda on: on + timedelta(days=open_days))


def good(
    cents: int, minimum: int = 1, step: int = 1, most: int | None = None, left: int | None = None
) -> Good:
    """A bundle on sale at a net price and in these sizes."""
    return Good(cents, QuantityRule(minimum, step, most, left))


def ordered(day: int, **quantities: int) -> PastOrder:
    """An order `day` days after the start, as `b1=3` for three of bundle 1."""
    return PastOrder(
        START + timedelta(days=day), {int(name[1:]): count for name, count in quantities.items()}
    )


def every(days: int, *, until: int = 364, **quantities: int) -> list[PastOrder]:
    """The same order every so many days."""
    return [ordered(day, **quantities) for day in range(0, until + 1, days)]


def counted_day_by_day(
    orders: list[PastOrder], goods: Mapping[int, Good], every_days: int, policy: Policy, *, span_days: int
) -> tuple[int, int, Fraction, int]:
    """Days, charges, holding cost and number of orders by walking through the days with a shelf.

    What is not on the shelf is ordered, with all that comes before the next order. A cycle that is not over at the end
    of the span is left out.
    """
    wants: dict[tuple[int, int], int] = {}
    for order in orders:
        day = (order.on - orders[0].on).days
        for one, count in order.quantities.items():
            wants[day, one] = wants.get((day, one), 0) + count
    shelf = dict.fromkeys(goods, 0)
    paid: dict[int, int] = {}
    held = [Fraction(0)] * span_days
    for day in range(span_days):
        today = {one: wants.get((day, one), 0) for one in goods}
        if any(today[one] > shelf[one] for one in goods):
            until = min((one for one, _ in wants if one >= day + every_days), default=10**6)
            bought = {
                one: sum(n for (d, o), n in wants.items() if o == one and day <= d < until) for one in goods
            }
            worth = sum(n * goods[one].unit_price_cents for one, n in bought.items())
            paid[day] = policy.low_quantity_surcharge_cents if worth < policy.minimum_order_value_cents else 0
            shelf = {one: shelf[one] + bought[one] for one in goods}
        shelf = {one: shelf[one] - today[one] for one in goods}
        # What is on the shelf in the evening is held for a day.
        worth = sum(n * goods[one].unit_price_cents for one, n in shelf.items())
        held[day] = Fraction(worth * policy.coach_holding_bp, 10_000 * 365)
    last = max(paid)
    days = span_days if span_days - last >= every_days or last == 0 else last
    whole = [cents for day, cents in paid.items() if day < days]
    return days, sum(whole), sum(held[:days], Fraction(0)), len(whole)
