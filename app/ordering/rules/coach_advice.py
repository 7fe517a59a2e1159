"""What the coach says to a company: the rhythm that saves it most, and the order to place now for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.core.money import divide_half_up
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
from app.ordering.rules.coach_order import charges_by_kind, lasts_days, rational_quantities
from app.ordering.rules.coach_proof import proven_saving
from app.ordering.rules.pricing import ChargeKind

LEAST_DAYS = 4
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
    """Either a reason for silence or a rhythm that saves something; a company that is rational has one to keep to.

    `bought_every_days` is known from two orders on, else None.
    """

    silence: Silence | None = None
    rhythm: Rhythm | None = None
    bought_every_days: int | None = None


@dataclass(frozen=True, slots=True)
class RationalOrder:
    """The order for now: how many of each bundle the cart should hold, and the first day without interim-order fee.

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
    to a year and rounded down. Nothing is advised that did not stand its trial (see `proven_saving`). The most of one
    order is heeded, the stock is not (see `proposed_order`).
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
    rhythm = _rhythm(best, terms, bought_every=every, span_days=span)
    proven_cents = proven_saving(
        orders, goods, terms, every_days=rhythm.every_days, learn_days=LEAST_DAYS - 1, today=today
    )
    if proven_cents < 0:
        return Advice(Silence.CHANGING, bought_every_days=every)
    # A company that has changed already saved nothing more in the later half: it keeps to what it does.
    if not proven_cents or rhythm.saving_cents < max(1, least_saving_cents):
        return Advice(Silence.RATIONAL, rhythm, bought_every_days=every)
    return Advice(rhythm=rhythm, bought_every_days=every)


def proposed_order(
    cart: Quantities,
    orders: Sequence[PastOrder],
    goods: Mapping[int, Good],
    terms: Terms,
    *,
    advice: Advice,
    today: date,
) -> RationalOrder:
    """What a cart is advised to become: the rational order, or only its day.

    A company whose orders are rational as they are is advised only where this one falls behind them: it carries
    a charge that the rational order does not, or what is bought regularly will not last until the window's end.
    """
    best_on = first_free_day(orders, terms, today=today)
    if advice.rhythm is None:
        return RationalOrder({}, best_on)
    quantities = rational_quantities(
        cart, orders, goods, terms, every_days=advice.rhythm.every_days, today=today
    )
    if advice.silence is None:
        return RationalOrder(quantities, best_on)
    spared = charges_by_kind(cart, terms).total() - charges_by_kind({**cart, **quantities}, terms).total()
    if spared > 0 or lasts_days(cart, orders, goods, today=today) < terms.window_days:
        return RationalOrder(quantities, best_on)
    return RationalOrder({}, best_on)


def _rhythm(found: Compared, terms: Terms, *, bought_every: int, span_days: int) -> Rhythm:
    before, after, days = found.before, found.after, found.after.days

    def yearly(count: int) -> int:
        return divide_half_up(count * YEAR_DAYS, days)

    # Orders come when something is wanted: on average a little later than the rhythm asks for at least.
    weeks = divide_half_up(days, after.full_count * WEEK_DAYS)
    saved = {
        # Rounded down, so that no cent is promised that was not there.
        kind: (before.charges[kind] - after.charges[kind]) * YEAR_DAYS // span_days
        for kind in ChargeKind
        if before.charges[kind] != after.charges[kind]
    }
    return Rhythm(
        bought_every_days=bought_every,
        every_days=max(found.every_days, min(weeks, terms.longest_days // WEEK_DAYS) * WEEK_DAYS),
        saved=saved,
        holding_cents=-(-after.holding_cents(terms.holding_bp) * YEAR_DAYS // span_days),
        order_count_before=yearly(before.order_count),
        order_count_after=yearly(after.order_count),
        size_before_cents=before.goods_cents // max(1, before.order_count),
        size_after_cents=after.goods_cents // max(1, after.order_count),
    )
