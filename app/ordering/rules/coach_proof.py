"""Did it pay before: a rhythm on trial in the later half of a company's own past, which it does not know."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from app.core.money import BP, divide_half_up
from app.ordering.rules.coach import YEAR_DAYS, Good, PastOrder, Terms, Window, observed_days
from app.ordering.rules.coach_order import rational_quantities


@dataclass(slots=True)
class _Lot:
    on: date
    count: int
    cents: int


@dataclass(slots=True)
class Shelf:
    """Goods that were bought ahead, used up oldest first."""

    lots: dict[int, list[_Lot]] = field(default_factory=dict)
    held_cent_days: int = 0
    """Net cents of what was used, times the days for which it lay there."""

    def put(self, bundle_id: int, count: int, *, on: date, cents: int) -> None:
        """Adds so many at a price."""
        self.lots.setdefault(bundle_id, []).append(_Lot(on, count, cents))

    def take(self, bundle_id: int, count: int, *, on: date) -> int:
        """Uses so many on a day, or as many as there are; how many are missing."""
        lots = self.lots.get(bundle_id, [])
        while count and lots:
            used = min(count, lots[0].count)
            self.held_cent_days += used * lots[0].cents * (on - lots[0].on).days
            count -= used
            lots[0].count -= used
            if not lots[0].count:
                lots.pop(0)
        return count

    def left(self, *, until: date, before: date | None = None) -> tuple[int, int]:
        """The net cents of what still lies there (of what was bought `before` a day), and the cent days of it."""
        rest = [lot for lots in self.lots.values() for lot in lots if before is None or lot.on < before]
        return (
            sum(lot.count * lot.cents for lot in rest),
            sum(lot.count * lot.cents * (until - lot.on).days for lot in rest),
        )


def proven_saving(
    orders: Sequence[PastOrder],
    goods: Mapping[int, Good],
    terms: Terms,
    *,
    every_days: int,
    learn_days: int,
    today: date,
) -> int:
    """Net cents that the rhythm would have spared since the middle of the past, had the company followed it blindly.

    Each order after the middle (and after `learn_days` different days) is a need that is met from the shelf first;
    what is missing is ordered in the rational size, which knows only what was ordered before. What lies there unused
    for longer than the rhythm counts as lost at its full price. Below zero where it would have cost more.
    """
    first_on, span = orders[0].on, observed_days(orders, today)
    days = sorted({order.on for order in orders})
    if len(days) <= learn_days:
        return 0
    start_on = max(first_on + timedelta(days=span // 2), days[learn_days])
    placed, shelf = [order for order in orders if order.on < start_on], Shelf()
    was, now = Window(terms), Window(terms)
    for order in placed:
        was.note(order.on, was.rhythm_of(order.on))
        now.note(order.on, now.rhythm_of(order.on))
    saved_cents = 0
    for order in orders[len(placed) :]:
        rhythm = was.rhythm_of(order.on)
        was.note(order.on, rhythm)
        saved_cents += sum(one.net_cents for one in terms.charges_of(order.quantities, rhythm))
        missing = {
            one: left
            for one, count in order.quantities.items()
            if (left := shelf.take(one, count, on=order.on))
        }
        if not missing:
            continue
        more = rational_quantities(missing, placed, goods, terms, every_days=every_days, today=order.on)
        for one, count in more.items():
            shelf.put(one, count - missing.get(one, 0), on=order.on, cents=goods[one].unit_price_cents)
        ordered = Counter({**missing, **more})
        rhythm = now.rhythm_of(order.on)
        now.note(order.on, rhythm)
        saved_cents -= sum(one.net_cents for one in terms.charges_of(ordered, rhythm))
        placed.append(PastOrder(order.on, ordered))
    lost_cents, _ = shelf.left(until=today, before=today - timedelta(days=every_days))
    _, lying = shelf.left(until=today)
    held = divide_half_up((shelf.held_cent_days + lying) * terms.holding_bp, BP * YEAR_DAYS)
    return saved_cents - held - lost_cents
