"""The delivery promise: which dispatch run takes an order, and when it arrives."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from app.ordering.rules.vat_case import HOME
from app.policy.rules.policy import Policy

SATURDAY = 6
WEEK = timedelta(days=7)
LONGEST_SEARCH_DAYS = 1_000


def _never(_: date) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Calendar:
    """The warehouse's local time, the public holidays of its state, and the days on which it alone is closed.

    Working days are Monday to Friday without holidays. On a closing day nobody packs and no run leaves, while
    the carrier drives and the main brand works: it counts in the transit time and in the main brand's lead time.
    `is_run_closed` tells of a day whether staff closed its run: what is still here then leaves with the next one.
    `country` is where the warehouse stands: goods that go elsewhere leave it.
    """

    zone: tzinfo
    is_holiday: Callable[[date], bool]
    is_closed: Callable[[date], bool] = _never
    is_run_closed: Callable[[date], bool] = _never
    country: str = HOME


@dataclass(frozen=True, slots=True)
class Promise:
    """The run that takes the order, the day of arrival, and the moment (UTC) until which this holds."""

    dispatch_on: date
    promised_on: date
    cut_off_at: datetime


@dataclass(frozen=True, slots=True)
class Run:
    """One dispatch run: the day it leaves and the moment (UTC) before which orders must be in."""

    run_on: date
    cut_off_at: datetime


def delivery_promise(
    policy: Policy, calendar: Calendar, *, ordered_at: datetime, main_brand_lead_time_days: int
) -> Promise:
    """The first run that is still open, leaves after the handling time, and arrives late enough.

    "Late enough" is the main brand's lead time plus the policy's delay, in working days from the day of
    the order (domain.md section 5). The handling time counts the days on which the warehouse works.
    Raises ValueError where holidays and closing days leave no day within reach.
    """
    ordered_on = ordered_at.astimezone(calendar.zone).date()
    floor_days = main_brand_lead_time_days + policy.later_than_main_brand_days
    ready_on = add_warehouse_days(ordered_on, policy.handling_days, calendar)
    floor_on = add_working_days(ordered_on, floor_days, calendar)
    nominal_on = ordered_on
    while (nominal_on - ordered_on).days < LONGEST_SEARCH_DAYS:
        run = run_of_week(policy, calendar, nominal_on)
        arrives_on = arrival(policy, calendar, run_on=run.run_on)
        if ordered_at < run.cut_off_at and run.run_on >= ready_on and arrives_on >= floor_on:
            last_on = min(
                _latest_start(run.run_on, policy.handling_days, lambda day: is_warehouse_day(day, calendar)),
                _latest_start(arrives_on, floor_days, lambda day: is_working_day(day, calendar)),
            )
            midnight_at = datetime.combine(last_on + timedelta(days=1), time(), calendar.zone).astimezone(UTC)
            return Promise(run.run_on, arrives_on, min(run.cut_off_at, midnight_at))
        nominal_on += WEEK
    raise ValueError("no dispatch run within reach")


def run_of_week(policy: Policy, calendar: Calendar, on: date) -> Run:
    """The run of the first dispatch weekday on or after `on`.

    A run on a holiday or closing day leaves on the next day on which the warehouse works, or with the next
    ordinary run where that comes first: both are one run then. The cut-off stays with the ordinary day: it is
    the last cut-off weekday and hour before it, and on that very day where both weekdays are the same.
    Raises ValueError where no such day is within reach.
    """
    nominal_on = on + timedelta(days=(policy.dispatch_weekday - on.isoweekday()) % 7)
    run_on = nominal_on
    while not _is_run_day(run_on, policy, calendar):
        run_on += timedelta(days=1)
        if (run_on - nominal_on).days > LONGEST_SEARCH_DAYS:
            raise ValueError("no dispatch run within reach")
    last_on = nominal_on + (run_on - nominal_on) // WEEK * WEEK
    closes_on = last_on - timedelta(days=(policy.dispatch_weekday - policy.cut_off_weekday) % 7)
    closes_at = datetime.combine(closes_on, time(policy.cut_off_hour), calendar.zone).astimezone(UTC)
    return Run(run_on, closes_at)


def run_taking(
    policy: Policy,
    calendar: Calendar,
    *,
    dispatch_on: date,
    today: date,
    is_run_closed: Callable[[date], bool] | None = None,
) -> Run:
    """The run that takes an order which should leave on a day and is still here: the first open one from then on.

    Which runs are closed the calendar knows, unless `is_run_closed` says it. Raises ValueError where closing days
    leave none within reach.
    """
    is_gone = is_run_closed or calendar.is_run_closed
    wanted_on = max(dispatch_on, today)
    # A run of the week before that a holiday moved may still be ahead.
    nominal_on = wanted_on - WEEK
    while True:
        run = run_of_week(policy, calendar, nominal_on)
        if run.run_on >= wanted_on and not is_gone(run.run_on):
            return run
        nominal_on += WEEK


def arrival(policy: Policy, calendar: Calendar, *, run_on: date) -> date:
    """The working day on which a run is with its customers: the transit time after it."""
    arrives_on = add_working_days(run_on, policy.transit_days, calendar)
    # Without transit a run on a Saturday would arrive where nobody works.
    return arrives_on if is_working_day(arrives_on, calendar) else add_working_days(arrives_on, 1, calendar)


def is_working_day(day: date, calendar: Calendar) -> bool:
    """Whether the carrier and the main brand work on a day."""
    return day.isoweekday() < SATURDAY and not calendar.is_holiday(day)


def is_warehouse_day(day: date, calendar: Calendar) -> bool:
    """Whether the warehouse works on a day."""
    return is_working_day(day, calendar) and not calendar.is_closed(day)


def add_working_days(day: date, days: int, calendar: Calendar) -> date:
    """The day that is `days` working days after `day`; `day` itself for 0. Raises ValueError without end."""
    return _add_days(day, days, lambda one: is_working_day(one, calendar))


def add_warehouse_days(day: date, days: int, calendar: Calendar) -> date:
    """Like `add_working_days`, in days on which the warehouse works."""
    return _add_days(day, days, lambda one: is_warehouse_day(one, calendar))


def _add_days(day: date, days: int, counts: Callable[[date], bool]) -> date:
    reached, left = day, days
    while left > 0:
        reached += timedelta(days=1)
        if (reached - day).days > LONGEST_SEARCH_DAYS + 2 * days:
            raise ValueError("no working day within reach")
        left -= counts(reached)
    return reached


def _is_run_day(day: date, policy: Policy, calendar: Calendar) -> bool:
    is_possible = day.isoweekday() < SATURDAY or day.isoweekday() == policy.dispatch_weekday
    return is_possible and not calendar.is_holiday(day) and not calendar.is_closed(day)


def _latest_start(end: date, days: int, counts: Callable[[date], bool]) -> date:
    """The last day from which `days` counting days lead to `end` or earlier."""
    start, left = end, days
    while left > 0:
        left -= counts(start)
        start -= timedelta(days=1)
    return start
