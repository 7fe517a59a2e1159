"""Cards that are kept, and those that are tried."""

from datetime import timedelta
from typing import Any

from app.core.clock import utc_now
from app.flows.watch_card_testing import open_waiting_pages, watch_declines
from app.handlers.handler import Handler
from app.shop import Shop


def _watch_declines(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        watch_declines(
            session,
            shop.stripe,
            payment_id=args["payment_id"],
            intent_id=args["intent_id"],
            now=utc_now(),
        )


def _open_waiting_pages(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        open_waiting_pages(session, now=utc_now())


HANDLERS: dict[str, Handler] = {
    "watch_declines": _watch_declines,
    "open_waiting_pages": _open_waiting_pages,
}

RECURRING: dict[str, timedelta] = {
    "open_waiting_pages": timedelta(minutes=1),
}
