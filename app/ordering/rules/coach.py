"""The rational order: a company's own year, replayed in every rhythm, tells which one costs it least."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from app.core.money import BP, divide_half_up
from app.ordering.rules.pricing import ChargeKind, PricedCharge
from app.ordering.rules.quantities import QuantityRule, greatest_quantity
from app.ordering.rules.rhythm import RhythmChoice

YEAR_DAYS = 365
WEEK_DAYS = 7
REGULAR_FROM = 3
"""On so many different days a bundle must have been bought to count as bought regularly."""

Quantities = Mapping[int, int]
"""How many of each bundle, by its id."""


@dataclass(frozen=True, slots=True)
class PastOrder:
    """What a company ordered on a day."""

    on: date
    quantities: Quantities


@dataclass(frozen=True, slots=True)
class Good:
    """A bundle at its net price; `rule` are the sizes in which it is sold, None for one that is no longer sold."""

    unit_price_cents: int
    rule: QuantityRule | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What the shop charges this company, and how the coach looks at goods that wait for their use.

    `charges_of` are the charges of an order of goods (the foundation's, never a copy); `closes_on` is the first day on
    which the parcel of an order of a day takes no further one; `holding_bp` is what goods cost a year in stock.
    """

    charges_of: Callable[[Quantities, RhythmChoice], Sequence[PricedCharge]]
    closes_on: Callable[[date], date]
    window_days: int
    holding_bp: int
    longest_days: int


@dataclass(slots=True)
class Window:
    """Where the order window and the open parcel stand while orders go by, oldest first."""

    terms: Terms
    normal_on: date | None = None
    parcel_on: date | None = None

    @property
    def free_on(self) -> date | None:
        """The first day on which an order is normal again; None where any is."""
        return self.normal_on + timedelta(days=self.terms.window_days) if self.normal_on else None

    def rhythm_of(self, on: date) -> RhythmChoice:
        """How an order of this day stands to those before it; it rather joins an open parcel than carries the fee."""
        free_on = self.free_on
        if free_on is None or on >= free_on:
            return RhythmChoice.NORMAL
        is_open = self.parcel_on is not None and on < self.terms.closes_on(self.parcel_on)
        return RhythmChoice.JOINED if is_open else RhythmChoice.INTERIM

    def note(self, on: date, rhythm: RhythmChoice) -> None:
        """Takes an order into account."""
        if rhythm is RhythmChoice.NORMAL:
            self.normal_on = on
        if rhythm is not RhythmChoice.JOINED:
            self.parcel_on = on


@dataclass(slots=True)
class Course:
    """What a stretch of `days` brings: orders, lines, goods, charges by kind, and goods bought before their day.

    `full_count` of the orders bring what is bought regularly.
    """

    days: int
    order_count: int = 0
    full_count: int = 0
    line_count: int = 0
    goods_cents: int = 0
    charges: Counter[ChargeKind] = field(default_factory=Counter)
    held_cent_days: int = 0
    """Net cents of goods times the days for which they were bought too early."""

    def holding_cents(self, holding_bp: int) -> int:
        """What the goods bought early cost at a yearly rate."""
        return divide_half_up(self.held_cent_days * holding_bp, BP * YEAR_DAYS)

    def cost_cents(self, holding_bp: int) -> int:
        """All that another rhythm could change: the charges, and holding the goods."""
        return self.charges.total() + self.holding_cents(holding_bp)


@dataclass(frozen=True, slots=True)
class Compared:
    """A rhythm beside what was: both over the same days, which hold whole cycles of it and the same goods."""

    every_days: int
    before: Course
    after: Course

    def saving_cents(self, holding_bp: int) -> int:
        """Net cents that the rhythm would have spared."""
        return self.before.cost_cents(holding_bp) - self.after.cost_cents(holding_bp)


