"""What the coach must know of the shop: its own charges for one customer, and until when parcels stay open."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from app.customers.rules.effort_levels import EffortLevel
from app.ordering.rules.charges import order_charges
from app.ordering.rules.coach import Good, Quantities, Terms
from app.ordering.rules.pricing import PricedCharge
from app.ordering.rules.promise import Calendar, delivery_promise
from app.ordering.rules.quantities import missing_count
from app.ordering.rules.rhythm import RhythmChoice
from app.policy.rules.policy import Policy


def coach_terms(
    policy: Policy,
    goods: Mapping[int, Good],
    *,
    effort_level: EffortLevel = EffortLevel.NORMAL,
    closes_on: Callable[[date], date],
) -> Terms:
    """The charges as `order_charges` decides them, at the prices of these goods (which may grow meanwhile)."""

    def charges_of(quantities: Quantities, rhythm: RhythmChoice) -> Sequence[PricedCharge]:
        worth, low = 0, []
        for one, count in quantities.items():
            good = goods[one]
            worth += count * good.unit_price_cents
            if good.rule is not None and missing_count(count, good.rule):
                low.append(one)
        return order_charges(
            policy, goods_net_cents=worth, low_version_ids=low, rhythm=rhythm, effort_level=effort_level
        )

    return Terms(
        charges_of=charges_of,
        closes_on=closes_on,
        window_days=policy.rhythm_days,
        holding_bp=policy.coach_holding_bp,
        longest_days=policy.coach_longest_days,
    )


class Closing:
    """The day on which the parcel of an order of a day takes no further ones: the cut-off of the run that takes it.

    The goods' lead time is left out: a parcel is rather taken for closed than for open.
    """

    def __init__(self, policy: Policy, calendar: Calendar) -> None:
        self._policy = policy
        self._calendar = calendar
        self._known: dict[date, date] = {}

    def __call__(self, on: date) -> date:
        if on not in self._known:
            at = datetime.combine(on, time(12), self._calendar.zone)
            run_on = delivery_promise(
                self._policy, self._calendar, ordered_at=at, main_brand_lead_time_days=0
            ).dispatch_on
            before = (self._policy.dispatch_weekday - self._policy.cut_off_weekday) % 7
            self._known[on] = run_on - timedelta(days=before)
        return self._known[on]
