"""What storage does to an order of goods, and whether it still does what was shown."""

from dataclasses import replace
from datetime import date, timedelta

from app.care.rules.storage import Keeping, details_of_keeping, is_as_agreed, keeping
from app.fulfilment.calendar import work_calendar
from app.fulfilment.rules.runs import Course, with_closed_days
from app.policy.rules.policy import Policy

MONDAY, TUESDAY, PROMISED = date(2026, 3, 9), date(2026, 3, 10), date(2026, 3, 12)
COURSE = Course(Policy(), work_calendar("SN", "Europe/Berlin"), MONDAY)
WEEK = timedelta(weeks=1)


def test_storage_counts_weeks_from_the_run_that_would_take_the_order() -> None:
    kept = keeping(COURSE, dispatch_on=TUESDAY, promised_on=PROMISED, quantity=3)
    late = keeping(
        replace(COURSE, today=TUESDAY + WEEK), dispatch_on=TUESDAY, promised_on=PROMISED, quantity=3
    )

    assert kept == Keeping(TUESDAY, date(2026, 3, 31), date(2026, 3, 31), date(2026, 4, 2))
    assert (late.from_on, late.until_on) == (kept.from_on + WEEK, kept.until_on + WEEK)


def test_what_a_closing_day_or_another_storage_changed_is_not_what_was_agreed() -> None:
    days = {"dispatch_on": TUESDAY, "promised_on": PROMISED}
    kept = details_of_keeping(keeping(COURSE, **days, quantity=2))
    closed = with_closed_days(COURSE, [TUESDAY + 2 * WEEK])

    assert is_as_agreed(kept, COURSE, **days)
    assert not is_as_agreed(kept, closed, **days)
    for weeks in (1, 2, 3):
        moved = {"dispatch_on": TUESDAY + weeks * WEEK, "promised_on": PROMISED + weeks * WEEK}
        assert not is_as_agreed(kept, COURSE, **moved)
