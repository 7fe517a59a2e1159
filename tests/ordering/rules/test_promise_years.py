"""The promise over years: all federal states, closing days, clock changes, and every policy that staff may set."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from app.fulfilment.calendar import work_calendar
from app.ordering.rules.promise import (
    Calendar,
    Promise,
    add_warehouse_days,
    add_working_days,
    arrival,
    delivery_promise,
    is_warehouse_day,
    is_working_day,
    run_of_week,
)
from app.policy.rules.policy import BOUNDS, Policy, faults

BERLIN = ZoneInfo("Europe/Berlin")
STATES = ("BW", "BY", "BE", "BB", "HB", "HH", "HE", "MV", "NI", "NW", "RP", "SL", "SN", "ST", "SH", "TH")
FIRST = datetime(2026, 1, 1, tzinfo=BERLIN)
SECOND = timedelta(seconds=1)
NAMES = (
    "dispatch_weekday",
    "cut_off_weekday",
    "cut_off_hour",
    "handling_days",
    "transit_days",
    "later_than_main_brand_days",
)


@dataclass(frozen=True)
class World:
    """A shop with its rules, its calendar, a cart, and a customer who orders at some moment."""

    policy: Policy
    calendar: Calendar
    lead_time_days: int
    ordered_at: datetime

    def promise(self, at: datetime | None = None) -> Promise:
        return delivery_promise(
            self.policy,
            self.calendar,
            ordered_at=at or self.ordered_at,
            main_brand_lead_time_days=self.lead_time_days,
        )


def too_soon_by_a_day() -> World:
    """Ordered on a Friday; Monday's run comes too soon, Tuesday is a holiday, and Wednesday would do."""
    policy = Policy(
        dispatch_weekday=1,
        cut_off_weekday=1,
        cut_off_hour=0,
        handling_days=0,
        transit_days=0,
        later_than_main_brand_days=1,
    )
    return World(policy, work_calendar("BW", "Europe/Berlin"), 1, datetime(2026, 1, 1, 23, tzinfo=UTC))


