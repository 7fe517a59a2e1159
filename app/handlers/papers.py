"""Drafts become invoices and corrections, and missing drafts are found."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.core.clock import utc_now
from app.flows.issue_invoice import give_up_issuing, issue_invoice
from app.flows.write_drafts import write_drafts
from app.handlers.handler import Failed, Handler
from app.shop import Shop


def _issue_invoice(shop: Shop, args: dict[str, Any]) -> None:
    # Only here, and not at the start: it brings the PDF library.
    from app.invoices.paper import invoice_pdf

    with shop.db.session() as session:
        issue_invoice(
            session,
            shop.checker,
            invoice_pdf,
            draft_id=args["draft_id"],
            settings=shop.settings,
            clock=utc_now,
        )


def _give_up_issuing(shop: Shop, args: dict[str, Any], error: str) -> None:
    with shop.db.session() as session:
        give_up_issuing(session, draft_id=args["draft_id"], error=error, now=utc_now())


def _write_drafts(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        write_drafts(session, zone=ZoneInfo(shop.settings.timezone), now=utc_now())


def _write_all_drafts(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        write_drafts(session, zone=ZoneInfo(shop.settings.timezone), now=utc_now(), is_whole=True)


HANDLERS: dict[str, Handler] = {
    "issue_invoice": _issue_invoice,
    "write_drafts": _write_drafts,
    "write_all_drafts": _write_all_drafts,
}

GIVE_UP: dict[str, Failed] = {"issue_invoice": _give_up_issuing}

RECURRING: dict[str, timedelta] = {
    "write_drafts": timedelta(minutes=2),
    # Looks through all delivered orders: what delivers one writes its draft itself.
    "write_all_drafts": timedelta(hours=1),
}
