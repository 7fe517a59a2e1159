"""How the storefront speaks of delivery promises."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from starlette.requests import Request

from app.core.clock import utc_now
from app.fulfilment.calendar import work_calendar
from app.fulfilment.queries_calendar import warehouse_calendar
from app.ordering.rules.promise import Calendar, Promise
from app.web.rendering import shop_of

SCOPE_KEY = "warehouse_calendar"


@dataclass(frozen=True, slots=True)
class LastOrder:
    """Until when a promise can be had: a whole day, or a moment of it where `at` is given."""

    on: date
    at: datetime | None


def calendar_of(request: Request) -> Calendar:
    """The working calendar of the warehouse with its closing days: one small query, once a request."""
    known: Calendar | None = request.scope.get(SCOPE_KEY)
    if known is None:
        shop = shop_of(request)
        with shop.db.read_session() as session:
            known = request.scope[SCOPE_KEY] = warehouse_calendar(
                session,
                state=shop.settings.seller_federal_state,
                timezone=shop.settings.timezone,
                now=utc_now(),
            )
    return known


def holidays_of(request: Request) -> Calendar:
    """The calendar of the federal state, for who reads the warehouse's closing days itself."""
    settings = shop_of(request).settings
    return work_calendar(settings.seller_federal_state, settings.timezone)


def last_order(promise: Promise, calendar: Calendar) -> LastOrder:
    """The end of a promise as people say it: midnight is the end of the day before."""
    local = promise.cut_off_at.astimezone(calendar.zone)
    if local.time() == time():
        return LastOrder(local.date() - timedelta(days=1), None)
    return LastOrder(local.date(), promise.cut_off_at)