@dataclass(slots=True)
class _Placed:
    """An order of a replay; a full one brings what is bought regularly until the next full one."""

    on: date
    rhythm: RhythmChoice
    quantities: Counter[int]
    is_full: bool
    charges: Sequence[PricedCharge] | None = None
    goods_cents: int = 0


def observed_days(orders: Sequence[PastOrder], today: date) -> int:
    """The days for which these orders (at least two days of them, oldest first) were enough, or are expected to be.

    The last order counts as lasting as long as the others did on average, longer where that has passed already.
    """
    days = len({order.on for order in orders})
    span = (orders[-1].on - orders[0].on).days
    return max((today - orders[0].on).days, divide_half_up(span * days, days - 1))


def regular_bundles(orders: Sequence[PastOrder], goods: Mapping[int, Good]) -> frozenset[int]:
    """What was bought on enough days, on at least half of all days since the first of them, and is still sold."""
    days: dict[int, set[date]] = {}
    for order in orders:
        for bundle_id in order.quantities:
            days.setdefault(bundle_id, set()).add(order.on)
    all_days = sorted({order.on for order in orders})
    return frozenset(
        bundle_id
        for bundle_id, when in days.items()
        if len(when) >= REGULAR_FROM
        and 2 * len(when) >= len(all_days) - bisect_left(all_days, min(when))
        and bundle_id in goods
        and goods[bundle_id].rule is not None
    )


