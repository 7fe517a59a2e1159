from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.books.rules.months import Month, months_of

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_month_is_written_and_read_alike() -> None:
    assert str(Month(2026, 3)) == "2026-03"
    assert Month.read("2026-03") == Month(2026, 3)


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-13", "2026-00", "26-03", "2026-3", "1999-01", "2026-03-01", "²026-03"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Month.read(text)


def test_neighbours_cross_the_year() -> None:
    assert Month(2026, 12).following == Month(2027, 1)
    assert Month(2027, 1).previous == Month(2026, 12)
    for month in months_of(2026):
        assert month.following.previous == month


def test_a_month_ends_with_its_last_day() -> None:
    assert Month(2028, 2).last_on == date(2028, 2, 29)
    assert Month(2026, 2).last_on == date(2026, 2, 28)


def test_the_clocks_of_the_shop_decide_which_month_a_moment_is_in() -> None:
    last_evening = datetime(2026, 10, 31, 23, 30, tzinfo=UTC)

    assert Month.at(last_evening, BERLIN) == Month(2026, 11)
    assert Month(2026, 11).begins_at(BERLIN) == datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    assert Month(2026, 11).ends_at(BERLIN) == datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
    assert Month(2026, 7).begins_at(BERLIN) == datetime(2026, 6, 30, 22, 0, tzinfo=UTC)
