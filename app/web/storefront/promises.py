"""How the storefront speaks of delivery promises."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from starlette.requests import Request

from app.fulfilment.calendar import work_calendar
from app.ordering.rules.promise import Calendar, Promise
from app.web.rendering import shop_of


@dataclass(frozen=True, slots=True)
class LastOrder:
    """Until when a promise can be had: a whole day, or a moment of it where `at` is given."""

    on: date
    at: datetime | None


def calendar_of(request: Request) -> Calendar:
    """The working calendar of the warehouse."""
    settings = shop_of(request).settings
    return work_calendar(settings.seller_federal_state, settings.timezone)


def last_order(promise: Promise, calendar: Calendar) -> LastOrder:
    """The end of a promise as people say it: midnight is the end of the day before."""
    local = promise.cut_off_at.astimezone(calendar.zone)
    if local.time() == time():
        return LastOrder(local.date() - timedelta(days=1), None)
    return LastOrder(local.date(), promise.cut_off_at)