def rhythms(terms: Terms, *, longest_days: int) -> Iterator[int]:
    """The rhythms in question: whole weeks, from the order window up to the longest need in one order."""
    shortest = -(-max(terms.window_days, WEEK_DAYS) // WEEK_DAYS) * WEEK_DAYS
    return iter(range(shortest, min(terms.longest_days, longest_days) + 1, WEEK_DAYS))


def best_rhythm(
    orders: Sequence[PastOrder],
    goods: Mapping[int, Good],
    terms: Terms,
    *,
    regular: frozenset[int],
    span_days: int,
) -> Compared | None:
    """The rhythm that spares most in all the days seen, no longer than half of them; None where none is possible.

    A cycle that is not over yet spares nothing. Of equals it is the one that holds least, and of rhythms with the same
    orders the longest.
    """
    was = _as_bought(orders, terms)
    found: Compared | None = None
    most: tuple[int, int] | None = None
    for every_days in rhythms(terms, longest_days=span_days // 2):
        course = in_rhythm(orders, goods, terms, regular=regular, every_days=every_days, span_days=span_days)
        if course is None:
            continue
        before = _sum_up(was, goods, terms, first_on=orders[0].on, days=course.days)
        compared = Compared(every_days, before, course)
        gain = compared.saving_cents(terms.holding_bp), -course.held_cent_days
        if most is None or gain >= most:
            found, most = compared, gain
    return found


def as_bought(
    orders: Sequence[PastOrder], goods: Mapping[int, Good], terms: Terms, *, span_days: int
) -> Course:
    """What the orders of the first so many days cost as they were placed, at today's rules.

    Inside the window they joined a parcel that was still open, or carried the fee. Orders are given oldest first.
    """
    return _sum_up(_as_bought(orders, terms), goods, terms, first_on=orders[0].on, days=span_days)


def in_rhythm(
    orders: Sequence[PastOrder],
    goods: Mapping[int, Good],
    terms: Terms,
    *,
    regular: frozenset[int],
    every_days: int,
    span_days: int,
) -> Course | None:
    """The same goods, had everything regular been bought ahead on the first order that comes `every_days` later.

    What is not regular keeps its day, except that it rather waits for the window's end than carries the fee
    (`every_days` is at least the window). Only whole cycles count: where the last one is not over at the end of the
    span, the course ends on the day before it. None where a bundle's most of one order is too little.
    """
    placed = list(_schedule(orders, terms, regular=regular, every_days=every_days))
    full = [one for one in placed if one.is_full]
    first_on, last_on = orders[0].on, full[-1].on
    left_days = span_days - (last_on - first_on).days
    days = span_days if left_days >= every_days or last_on == first_on else (last_on - first_on).days
    held_cent_days, at = 0, 0
    for order in orders:
        while at + 1 < len(full) and full[at + 1].on <= order.on:
            at += 1
        for bundle_id, quantity in order.quantities.items():
            if bundle_id in regular:
                full[at].quantities[bundle_id] += quantity
                value_cents = quantity * goods[bundle_id].unit_price_cents
                if (order.on - first_on).days < days:
                    held_cent_days += value_cents * (order.on - full[at].on).days
    if any(_is_too_much(full, orders, bundle_id, goods[bundle_id]) for bundle_id in regular):
        return None
    course = _sum_up(placed, goods, terms, first_on=first_on, days=days)
    course.held_cent_days = held_cent_days
    return course


def first_free_day(orders: Sequence[PastOrder], terms: Terms, *, today: date) -> date:
    """The first day from today on which a further order carries no interim fee: today where it joins or is normal."""
    window = Window(terms)
    for order in orders:
        window.note(order.on, window.rhythm_of(order.on))
    if window.rhythm_of(today) is RhythmChoice.INTERIM:
        return window.free_on or today
    return today


def _schedule(
    orders: Sequence[PastOrder], terms: Terms, *, regular: frozenset[int], every_days: int
) -> Iterator[_Placed]:
    """The orders that are left, with what is not regular; full ones stand where the rhythm asks for them."""
    window, waiting, due_on = Window(terms), Counter[int](), orders[0].on
    window_length = timedelta(days=terms.window_days)

    def place(on: date) -> _Placed:
        nonlocal waiting, due_on
        rhythm = window.rhythm_of(on)
        # A full order that would come inside the window of this one is brought forward to it.
        is_full = on >= due_on or (rhythm is RhythmChoice.NORMAL and on + window_length > due_on)
        if is_full:
            due_on = on + timedelta(days=every_days)
        window.note(on, rhythm)
        placed, waiting = _Placed(on, rhythm, waiting, is_full), Counter()
        return placed

    for order in orders:
        free_on = window.free_on
        if waiting and free_on is not None and free_on < order.on:
            yield place(free_on)
        others = {one: count for one, count in order.quantities.items() if one not in regular}
        waiting.update(others)
        if order.on >= due_on or (waiting and window.rhythm_of(order.on) is not RhythmChoice.INTERIM):
            yield place(order.on)
    if waiting:
        yield place(window.free_on or orders[-1].on)


def _is_too_much(full: Sequence[_Placed], orders: Sequence[PastOrder], bundle_id: int, good: Good) -> bool:
    if good.rule is None:
        return False
    was = max(order.quantities.get(bundle_id, 0) for order in orders)
    most = max(was, greatest_quantity(good.rule))
    return any(one.quantities[bundle_id] > most for one in full)


def _as_bought(orders: Sequence[PastOrder], terms: Terms) -> list[_Placed]:
    placed: list[_Placed] = []
    window = Window(terms)
    for order in orders:
        rhythm = window.rhythm_of(order.on)
        placed.append(_Placed(order.on, rhythm, Counter(order.quantities), is_full=False))
        window.note(order.on, rhythm)
    return placed


def _sum_up(
    placed: Sequence[_Placed], goods: Mapping[int, Good], terms: Terms, *, first_on: date, days: int
) -> Course:
    course = Course(days)
    for order in placed:
        if (order.on - first_on).days >= days:
            break
        course.order_count += 1
        course.full_count += order.is_full
        course.line_count += len(order.quantities)
        if order.charges is None:
            order.charges = terms.charges_of(order.quantities, order.rhythm)
            order.goods_cents = sum(
                count * goods[bundle_id].unit_price_cents for bundle_id, count in order.quantities.items()
            )
        course.goods_cents += order.goods_cents
        for charge in order.charges:
            course.charges[charge.kind] += charge.net_cents
    return course
