from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from app.fulfilment.rules.runs import Course, leaves_with, next_runs
from app.ordering.rules.promise import Calendar, delivery_promise
from app.policy.rules.policy import Policy

BERLIN = ZoneInfo("Europe/Berlin")
HOLIDAYS = frozenset({date(2026, 5, 1), date(2026, 12, 25), date(2026, 3, 10)})
CALENDAR = Calendar(BERLIN, lambda day: day in HOLIDAYS)


def test_the_next_runs_are_tuesdays_with_their_cut_off_the_day_before_at_noon() -> None:
    runs = next_runs(Policy(), CALENDAR, now=datetime(2026, 2, 26, 9, tzinfo=UTC), count=2)

    assert [(run.run_on, run.cut_off_at) for run in runs] == [
        (date(2026, 3, 3), datetime(2026, 3, 2, 11, tzinfo=UTC)),
        (date(2026, 3, 11), datetime(2026, 3, 9, 11, tzinfo=UTC)),
    ]


def test_todays_run_is_still_shown_and_yesterdays_is_not() -> None:
    on_the_day = next_runs(Policy(), CALENDAR, now=datetime(2026, 3, 3, 20, tzinfo=UTC), count=1)
    the_day_after = next_runs(Policy(), CALENDAR, now=datetime(2026, 3, 3, 23, 30, tzinfo=UTC), count=1)

    assert on_the_day[0].run_on == date(2026, 3, 3)
    assert the_day_after[0].run_on == date(2026, 3, 11)


def test_a_run_that_a_holiday_moved_is_shown_on_its_new_day() -> None:
    runs = next_runs(Policy(), CALENDAR, now=datetime(2026, 3, 11, 9, tzinfo=UTC), count=2)

    assert [run.run_on for run in runs] == [date(2026, 3, 11), date(2026, 3, 17)]


def test_an_order_is_late_from_the_day_after_its_run() -> None:
    assert not course(date(2026, 3, 17)).misses_its_run(date(2026, 3, 17))
    assert course(date(2026, 3, 18)).misses_its_run(date(2026, 3, 17))


def test_a_parcel_counts_to_its_run_and_a_late_one_to_today() -> None:
    assert leaves_with(date(2026, 3, 10), today=date(2026, 3, 9)) == date(2026, 3, 10)
    assert leaves_with(date(2026, 3, 10), today=date(2026, 3, 12)) == date(2026, 3, 12)


@given(
    hours=st.integers(0, 24 * 730),
    weekday=st.integers(1, 6),
    cut_off=st.integers(1, 7),
    hour=st.integers(0, 23),
)
def test_a_promised_run_is_always_among_the_runs_that_staff_see(
    hours: int, weekday: int, cut_off: int, hour: int
) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours)
    policy = Policy(dispatch_weekday=weekday, cut_off_weekday=cut_off, cut_off_hour=hour)

    promise = delivery_promise(policy, CALENDAR, ordered_at=now, main_brand_lead_time_days=2)

    runs = [run.run_on for run in next_runs(policy, CALENDAR, now=now, count=8)]
    assert promise.dispatch_on in runs
    assert runs == sorted(set(runs))


def course(
    today: date, *, closing_days: frozenset[date] = frozenset(), closed: frozenset[date] = frozenset()
) -> Course:
    calendar = Calendar(BERLIN, lambda day: day in HOLIDAYS, closing_days.__contains__)
    return Course(Policy(), calendar, today, closed)


def test_an_order_keeps_its_run_until_that_has_gone_without_it() -> None:
    on_the_day, the_day_after = course(date(2026, 3, 3)), course(date(2026, 3, 4))

    assert not on_the_day.misses_its_run(date(2026, 3, 3))
    assert on_the_day.expected_on(date(2026, 3, 3)) == date(2026, 3, 5)
    assert the_day_after.misses_its_run(date(2026, 3, 3))
    # The run of 10 March is moved by a holiday.
    assert the_day_after.run_for(date(2026, 3, 3)).run_on == date(2026, 3, 11)
    assert the_day_after.expected_on(date(2026, 3, 3)) == date(2026, 3, 13)


def test_an_order_whose_run_is_closed_or_falls_on_a_new_closing_day_is_late_before_that_day() -> None:
    closed = course(date(2026, 3, 2), closed=frozenset({date(2026, 3, 3)}))
    moved = course(date(2026, 3, 2), closing_days=frozenset({date(2026, 3, 3)}))

    assert closed.run_for(date(2026, 3, 3)).run_on == date(2026, 3, 11)
    assert moved.run_for(date(2026, 3, 3)).run_on == date(2026, 3, 4)
    assert closed.misses_its_run(date(2026, 3, 3))
    assert moved.misses_its_run(date(2026, 3, 3))
    assert not moved.misses_its_run(date(2026, 3, 11))


def test_the_next_runs_leave_out_what_staff_closed() -> None:
    closed = course(date(2026, 3, 3), closed=frozenset({date(2026, 3, 3), date(2026, 3, 17)}))

    assert [run.run_on for run in closed.next_runs(2)] == [date(2026, 3, 11), date(2026, 3, 24)]


def test_a_day_is_a_run_only_where_one_leaves() -> None:
    found = course(date(2026, 3, 20), closed=frozenset({date(2026, 3, 3)}))

    assert (run := found.run_on(date(2026, 3, 3))) is not None
    assert run.cut_off_at == datetime(2026, 3, 2, 11, tzinfo=UTC)
    assert found.run_on(date(2026, 3, 4)) is None
    assert found.run_on(date(2026, 3, 10)) is None
    assert found.run_on(date(2026, 3, 11)) is not None


@settings(max_examples=100)
@given(
    days=st.integers(0, 720),
    early=st.integers(-30, 60),
    later=st.integers(0, 30),
    weekday=st.integers(1, 6),
    closing=st.frozensets(st.integers(0, 780), max_size=30),
    closed=st.frozensets(st.integers(0, 780), max_size=30),
)
def test_every_order_has_one_open_run_and_who_should_leave_later_leaves_no_earlier(
    days: int, early: int, later: int, weekday: int, closing: frozenset[int], closed: frozenset[int]
) -> None:
    first = date(2026, 1, 1)
    closing_days = frozenset(first + timedelta(days=day) for day in closing)
    calendar = Calendar(BERLIN, lambda day: day in HOLIDAYS, closing_days.__contains__)
    shut = frozenset(first + timedelta(days=day) for day in closed)
    found = Course(Policy(dispatch_weekday=weekday), calendar, first + timedelta(days=days), shut)
    dispatch_on = found.today + timedelta(days=early)

    run_on = found.run_for(dispatch_on).run_on

    assert run_on >= max(dispatch_on, found.today)
    assert run_on not in shut | closing_days
    assert found.run_on(run_on) is not None
    assert run_on <= found.run_for(dispatch_on + timedelta(days=later)).run_on
    assert run_on in {run.run_on for run in found.next_runs(20)}
