from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from app.core.clock import NoSuchMoment, local_moment

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "day, at, moment",
    [
        ("2026-12-01", "08:30", datetime(2026, 12, 1, 7, 30, tzinfo=UTC)),
        ("2026-07-01", "08:30", datetime(2026, 7, 1, 6, 30, tzinfo=UTC)),
        ("2026-10-25", "02:30", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_local_time_is_the_clocks_of_the_shop_and_of_a_double_hour_the_first(
    day: str, at: str, moment: datetime
) -> None:
    assert local_moment(day, at, BERLIN) == moment


def test_a_time_that_the_clocks_leap_over_does_not_exist() -> None:
    with pytest.raises(NoSuchMoment):
        local_moment("2026-03-29", "02:30", BERLIN)


@pytest.mark.parametrize(
    "day, at, wrong",
    [("1.12.2026", "08:30", "day"), ("2026-12-01", "noon", "time"), ("0001-01-01", "00:00", "time")],
)
def test_what_is_no_day_or_time_is_told_apart(day: str, at: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        local_moment(day, at, BERLIN)
