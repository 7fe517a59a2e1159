"""The delivery promise: which dispatch run takes an order, and when it arrives."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from app.policy.rules.policy import Policy

SATURDAY = 6
LONGEST_SEARCH_DAYS = 1_000


@dataclass(frozen=True, slots=True)
class Calendar:
    """The warehouse's local time and public holidays; working days are Monday to Friday without holidays."""

    zone: tzinfo
    is_holiday: Callable[[date], bool]


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
    the order (domain.md section 5). The arrival is the run plus the transit time in working days.
    Raises ValueError where holidays leave no working day within reach.
    """
    ordered_on = ordered_at.astimezone(calendar.zone).date()
    floor_days = main_brand_lead_time_days + policy.later_than_main_brand_days
    ready_on = add_working_days(ordered_on, policy.handling_days, calendar)
    floor_on = add_working_days(ordered_on, floor_days, calendar)
    nominal_on = ordered_on
    while (nominal_on - ordered_on).days < LONGEST_SEARCH_DAYS:
        run = run_of_week(policy, calendar, nominal_on)
        arrives_on = add_working_days(run.run_on, policy.transit_days, calendar)
        if ordered_at < run.cut_off_at and run.run_on >= ready_on and arrives_on >= floor_on:
            last_on = _last_order_day(
                ordered_on, calendar, policy.handling_days, run.run_on, floor_days, arrives_on
            )
            midnight_at = datetime.combine(last_on + timedelta(days=1), time(), calendar.zone).astimezone(UTC)
            return Promise(run.run_on, arrives_on, min(run.cut_off_at, midnight_at))
        nominal_on += timedelta(days=7)
    raise ValueError("no dispatch run within reach")


def run_of_week(policy: Policy, calendar: Calendar, on: date) -> Run:
    """The run of the first dispatch weekday on or after `on`.

    A run on a holiday leaves on the next working day. The cut-off stays with the ordinary day: it is the
    last cut-off weekday and hour before it, and on that very day where both weekdays are the same.
    """
    nominal_on = on + timedelta(days=(policy.dispatch_weekday - on.isoweekday()) % 7)
    closes_on = nominal_on - timedelta(days=(policy.dispatch_weekday - policy.cut_off_weekday) % 7)
    closes_at = datetime.combine(closes_on, time(policy.cut_off_hour), calendar.zone).astimezone(UTC)
    run_on = nominal_on
    if calendar.is_holiday(run_on):
        run_on = add_working_days(run_on, 1, calendar)
    return Run(run_on, closes_at)


def is_working_day(day: date, calendar: Calendar) -> bool:
    """Whether the warehouse and the carrier work on a day."""
    return day.isoweekday() < SATURDAY and not calendar.is_holiday(day)


def add_working_days(day: date, days: int, calendar: Calendar) -> date:
    """The day that is `days` working days after `day`; `day` itself for 0. Raises ValueError without end."""
    reached, left = day, days
    while left > 0:
        reached += timedelta(days=1)
        if (reached - day).days > LONGEST_SEARCH_DAYS + 2 * days:
            raise ValueError("no working day within reach")
        left -= is_working_day(reached, calendar)
    return reached


def _last_order_day(
    ordered_on: date, calendar: Calendar, handling_days: int, run_on: date, floor_days: int, arrives_on: date
) -> date:
    # Both conditions only get harder with each later day of the order, so the first failure ends the search.
    last_on = ordered_on
    while last_on < run_on:
        next_on = last_on + timedelta(days=1)
        if (
            add_working_days(next_on, handling_days, calendar) > run_on
            or add_working_days(next_on, floor_days, calendar) > arrives_on
        ):
            break
        last_on = next_on
    return last_on
