from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from app.fulfilment.rules.runs import is_late, leaves_with, next_runs
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
    assert not is_late(date(2026, 3, 10), today=date(2026, 3, 10))
    assert is_late(date(2026, 3, 10), today=date(2026, 3, 11))


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
