"""The warehouse's working calendar: the public holidays of its federal state, and its own closing days."""

import functools
from collections.abc import Collection
from datetime import date
from zoneinfo import ZoneInfo

import holidays

from app.ordering.rules.promise import SATURDAY, Calendar


def work_calendar(state: str, timezone: str, *, closing_days: Collection[date] = ()) -> Calendar:
    """The calendar of a warehouse in a German federal state (ISO 3166-2 without `DE-`, e.g. `SN`) and time zone.

    Raises NotImplementedError for a state and ZoneInfoNotFoundError for a zone that does not exist.
    """
    return _calendar(state, timezone, frozenset(closing_days))


def holidays_between(state: str, first_on: date, last_on: date, *, language: str) -> list[tuple[date, str]]:
    """The public holidays of a state from one day to another that fall on Monday to Friday, with their names."""
    spoken = "de" if language == "de" else "en_US"
    years = range(first_on.year, last_on.year + 1)
    found = holidays.country_holidays("DE", subdiv=state, years=years, language=spoken)
    return sorted(
        (day, name)
        for day, name in found.items()
        if first_on <= day <= last_on and day.isoweekday() < SATURDAY
    )


@functools.lru_cache(maxsize=64)
def _calendar(state: str, timezone: str, closing_days: frozenset[date]) -> Calendar:
    _holidays_of(2026, state)
    return Calendar(
        ZoneInfo(timezone),
        lambda day: day in _holidays_of(day.year, state),
        closing_days.__contains__,
    )


@functools.lru_cache(maxsize=256)
def _holidays_of(year: int, state: str) -> frozenset[date]:
    return frozenset(holidays.country_holidays("DE", subdiv=state, years=year))
