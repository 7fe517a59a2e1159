"""The delivery promise at cut-offs, holidays, the turn of the year and clock changes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.fulfilment.calendar import work_calendar
from app.ordering.rules.promise import (
    Calendar,
    Promise,
    add_working_days,
    delivery_promise,
    is_working_day,
    run_of_week,
)
from app.policy.rules.policy import Policy

BERLIN = ZoneInfo("Europe/Berlin")
SAXONY = work_calendar("SN", "Europe/Berlin")
SOON = Policy(later_than_main_brand_days=0)
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2030, 1, 1), timezones=st.just(BERLIN))  # noqa: DTZ001
POLICIES = st.builds(
    Policy,
    dispatch_weekday=st.integers(1, 6),
    cut_off_weekday=st.integers(1, 7),
    cut_off_hour=st.integers(0, 23),
    handling_days=st.integers(0, 12),
    transit_days=st.integers(0, 12),
    later_than_main_brand_days=st.integers(0, 30),
)


def berlin(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=BERLIN)


def promise(ordered_at: datetime, policy: Policy = SOON, lead_time_days: int = 0) -> Promise:
    return delivery_promise(policy, SAXONY, ordered_at=ordered_at, main_brand_lead_time_days=lead_time_days)


def test_an_order_before_the_cut_off_leaves_on_tuesday_and_arrives_two_working_days_later() -> None:
    assert promise(berlin(2026, 3, 2, 11, 59, 59)) == Promise(
        date(2026, 3, 3), date(2026, 3, 5), datetime(2026, 3, 2, 11, 0, tzinfo=UTC)
    )


def test_an_order_at_the_very_cut_off_waits_for_the_next_run() -> None:
    assert promise(berlin(2026, 3, 2, 12)).dispatch_on == date(2026, 3, 10)


def test_a_long_handling_time_takes_the_run_after_it() -> None:
    policy = replace(SOON, handling_days=3)

    on_time = promise(berlin(2026, 3, 5, 8), policy)
    too_late = promise(berlin(2026, 3, 6, 8), policy)

    assert (on_time.dispatch_on, on_time.cut_off_at) == (
        date(2026, 3, 10),
        datetime(2026, 3, 5, 23, tzinfo=UTC),
    )
    assert too_late.dispatch_on == date(2026, 3, 17)


def test_a_promise_is_never_earlier_than_the_main_brand_plus_the_delay() -> None:
    # Two days of the main brand and five of delay from Monday, 2 March: Wednesday, 11 March at the earliest.
    assert promise(berlin(2026, 3, 2, 8), Policy(), lead_time_days=2) == Promise(
        date(2026, 3, 10), date(2026, 3, 12), datetime(2026, 3, 3, 23, tzinfo=UTC)
    )


@pytest.mark.parametrize(
    "ordered_at, dispatch_on, promised_on",
    [
        # Good Friday and Easter Monday (3 and 6 April) are no working days.
        (berlin(2026, 4, 2, 9), date(2026, 4, 7), date(2026, 4, 9)),
        (berlin(2026, 3, 30, 9), date(2026, 3, 31), date(2026, 4, 2)),
        # The Saxon Day of Repentance, 18 November, lies in the transit time.
        (berlin(2026, 11, 16, 9), date(2026, 11, 17), date(2026, 11, 20)),
        # Christmas and New Year: 25 December is a Friday, 1 January too.
        (berlin(2026, 12, 21, 13), date(2026, 12, 29), date(2026, 12, 31)),
        (berlin(2026, 12, 28, 13), date(2027, 1, 5), date(2027, 1, 7)),
    ],
)
def test_holidays_and_the_turn_of_the_year_are_counted(
    ordered_at: datetime, dispatch_on: date, promised_on: date
) -> None:
    made = promise(ordered_at)

    assert (made.dispatch_on, made.promised_on) == (dispatch_on, promised_on)


def test_a_run_on_a_holiday_leaves_on_the_next_working_day_and_closes_as_usual() -> None:
    friday_runs = replace(SOON, dispatch_weekday=5, cut_off_weekday=4)

    run = run_of_week(friday_runs, SAXONY, date(2026, 12, 22))

    assert (run.run_on, run.cut_off_at) == (date(2026, 12, 28), datetime(2026, 12, 24, 11, tzinfo=UTC))


def test_a_cut_off_on_the_day_of_the_run_takes_orders_of_that_morning() -> None:
    same_day = replace(SOON, cut_off_weekday=2, cut_off_hour=8, handling_days=0)

    assert promise(berlin(2026, 3, 3, 7, 59), same_day).dispatch_on == date(2026, 3, 3)
    assert promise(berlin(2026, 3, 3, 8), same_day).dispatch_on == date(2026, 3, 10)


def test_the_cut_off_is_local_time_through_the_change_of_the_clock() -> None:
    # Summer time begins on Sunday, 29 March 2026: noon in Berlin is 11:00 and then 10:00 in UTC.
    assert promise(berlin(2026, 3, 23, 9)).cut_off_at == datetime(2026, 3, 23, 11, tzinfo=UTC)
    assert promise(berlin(2026, 3, 30, 9)).cut_off_at == datetime(2026, 3, 30, 10, tzinfo=UTC)


def test_a_year_of_holidays_is_an_error_not_an_endless_search() -> None:
    closed = Calendar(BERLIN, lambda _: True)

    with pytest.raises(ValueError, match="working day"):
        delivery_promise(Policy(), closed, ordered_at=berlin(2026, 3, 2), main_brand_lead_time_days=0)


@given(MOMENTS, POLICIES, st.integers(0, 60))
def test_every_promise_keeps_all_its_conditions(ordered_at: datetime, policy: Policy, lead: int) -> None:
    made = promise(ordered_at, policy, lead)

    ordered_on = ordered_at.date()
    assert made.cut_off_at > ordered_at
    assert made.dispatch_on >= add_working_days(ordered_on, policy.handling_days, SAXONY)
    in_transit = add_working_days(made.dispatch_on, policy.transit_days, SAXONY)
    if not is_working_day(in_transit, SAXONY):
        in_transit = add_working_days(in_transit, 1, SAXONY)
    assert made.promised_on == in_transit
    floor_on = add_working_days(ordered_on, lead + policy.later_than_main_brand_days, SAXONY)
    assert made.promised_on >= floor_on
    assert not SAXONY.is_holiday(made.dispatch_on)
    assert is_working_day(made.promised_on, SAXONY)


@given(MOMENTS, POLICIES, st.integers(0, 60))
def test_an_answer_holds_until_its_cut_off_and_changes_there(
    ordered_at: datetime, policy: Policy, lead: int
) -> None:
    made = promise(ordered_at, policy, lead)

    assert promise(made.cut_off_at - timedelta(microseconds=1), policy, lead) == made
    assert promise(made.cut_off_at, policy, lead).dispatch_on > made.dispatch_on


@given(MOMENTS, MOMENTS, POLICIES, st.integers(0, 60))
def test_who_orders_later_never_gets_it_earlier(
    one: datetime, other: datetime, policy: Policy, lead: int
) -> None:
    early, late = sorted((one, other), key=lambda moment: moment.astimezone(UTC))

    assert promise(early, policy, lead).dispatch_on <= promise(late, policy, lead).dispatch_on
