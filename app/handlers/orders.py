"""Orders that are late, standing orders that ask, sizes that are measured."""

from datetime import datetime, timedelta
from typing import Any

from app.core.clock import utc_now
from app.flows.ask_standing_orders import ask_standing_orders
from app.flows.measure_order_sizes import measure_order_sizes
from app.flows.tell_late_orders import tell_late_orders
from app.fulfilment.calendar import work_calendar
from app.fulfilment.queries_calendar import warehouse_calendar
from app.handlers.handler import Handler
from app.ordering.rules.promise import Calendar
from app.shop import Shop


def _calendar(shop: Shop, *, now: datetime) -> Calendar:
    settings = shop.settings
    with shop.db.read_session() as session:
        return warehouse_calendar(
            session, state=settings.seller_federal_state, timezone=settings.timezone, now=now
        )


def _tell_late_orders(shop: Shop, _: dict[str, Any]) -> None:
    settings = shop.settings
    with shop.db.session() as session:
        state, timezone = settings.seller_federal_state, settings.timezone
        tell_late_orders(session, state=state, timezone=timezone, now=utc_now())


def _measure_order_sizes(shop: Shop, _: dict[str, Any]) -> None:
    calendar = work_calendar(shop.settings.seller_federal_state, shop.settings.timezone)
    with shop.db.session() as session:
        measure_order_sizes(session, calendar=calendar, now=utc_now())


def _ask_standing_orders(shop: Shop, _: dict[str, Any]) -> None:
    calendar = _calendar(shop, now=utc_now())
    with shop.db.session() as session:
        ask_standing_orders(session, calendar=calendar, now=utc_now())


HANDLERS: dict[str, Handler] = {
    "tell_late_orders": _tell_late_orders,
    "ask_standing_orders": _ask_standing_orders,
    "measure_order_sizes": _measure_order_sizes,
}

RECURRING: dict[str, timedelta] = {
    # Closing a run or a day puts the job itself: this finds what a run left behind when its day is over.
    "tell_late_orders": timedelta(minutes=10),
    "measure_order_sizes": timedelta(hours=24),
    "ask_standing_orders": timedelta(minutes=10),
}
