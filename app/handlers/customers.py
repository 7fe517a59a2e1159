"""Companies are taken in, screened, and their effort looked at."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.core.clock import utc_now
from app.flows.flag_growing import flag_growing
from app.flows.receive_application import receive_application
from app.flows.review_effort import (
    end_effort_overrides,
    put_nightly_review,
    review_all_efforts,
    review_effort,
)
from app.flows.screen_customer import screen_again, screen_all, screen_customer
from app.handlers.handler import Handler
from app.shop import Shop


def _receive_application(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        receive_application(session, application_id=args["application_id"], now=utc_now())


def _screen_customer(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        screen_customer(session, customer_id=args["customer_id"], trigger=args["trigger"], now=utc_now())


def _screen_again(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        screen_again(session, customer_id=args["customer_id"], trigger=args["trigger"], now=utc_now())


def _screen_all(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        screen_all(session, now=utc_now())


def _review_effort(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        review_effort(session, customer_id=args["customer_id"], is_lighter=args["is_lighter"], now=utc_now())


def _review_all_efforts(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        review_all_efforts(session, now=utc_now())


def _nightly_effort(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        now = utc_now()
        local = now.astimezone(ZoneInfo(shop.settings.timezone))
        end_effort_overrides(session, today=local.date(), now=now)
        put_nightly_review(session, local=local, now=now)


def _flag_growing(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        flag_growing(session, now=utc_now())


HANDLERS: dict[str, Handler] = {
    "receive_application": _receive_application,
    "screen_customer": _screen_customer,
    "screen_again": _screen_again,
    "screen_all": _screen_all,
    "review_effort": _review_effort,
    "review_all_efforts": _review_all_efforts,
    "nightly_effort": _nightly_effort,
    "flag_growing": _flag_growing,
}

RECURRING: dict[str, timedelta] = {
    "flag_growing": timedelta(hours=6),
    "nightly_effort": timedelta(minutes=10),
}
