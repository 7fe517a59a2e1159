"""The one place that reads the time."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


class NoSuchMoment(ValueError):
    """A local time that the clocks leap over."""


def utc_now() -> datetime:
    """The present moment, timezone-aware in UTC."""
    return datetime.now(UTC)


def local_moment(day: str, at: str, zone: ZoneInfo) -> datetime:
    """The moment (UTC) at which the clocks of a zone show a day (`2026-12-31`) and a time (`08:30`).

    Of an hour that comes twice, the first. Raises NoSuchMoment for a time that is leapt over, ValueError
    (`day` or `time`) for what is none.
    """
    try:
        on = date.fromisoformat(day)
    except ValueError as error:
        raise ValueError("day") from error
    try:
        local = datetime.combine(on, time.fromisoformat(at).replace(tzinfo=None), tzinfo=zone)
        moment = local.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("time") from error
    if moment.astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None):
        raise NoSuchMoment("time")
    return moment
