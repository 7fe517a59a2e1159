"""Public holidays of the warehouse's federal state."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest

from app.fulfilment.calendar import work_calendar


def test_the_day_of_repentance_is_a_holiday_in_saxony_only() -> None:
    day = date(2026, 11, 18)

    assert work_calendar("SN", "Europe/Berlin").is_holiday(day)
    assert not work_calendar("BE", "Europe/Berlin").is_holiday(day)


@pytest.mark.parametrize("day", [date(2027, 1, 1), date(2027, 3, 26), date(2026, 10, 31), date(2026, 12, 25)])
def test_saxon_holidays_are_known_in_every_year(day: date) -> None:
    assert work_calendar("SN", "Europe/Berlin").is_holiday(day)


def test_christmas_eve_is_no_public_holiday() -> None:
    assert not work_calendar("SN", "Europe/Berlin").is_holiday(date(2026, 12, 24))


def test_the_calendar_lives_in_the_given_zone_and_refuses_unknown_states() -> None:
    assert work_calendar("SN", "Europe/Berlin").zone == ZoneInfo("Europe/Berlin")
    with pytest.raises(NotImplementedError):
        work_calendar("XX", "Europe/Berlin")
