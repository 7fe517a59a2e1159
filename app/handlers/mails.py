"""E-mails leave the outbox, and what came back is read."""

from datetime import timedelta
from typing import Any

from app.core.clock import utc_now
from app.flows.note_mail_reports import read_bounces
from app.flows.reset_password import mail_reset_link
from app.flows.send_mail import give_up, send_mail
from app.handlers.handler import Failed, Handler
from app.shop import Shop


def _send_mail(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        send_mail(
            session,
            shop.transport,
            mail_id=args["mail_id"],
            environments=shop.environments,
            settings=shop.settings,
            now=utc_now(),
        )


def _give_up_mail(shop: Shop, args: dict[str, Any], error: str) -> None:
    with shop.db.session() as session:
        give_up(session, mail_id=args["mail_id"], error=error)


def _mail_reset_link(shop: Shop, args: dict[str, Any]) -> None:
    with shop.db.session() as session:
        mail_reset_link(session, email=args["email"], now=utc_now())


def _read_bounces(shop: Shop, _: dict[str, Any]) -> None:
    if shop.inbox is not None:
        with shop.db.session() as session:
            read_bounces(session, shop.inbox, now=utc_now())


HANDLERS: dict[str, Handler] = {
    "send_mail": _send_mail,
    "mail_reset_link": _mail_reset_link,
    "read_bounces": _read_bounces,
}

GIVE_UP: dict[str, Failed] = {
    "send_mail": _give_up_mail,
}

RECURRING: dict[str, timedelta] = {
    "read_bounces": timedelta(minutes=5),
}

LONGEST_BACKOFF: dict[str, timedelta] = {
    # A mail server that was down for a day: what waited for it is on its way within the half hour.
    "send_mail": timedelta(minutes=30),
}
