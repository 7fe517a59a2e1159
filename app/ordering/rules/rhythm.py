"""The order rhythm: one order in a window is normal, a further one joins a parcel or carries a fee."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from app.ordering.rules.promise import Calendar, Promise, arrival, run_taking
from app.ordering.rules.states import OrderState
from app.policy.rules.policy import Policy

MOST_RUNS = 60
"""So many runs ahead the end of a joint shipment is looked for: more than a year of weeks."""


class RhythmChoice(StrEnum):
    """How an order stands to the one before it (domain.md section 4)."""

    NORMAL = "normal"
    JOINED = "joined"
    INTERIM = "interim"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a parcel goes, whoever takes it there."""

    company_name: str
    street: str
    postal_code: str
    city: str
    country: str

    def is_same(self, other: "Place") -> bool:
        """Whether both are one address: letter by letter, without regard to case and spaces."""
        return self.key == other.key

    @property
    def key(self) -> tuple[str, ...]:
        parts = (self.company_name, self.street, self.postal_code, self.city, self.country)
        return tuple(" ".join(part.split()).casefold() for part in parts)


@dataclass(frozen=True, slots=True)
class EarlierOrder:
    """An accepted order of goods of the same company; `is_waiting` until it is dispatched.

    `accepted_on` is the day in the warehouse's time zone. `dispatch_on` and `promised_on` are of the run that really
    takes it (see `leaving`), where it waits.
    """

    id: int
    number: str
    rhythm: RhythmChoice
    accepted_on: date
    is_waiting: bool
    is_joined: bool
    dispatch_on: date
    promised_on: date
    place: Place


@dataclass(frozen=True, slots=True)
class Traveller:
    """An order as its parcel sees it: the run that takes or took it, and the moment at which it was handed over."""

    state: OrderState
    run_on: date
    dispatched_at: datetime | None
    place: Place

    def travels_with(self, leader: "Traveller") -> bool:
        """Whether it goes or went in the parcel of the order that it joins: the same run, the same address.

        What was handed over in one moment left together, whatever day each should have left.
        """
        has_left = self.state is OrderState.DISPATCHED
        is_possible = self.state is not OrderState.CANCELLED and leader.state is (
            OrderState.DISPATCHED if has_left else OrderState.ACCEPTED
        )
        is_one_run = self.run_on == leader.run_on or (has_left and self.dispatched_at == leader.dispatched_at)
        return is_possible and is_one_run and self.place.is_same(leader.place)


@dataclass(frozen=True, slots=True)
class RhythmOption:
    """One way to order now, with its dates; `joins` is the order whose parcel takes this one."""

    choice: RhythmChoice
    promise: Promise
    joins: EarlierOrder | None = None


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What a company can choose from, the way that holds without a choice first.

    `days` is how long a window is, `last` the order that opened the present one and `free_from_on` the day from which
    an order is normal again; both None where it is normal now.
    """

    options: tuple[RhythmOption, ...]
    days: int
    last: EarlierOrder | None = None
    free_from_on: date | None = None

    def option(self, choice: RhythmChoice | None) -> RhythmOption:
        """The option of a choice; the first one for None and where that choice does not exist (any more)."""
        return next((option for option in self.options if option.choice is choice), self.options[0])


def order_rhythm(
    earlier: Sequence[EarlierOrder],
    *,
    rhythm_days: int,
    today: date,
    now: datetime,
    place: Place | None,
    promise_at: Callable[[datetime], Promise],
) -> Rhythm:
    """How a new order can stand to the company's earlier ones (domain.md section 4).

    A window begins with a normal order, on the day of its acceptance, and is `rhythm_days` days long; joined and
    interim orders do not begin another one. `today` is the day in the warehouse's time zone, `promise_at` what the
    order would be promised by itself when it is placed at a moment. Without a place nothing can be joined.
    """
    own = promise_at(now)
    last = _opened_window(earlier, rhythm_days=rhythm_days, today=today)
    if last is None:
        return Rhythm((RhythmOption(RhythmChoice.NORMAL, own),), rhythm_days)
    interim = RhythmOption(RhythmChoice.INTERIM, own)
    waiting = _joinable(earlier, own, place) if place else None
    joined = (
        (
            RhythmOption(
                RhythmChoice.JOINED,
                Promise(waiting.dispatch_on, waiting.promised_on, _joinable_until(waiting, own, promise_at)),
                waiting,
            ),
        )
        if waiting
        else ()
    )
    return Rhythm((*joined, interim), rhythm_days, last, free_from(last, rhythm_days=rhythm_days))


def free_from(last: EarlierOrder, *, rhythm_days: int) -> date:
    """The first day on which an order is normal again after the one that opened the window."""
    return last.accepted_on + timedelta(days=rhythm_days)


def leaving(
    policy: Policy, calendar: Calendar, *, dispatch_on: date, promised_on: date, now: datetime
) -> tuple[date, date]:
    """The days on which an order that is still here leaves and arrives: those promised, later ones where its run has
    gone, moved or was closed.

    Raises ValueError where closing days leave no run within reach.
    """
    today = now.astimezone(calendar.zone).date()
    run_on = run_taking(policy, calendar, dispatch_on=dispatch_on, today=today).run_on
    if run_on == dispatch_on:
        return dispatch_on, promised_on
    return run_on, max(promised_on, arrival(policy, calendar, run_on=run_on))


def can_join(*, dispatch_on: date, promised_on: date, own: Promise) -> bool:
    """Whether a shipment leaves and arrives no earlier than an order's own promise: it never gets faster by joining.

    A run that leaves no earlier than the first open one is open itself, so this holds its cut-off too.
    """
    return dispatch_on >= own.dispatch_on and promised_on >= own.promised_on


def _opened_window(earlier: Sequence[EarlierOrder], *, rhythm_days: int, today: date) -> EarlierOrder | None:
    opening = [
        order
        for order in earlier
        if order.rhythm is RhythmChoice.NORMAL and today < free_from(order, rhythm_days=rhythm_days)
    ]
    return max(opening, key=lambda order: (order.accepted_on, order.id), default=None)


def _joinable(earlier: Sequence[EarlierOrder], own: Promise, place: Place) -> EarlierOrder | None:
    """The waiting order whose parcel leaves first of those that can take another one."""
    waiting = [
        order
        for order in earlier
        if order.is_waiting
        and not order.is_joined
        and order.place.is_same(place)
        and can_join(dispatch_on=order.dispatch_on, promised_on=order.promised_on, own=own)
    ]
    return min(waiting, key=lambda order: (order.dispatch_on, order.id), default=None)


def _joinable_until(
    waiting: EarlierOrder, own: Promise, promise_at: Callable[[datetime], Promise]
) -> datetime:
    """The moment (UTC) until which an order can still join: its own promise leaves later from then on."""
    until_at = own.cut_off_at
    for _ in range(MOST_RUNS):
        later = promise_at(until_at)
        if not can_join(dispatch_on=waiting.dispatch_on, promised_on=waiting.promised_on, own=later):
            break
        until_at = later.cut_off_at
    return until_at
