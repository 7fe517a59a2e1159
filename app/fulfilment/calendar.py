"""The warehouse's working calendar: the public holidays of its federal state."""

import functools
from datetime import date
from zoneinfo import ZoneInfo

import holidays

from app.ordering.rules.promise import Calendar


@functools.cache
def work_calendar(state: str, timezone: str) -> Calendar:
    """The calendar of a German federal state (ISO 3166-2 without `DE-`, e.g. `SN`) in a time zone.

    Raises NotImplementedError for a state and ZoneInfoNotFoundError for a zone that does not exist.
    """
    _holidays_of(2026, state)
    return Calendar(ZoneInfo(timezone), lambda day: day in _holidays_of(day.year, state))


@functools.lru_cache(maxsize=256)
def _holidays_of(year: int, state: str) -> frozenset[date]:
    return frozenset(holidays.country_holidays("DE", subdiv=state, years=year))
