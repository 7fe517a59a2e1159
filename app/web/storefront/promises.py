"""The calendar by which the storefront promises deliveries."""

from starlette.requests import Request

from app.fulfilment.calendar import work_calendar
from app.ordering.rules.promise import Calendar
from app.web.rendering import shop_of


def calendar_of(request: Request) -> Calendar:
    """The working calendar of the warehouse."""
    settings = shop_of(request).settings
    return work_calendar(settings.seller_federal_state, settings.timezone)
