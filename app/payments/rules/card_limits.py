"""How often one company may open card pages and have cards declined, and when the shop as a whole is careful."""

# A bot tries stolen cards on a shop's card page until one is not declined (card testing).

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.money import BP

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FREE_PAGES = 3
"""So many card pages a day are open to a company without a decline, whatever the policy says: no limit is lower."""
MOST_DECLINES_WHILE_CAREFUL = 2
"""The declines that a company which never paid here may have in a day while the breaker is tripped."""


class Stop(StrEnum):
    """Why a company gets no card page at this moment."""

    TOO_MANY_PAGES = "too_many_pages"
    TOO_MANY_DECLINES = "too_many_declines"
    FIRST_PAYMENT_WAITS = "first_payment_waits"


class Trip(StrEnum):
    """Why the breaker trips: too many declines, or too many of all tries."""

    COUNT = "count"
    RATE = "rate"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the policy allows one company in an hour and in a day."""

    pages_per_hour: int
    pages_per_day: int
    declines_per_hour: int
    declines_per_day: int


@dataclass(frozen=True, slots=True)
class Tries:
    """When a company opened card pages and had cards declined in the last day, in any order."""

    pages: Sequence[datetime] = ()
    declines: Sequence[datetime] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no card page, and from when there can be one."""

    stop: Stop
    open_at: datetime


@dataclass(frozen=True, slots=True)
class Traffic:
    """The tries of an hour in the whole shop: declined ones (of each company at most as many as it may have), and
    those whose money was reserved.
    """

    declined_count: int
    reserved_count: int

    @property
    def declined_bp(self) -> int:
        """Declined tries of all, in basis points, rounded down; 0 without any."""
        tried_count = self.declined_count + self.reserved_count
        return self.declined_count * BP // tried_count if tried_count else 0


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """When the policy has the shop become careful: from so many declines in an hour, or from a share of all tries
    once there are enough of them to mean something.
    """

    declines_per_hour: int
    least_declines: int
    declined_percent: int


def refusal_of(tries: Tries, limits: Limits, *, now: datetime) -> Refusal | None:
    """Why a company may not open another card page now; None where it may. Of several reasons the longest."""
    found = [
        Refusal(stop, open_at)
        for stop, moments, limit, window in (
            (Stop.TOO_MANY_DECLINES, tries.declines, limits.declines_per_hour, HOUR),
            (Stop.TOO_MANY_DECLINES, tries.declines, limits.declines_per_day, DAY),
            (Stop.TOO_MANY_PAGES, tries.pages, limits.pages_per_hour, HOUR),
            (Stop.TOO_MANY_PAGES, tries.pages, limits.pages_per_day, DAY),
        )
        if (open_at := free_at(moments, limit=limit, window=window, now=now)) is not None
    ]
    return max(found, key=lambda one: one.open_at, default=None)


def has_too_many_declines(
    declines: Sequence[datetime], limits: Limits, *, is_careful: bool, now: datetime
) -> bool:
    """Whether a company's open card page is to be closed. `is_careful`: it never paid and the breaker is tripped."""
    per_day = limits.declines_per_day
    if is_careful:
        per_day = min(per_day, MOST_DECLINES_WHILE_CAREFUL)
    return (
        free_at(declines, limit=limits.declines_per_hour, window=HOUR, now=now) is not None
        or free_at(declines, limit=per_day, window=DAY, now=now) is not None
    )


def careful_refusal(declines: Sequence[datetime], *, now: datetime) -> Refusal | None:
    """Why a company that never paid gets no further page while the breaker is tripped, though its wait is over."""
    open_at = free_at(declines, limit=MOST_DECLINES_WHILE_CAREFUL, window=DAY, now=now)
    return Refusal(Stop.TOO_MANY_DECLINES, open_at) if open_at else None


def free_at(moments: Sequence[datetime], *, limit: int, window: timedelta, now: datetime) -> datetime | None:
    """From when less than `limit` of the moments lie within the window again; None where that is so now."""
    recent = sorted(moment for moment in moments if moment > now - window)
    return recent[-limit] + window if len(recent) >= limit else None


def trip_of(traffic: Traffic, limits: BreakerLimits) -> Trip | None:
    """Why the shop becomes careful with companies that never paid; None while all is usual."""
    if traffic.declined_count >= limits.declines_per_hour:
        return Trip.COUNT
    is_enough = traffic.declined_count >= limits.least_declines
    tried_count = traffic.declined_count + traffic.reserved_count
    if is_enough and traffic.declined_count * 100 >= limits.declined_percent * tried_count:
        return Trip.RATE
    return None


def may_clear(
    traffic: Traffic, limits: BreakerLimits, *, tripped_at: datetime, wait: timedelta, now: datetime
) -> bool:
    """Whether the breaker clears by itself: nothing trips it now, and it lasted as long as anybody has to wait."""
    return now >= tripped_at + wait and trip_of(traffic, limits) is None