@st.composite
def closing_days(draw: st.DrawFn) -> frozenset[date]:
    """Single days and weeks of holidays, some of them around the turn of a year."""
    starts = st.one_of(
        st.dates(date(2026, 1, 1), date(2031, 12, 31)),
        st.builds(date, st.integers(2026, 2031), st.just(12), st.integers(20, 31)),
    )
    spans = draw(st.lists(st.tuples(starts, st.sampled_from((1, 1, 2, 5, 7, 14, 30))), max_size=6))
    return frozenset(start + timedelta(days=n) for start, length in spans for n in range(length))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Any policy within its bounds; moments that often stand at the borders of days and at cut-offs."""
    policy = Policy(**{name: draw(st.integers(BOUNDS[name].least, BOUNDS[name].greatest)) for name in NAMES})
    on = FIRST + timedelta(days=draw(st.integers(0, 5 * 365)))
    hour = draw(st.sampled_from((0, 2, 3, policy.cut_off_hour, 23)))
    second = draw(st.sampled_from((0, 1, 3599)))
    return World(
        policy,
        work_calendar(draw(st.sampled_from(STATES)), "Europe/Berlin", closing_days=draw(closing_days())),
        draw(st.integers(0, 60)),
        (on.replace(hour=hour).astimezone(UTC) + timedelta(seconds=second)),
    )


@settings(max_examples=150)
@given(worlds())
def test_no_state_policy_or_closing_day_promises_earlier_than_the_main_brand(world: World) -> None:
    made = world.promise()

    assert faults(world.policy) == []
    ordered_on = world.ordered_at.astimezone(BERLIN).date()
    main_brand_on = add_working_days(ordered_on, world.lead_time_days, world.calendar)
    delay = world.policy.later_than_main_brand_days
    assert made.promised_on > main_brand_on
    assert made.promised_on >= add_working_days(main_brand_on, delay, world.calendar)


@settings(max_examples=150)
@given(worlds())
def test_a_promised_run_is_one_that_leaves_after_cut_off_and_handling_and_arrives_on_a_working_day(
    world: World,
) -> None:
    made = world.promise()

    calendar, policy = world.calendar, world.policy
    ordered_on = world.ordered_at.astimezone(BERLIN).date()
    run = next(
        run
        for weeks in range(260)
        if (run := run_of_week(policy, calendar, ordered_on + timedelta(weeks=weeks))).run_on
        >= made.dispatch_on
    )
    assert run.run_on == made.dispatch_on
    assert world.ordered_at < made.cut_off_at <= run.cut_off_at
    assert made.dispatch_on >= add_warehouse_days(ordered_on, policy.handling_days, calendar)
    assert not calendar.is_closed(made.dispatch_on)
    assert not calendar.is_holiday(made.dispatch_on)
    assert is_working_day(made.promised_on, calendar)
    assert made.promised_on == arrival(policy, calendar, run_on=made.dispatch_on)
    assert made.promised_on >= add_working_days(made.dispatch_on, policy.transit_days, calendar)


@settings(max_examples=150)
@given(worlds())
def test_no_earlier_run_would_have_kept_all_conditions(world: World) -> None:
    made = world.promise()

    calendar, policy = world.calendar, world.policy
    ordered_on = world.ordered_at.astimezone(BERLIN).date()
    floor_on = add_working_days(
        ordered_on, world.lead_time_days + policy.later_than_main_brand_days, calendar
    )
    ready_on = add_warehouse_days(ordered_on, policy.handling_days, calendar)
    for weeks in range(-5, 60):
        run = run_of_week(policy, calendar, ordered_on + timedelta(weeks=weeks))
        if run.run_on >= made.dispatch_on:
            break
        assert (
            run.cut_off_at <= world.ordered_at
            or run.run_on < ready_on
            or arrival(policy, calendar, run_on=run.run_on) < floor_on
        )


@settings(max_examples=150)
@given(worlds())
def test_a_promise_holds_to_the_second_before_its_end_and_no_longer(world: World) -> None:
    made = world.promise()

    assert world.promise(made.cut_off_at - SECOND) == made
    after = world.promise(made.cut_off_at)
    assert after.dispatch_on > made.dispatch_on
    assert after.promised_on >= made.promised_on


@settings(max_examples=150)
@given(worlds(), st.integers(1, 40 * 86_400))
def test_who_orders_later_is_never_served_earlier_whatever_is_closed(world: World, seconds: int) -> None:
    early, late = world.promise(), world.promise(world.ordered_at + timedelta(seconds=seconds))

    assert early.dispatch_on <= late.dispatch_on
    assert early.promised_on <= late.promised_on


@settings(max_examples=100)
@given(worlds(), st.integers(1, 30))
@example(too_soon_by_a_day(), 7)
def test_one_more_closing_day_makes_no_promise_earlier_but_by_the_very_run_that_it_moves(
    world: World, days: int
) -> None:
    """A run that would have come too soon for an order is not too soon any more once a closing day moves it."""
    open_promise = world.promise()
    shut_on = open_promise.dispatch_on - timedelta(days=days % 8)
    calendar = Calendar(
        BERLIN, world.calendar.is_holiday, lambda day: day == shut_on or world.calendar.is_closed(day)
    )

    shut = delivery_promise(
        world.policy,
        calendar,
        ordered_at=world.ordered_at,
        main_brand_lead_time_days=world.lead_time_days,
    )

    if shut.dispatch_on < open_promise.dispatch_on:
        assert run_of_week(world.policy, world.calendar, shut_on).run_on == shut_on
        assert run_of_week(world.policy, calendar, shut_on).run_on == shut.dispatch_on > shut_on
    else:
        assert shut.promised_on >= open_promise.promised_on


def test_a_closing_day_moves_a_run_and_counts_in_the_transit_time() -> None:
    soon = Policy(later_than_main_brand_days=1)
    shut_on_tuesday = work_calendar("SN", "Europe/Berlin", closing_days={date(2026, 3, 3)})
    shut_on_wednesday = work_calendar("SN", "Europe/Berlin", closing_days={date(2026, 3, 4)})
    ordered_at = datetime(2026, 3, 2, 9, tzinfo=BERLIN)

    moved = delivery_promise(soon, shut_on_tuesday, ordered_at=ordered_at, main_brand_lead_time_days=0)
    driven = delivery_promise(soon, shut_on_wednesday, ordered_at=ordered_at, main_brand_lead_time_days=0)

    assert (moved.dispatch_on, moved.promised_on) == (date(2026, 3, 4), date(2026, 3, 6))
    assert (driven.dispatch_on, driven.promised_on) == (date(2026, 3, 3), date(2026, 3, 5))


def test_a_closing_day_counts_for_the_main_brand_and_not_for_our_handling() -> None:
    calendar = work_calendar("SN", "Europe/Berlin", closing_days={date(2026, 3, 3)})

    assert add_working_days(date(2026, 3, 2), 1, calendar) == date(2026, 3, 3)
    assert add_warehouse_days(date(2026, 3, 2), 1, calendar) == date(2026, 3, 4)
    assert not is_warehouse_day(date(2026, 3, 3), calendar)


def test_two_runs_that_closing_days_push_together_are_one_that_closes_with_the_second() -> None:
    shut = {date(2026, 12, 22) + timedelta(days=n) for n in range(8)}
    calendar = work_calendar("SN", "Europe/Berlin", closing_days=shut)

    first, second = (run_of_week(Policy(), calendar, date(2026, 12, day)) for day in (22, 29))

    assert first == second
    assert (first.run_on, first.cut_off_at) == (date(2026, 12, 30), datetime(2026, 12, 28, 11, tzinfo=UTC))


def test_a_saturday_run_in_a_closed_week_leaves_on_its_next_saturday_not_after_it() -> None:
    saturdays = Policy(dispatch_weekday=6, cut_off_weekday=5)
    shut = {date(2026, 3, 7) + timedelta(days=n) for n in range(7)}
    calendar = work_calendar("SN", "Europe/Berlin", closing_days=shut)

    run = run_of_week(saturdays, calendar, date(2026, 3, 7))

    assert run == run_of_week(saturdays, calendar, date(2026, 3, 14))
    assert (run.run_on, run.cut_off_at) == (date(2026, 3, 14), datetime(2026, 3, 13, 11, tzinfo=UTC))


def test_a_saturday_run_without_transit_arrives_on_monday() -> None:
    policy = Policy(dispatch_weekday=6, transit_days=0)

    assert arrival(policy, work_calendar("SN", "Europe/Berlin"), run_on=date(2026, 3, 7)) == date(2026, 3, 9)
