"""Cards that are kept, charged and tried."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.core.clock import utc_now
from app.flows.charge_kept_card import charge_kept_card
from app.flows.keep_card import keep_card, let_card_go, look_at_card, warn_of_expiry
from app.flows.watch_card_testing import open_waiting_pages, watch_declines
from app.handlers.handler import Handler
from app.payments.stripe_gateway import StripeUnavailable
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


def _keep_card(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        keep_card(session, shop.stripe, payment_id=args["payment_id"], now=utc_now())


def _detach_card(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        let_card_go(session, shop.stripe, payment_method_id=args["payment_method_id"])


def _look_at_card(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        look_at_card(
            session,
            shop.stripe,
            payment_method_id=args["payment_method_id"],
            event_row_id=args.get("event_row_id"),
            now=utc_now(),
        )


def _charge_kept_card(shop: Shop, args: dict[str, Any]) -> None:
    try:
        with shop.db.session() as session:
            charge_kept_card(session, shop.stripe, payment_id=args["payment_id"], now=utc_now())
    except StripeUnavailable:
        # The next sweep asks again, under the same key.
        if not args.get("is_swept"):
            raise


def _warn_of_expiry(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        now = utc_now()
        warn_of_expiry(session, today=now.astimezone(ZoneInfo(shop.settings.timezone)).date(), now=now)


HANDLERS: dict[str, Handler] = {
    "watch_declines": _watch_declines,
    "open_waiting_pages": _open_waiting_pages,
    "keep_card": _keep_card,
    "detach_card": _detach_card,
    "look_at_card": _look_at_card,
    "charge_kept_card": _charge_kept_card,
    "warn_of_expiry": _warn_of_expiry,
}

RECURRING: dict[str, timedelta] = {
    "open_waiting_pages": timedelta(minutes=1),
    "warn_of_expiry": timedelta(hours=6),
}
