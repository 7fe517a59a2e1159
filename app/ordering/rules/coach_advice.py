"""What the coach says to a company: the rhythm that saves it most, and the order to place now for it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.core.money import BP, divide_half_up
from app.ordering.rules.coach import (
    WEEK_DAYS,
    YEAR_DAYS,
    Compared,
    Good,
    PastOrder,
    Quantities,
    Terms,
    best_rhythm,
    first_free_day,
    observed_days,
    regular_bundles,
)
from app.ordering.rules.pricing import ChargeKind
from app.ordering.rules.quantities import QuantityRule, available_quantity, least_quantity
from app.ordering.rules.rhythm import RhythmChoice

LEAST_DAYS = 3
"""On so many different days a company must have ordered before it is told anything."""

LEAST_SPAN_DAYS = 56
"""Between the first and the last of its orders there must be so many days."""

PAUSED_AFTER = 3
"""After so many of its mean intervals without an order nothing is foretold from its past."""


class Silence(StrEnum):
    """Why the coach proposes nothing."""

    FEW_ORDERS = "few_orders"
    SHORT_TIME = "short_time"
    PAUSED = "paused"
    CHANGING = "changing"
    RATIONAL = "rational"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """The rhythm that costs a company least, in figures of a year, beside what it did.

    `saved` are the charges less by kind (below zero: more), `holding_cents` what holding the goods costs more; their
    difference is the whole saving. Sizes are net cents of goods an order.
    """

    bought_every_days: int
    every_days: int
    saved: Mapping[ChargeKind, int]
    holding_cents: int
    order_count_before: int
    order_count_after: int
    size_before_cents: int
    size_after_cents: int

    @property
    def every_weeks(self) -> int:
        return self.every_days // WEEK_DAYS

    @property
    def saving_cents(self) -> int:
        return sum(self.saved.values()) - self.holding_cents


@dataclass(frozen=True, slots=True)
class Advice:
    """Either a reason for silence or a rhythm. `bought_every_days` is known from two orders on, else None."""

    silence: Silence | None = None
    rhythm: Rhythm | None = None
    bought_every_days: int | None = None


@dataclass(frozen=True, slots=True)
class RationalOrder:
    """The order for now: how many of each bundle the cart should hold, and the first day without the interim fee.

    `quantities` holds only what differs from the cart.
    """

    quantities: Quantities
    best_on: date


def advise(
    orders: Sequence[PastOrder],
    goods: Mapping[int, Good],
    terms: Terms,
    *,
    today: date,
    least_saving_cents: int,
) -> Advice:
    """The rhythm in whole weeks that would have cost least in the past year, or why there is none to speak of.

    `orders` are those of up to a year, oldest first, none after today; every bundle in them stands in `goods`. A
    saving counts what the shop would really have charged less for the same goods, less the cost of holding them, scaled
    to a year and rounded down. The most of one order is heeded, the stock is not (see `rational_order`).
    """
    days = sorted({order.on for order in orders})
    if len(days) < 2:
        return Advice(Silence.FEW_ORDERS)
    every = divide_half_up((days[-1] - days[0]).days, len(days) - 1)
    if len(days) < LEAST_DAYS:
        return Advice(Silence.FEW_ORDERS, bought_every_days=every)
    if (days[-1] - days[0]).days < LEAST_SPAN_DAYS:
        return Advice(Silence.SHORT_TIME, bought_every_days=every)
    if (today - days[-1]).days > PAUSED_AFTER * max(every, terms.window_days):
        return Advice(Silence.PAUSED, bought_every_days=every)
    regular = regular_bundles(orders, goods)
    if not regular:
        return Advice(Silence.CHANGING, bought_every_days=every)
    span = observed_days(orders, today)
    best = best_rhythm(orders, goods, terms, regular=regular, span_days=span)
    if best is None:
        return Advice(Silence.RATIONAL, bought_every_days=every)
    rhythm = _rhythm(best, terms, bought_every=every)
    if rhythm.saving_cents < max(1, least_saving_cents):
        return Advice(Silence.RATIONAL, bought_every_days=every)
    return Advice(rhythm=rhythm, bought_every_days=every)


def rational_order(
    cart: Quantities,
    orders: Sequence[PastOrder],
    goods: Mapping[int, Good],
    terms: Terms,
    *,
    every_days: int,
    today: date,
) -> RationalOrder:
    """The order that begins the rhythm: all that is needed regularly until the next order, never less than the cart.

    Sizes are whole steps from the minimum on, within the most of one order and the stock; nothing that is not in
    the cart is added where its smallest size is more than the longest need of one order. Where the order still
    stays below the minimum order value it covers more weeks, up to that longest need, if that is cheaper.
    """
    regular = regular_bundles(orders, goods)
    span = observed_days(orders, today)

    def covering(days: int) -> dict[int, int]:
        return _covering(cart, orders, goods, terms, regular=regular, span_days=span, cover=days, today=today)

    chosen = base = covering(every_days)
    charges = _charges(base, terms)
    least_cents = charges.total()
    for days in range(every_days + WEEK_DAYS, terms.longest_days + 1, WEEK_DAYS):
        if not charges[ChargeKind.LOW_QUANTITY]:
            break
        wanted = covering(days)
        charges = _charges(wanted, terms)
        more_cents = sum(
            (count - base.get(one, 0)) * goods[one].unit_price_cents for one, count in wanted.items()
        )
        # What is bought beyond the rhythm's need waits for the next order at most.
        cost_cents = charges.total() + divide_half_up(more_cents * terms.holding_bp * days, BP * YEAR_DAYS)
        if cost_cents < least_cents:
            chosen, least_cents = wanted, cost_cents
    changed = {one: count for one, count in chosen.items() if cart.get(one) != count}
    return RationalOrder(changed, first_free_day(orders, terms, today=today))


def covering_quantity(least: int, rule: QuantityRule) -> int | None:
    """The smallest size that covers a need, else the largest that can be ordered now; None for none at all."""
    smallest, greatest = least_quantity(rule), available_quantity(rule)
    if greatest < smallest:
        return None
    return min(max(smallest, -(-least // rule.order_step) * rule.order_step), greatest)


def _rhythm(found: Compared, terms: Terms, *, bought_every: int) -> Rhythm:
    before, after, days = found.before, found.after, found.after.days

    def yearly(count: int) -> int:
        return divide_half_up(count * YEAR_DAYS, days)

    # Orders come when something is wanted: on average a little later than the rhythm asks for at least.
    weeks = divide_half_up(days, after.full_count * WEEK_DAYS)
    saved = {
        # Rounded down, so that no cent is promised that was not there.
        kind: (before.charges[kind] - after.charges[kind]) * YEAR_DAYS // days
        for kind in ChargeKind
        if before.charges[kind] != after.charges[kind]
    }
    return Rhythm(
        bought_every_days=bought_every,
        every_days=max(found.every_days, min(weeks, terms.longest_days // WEEK_DAYS) * WEEK_DAYS),
        saved=saved,
        holding_cents=-(-after.holding_cents(terms.holding_bp) * YEAR_DAYS // days),
        order_count_before=yearly(before.order_count),
        order_count_after=yearly(after.order_count),
        size_before_cents=before.goods_cents // max(1, before.order_count),
        size_after_cents=after.goods_cents // max(1, after.order_count),
    )


def _covering(
    cart: Quantities,
    orders: Sequence[PastOrder],
    goods: Mapping[int, Good],
    terms: Terms,
    *,
    regular: frozenset[int],
    span_days: int,
    cover: int,
    today: date,
) -> dict[int, int]:
    """The cart with what is needed regularly for so many days from today."""
    wanted = dict(cart)
    for bundle_id in sorted(regular):
        rule = goods[bundle_id].rule
        total = sum(order.quantities.get(bundle_id, 0) for order in orders)
        days = cover if bundle_id in cart else cover - _days_left(orders, bundle_id, total, span_days, today)
        if rule is None or days <= 0:
            continue
        longest = -(-total * terms.longest_days // span_days)
        if bundle_id not in cart and least_quantity(rule) > longest:
            continue
        size = covering_quantity(-(-total * days // span_days), rule)
        if size is not None:
            wanted[bundle_id] = max(size, cart.get(bundle_id, 0))
    return wanted


def _charges(quantities: Quantities, terms: Terms) -> Counter[ChargeKind]:
    charges: Counter[ChargeKind] = Counter()
    for one in terms.charges_of(quantities, RhythmChoice.NORMAL):
        charges[one.kind] += one.net_cents
    return charges


def _days_left(orders: Sequence[PastOrder], bundle_id: int, total: int, span_days: int, today: date) -> int:
    """For how many days the last order of a bundle should still last; 0 where it is due."""
    last = next(order for order in reversed(orders) if bundle_id in order.quantities)
    lasts = last.quantities[bundle_id] * span_days // total
    return max(0, lasts - (today - last.on).days)
