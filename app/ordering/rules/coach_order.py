"""The rational order for now: how many of each bundle, and from which day on."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from math import ceil

from app.core.money import BP, divide_half_up
from app.ordering.rules.coach import (
    WEEK_DAYS,
    YEAR_DAYS,
    Good,
    PastOrder,
    Quantities,
    Terms,
    observed_days,
    regular_bundles,
)
from app.ordering.rules.pricing import ChargeKind
from app.ordering.rules.quantities import QuantityRule, available_quantity, least_quantity
from app.ordering.rules.rhythm import RhythmChoice


@dataclass(frozen=True, slots=True)
class _Need:
    """Pieces a day, and for how many days those of the last order should still last."""

    a_day: Fraction
    left_days: int


def rational_quantities(
    cart: Quantities,
    orders: Sequence[PastOrder],
    goods: Mapping[int, Good],
    terms: Terms,
    *,
    every_days: int,
    today: date,
) -> Quantities:
    """What the rational order changes in a cart: all that is needed regularly until the next order, never less.

    Sizes are whole steps from the minimum on, within the most of one order and the stock; nothing that is not in
    the cart is added where its smallest size is more than the longest need of one order. Where the order still
    stays below the minimum order value it covers more weeks, up to that longest need, if that is cheaper.
    """
    needs = _needs(orders, goods, today)

    def covering(days: int) -> dict[int, int]:
        return _covering(cart, goods, terms, needs=needs, cover=days)

    chosen = base = covering(every_days)
    charges = charges_by_kind(base, terms)
    least_cents = charges.total()
    for days in range(every_days + WEEK_DAYS, terms.longest_days + 1, WEEK_DAYS):
        if not charges[ChargeKind.LOW_QUANTITY]:
            break
        wanted = covering(days)
        charges = charges_by_kind(wanted, terms)
        more_cents = sum(
            (count - base.get(one, 0)) * goods[one].unit_price_cents for one, count in wanted.items()
        )
        # What is bought beyond the rhythm's need waits for the next order at most.
        cost_cents = charges.total() + divide_half_up(more_cents * terms.holding_bp * days, BP * YEAR_DAYS)
        if cost_cents < least_cents:
            chosen, least_cents = wanted, cost_cents
    return {one: count for one, count in chosen.items() if cart.get(one) != count}


def covering_quantity(least: int, rule: QuantityRule) -> int | None:
    """The smallest size that covers a need, else the largest that can be ordered now; None for none at all."""
    smallest, greatest = least_quantity(rule), available_quantity(rule)
    if greatest < smallest:
        return None
    return min(max(smallest, -(-least // rule.order_step) * rule.order_step), greatest)


def lasts_days(
    cart: Quantities, orders: Sequence[PastOrder], goods: Mapping[int, Good], *, today: date
) -> int:
    """For how many days the first of the regular bundles in a cart will be enough; a year where none is regular."""
    needs = _needs(orders, goods, today)
    return min((int(cart[one] / need.a_day) for one, need in needs.items() if one in cart), default=YEAR_DAYS)


def _needs(orders: Sequence[PastOrder], goods: Mapping[int, Good], today: date) -> dict[int, _Need]:
    """What is needed of each regular bundle: as in all the time seen, or in its later half where that was less."""
    found = {}
    span = observed_days(orders, today)
    half_days = max(1, span // 2)
    half_on = today - timedelta(days=half_days)
    for bundle_id in sorted(regular_bundles(orders, goods)):
        counts = [
            (order.on, order.quantities[bundle_id]) for order in orders if bundle_id in order.quantities
        ]
        whole = sum(count for _, count in counts)
        later = sum(count for on, count in counts if on >= half_on)
        a_day = min(Fraction(whole, span), Fraction(later, half_days))
        if a_day:
            last_on, last = counts[-1]
            left = int(last * span / whole) - (today - last_on).days
            found[bundle_id] = _Need(a_day, max(0, left))
    return found


def _covering(
    cart: Quantities,
    goods: Mapping[int, Good],
    terms: Terms,
    *,
    needs: Mapping[int, _Need],
    cover: int,
) -> dict[int, int]:
    """The cart with what is needed regularly for so many days from today."""
    wanted = dict(cart)
    for bundle_id, need in needs.items():
        rule = goods[bundle_id].rule
        days = cover if bundle_id in cart else cover - need.left_days
        if rule is None or days <= 0:
            continue
        if bundle_id not in cart and least_quantity(rule) > ceil(need.a_day * terms.longest_days):
            continue
        size = covering_quantity(ceil(need.a_day * days), rule)
        if size is not None:
            wanted[bundle_id] = max(size, cart.get(bundle_id, 0))
    return wanted


def charges_by_kind(quantities: Quantities, terms: Terms) -> Counter[ChargeKind]:
    """The charges of an order of these quantities at its normal time."""
    charges: Counter[ChargeKind] = Counter()
    for one in terms.charges_of(quantities, RhythmChoice.NORMAL):
        charges[one.kind] += one.net_cents
    return charges
