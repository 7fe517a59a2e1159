"""The one place that reads the time."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present moment, timezone-aware in UTC."""
    return datetime.now(UTC)
