"""The books: exports are made and forgotten, and papers go when their time is over."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.audit.service import SYSTEM
from app.books.rules.gdpdu import Supplier
from app.core.clock import utc_now
from app.flows.delete_old_papers import delete_old_papers
from app.flows.export_books import forget_exports, give_up_export, make_export
from app.handlers.handler import Failed, Handler
from app.settings import Settings
from app.shop import Shop


def supplier_of(settings: Settings) -> Supplier:
    """Whose books an export holds."""
    name = f"{settings.seller_company_name} {settings.seller_legal_form}".strip()
    return Supplier(name, settings.seller_city, f"{settings.seller_brand} {settings.seller_vat_id}")


def _export_books(shop: Shop, args: dict[str, Any]) -> None:
    settings = shop.settings
    with shop.db.session() as session, shop.db.read_session() as reading:
        make_export(
            session,
            reading,
            args["export_id"],
            folder=settings.export_folder,
            zone=ZoneInfo(settings.timezone),
            supplier=supplier_of(settings),
            now=utc_now(),
        )


def _give_up_export(shop: Shop, args: dict[str, Any], _: str) -> None:
    with shop.db.session() as session:
        give_up_export(session, args["export_id"], now=utc_now())


def _tidy_exports(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        forget_exports(session, folder=shop.settings.export_folder, now=utc_now())


def _delete_old_papers(shop: Shop, _: dict[str, Any]) -> None:
    with shop.db.session() as session:
        delete_old_papers(session, is_dry_run=False, actor=SYSTEM, now=utc_now())


HANDLERS: dict[str, Handler] = {
    "export_books": _export_books,
    "tidy_exports": _tidy_exports,
    "delete_old_papers": _delete_old_papers,
}

GIVE_UP: dict[str, Failed] = {"export_books": _give_up_export}

RECURRING: dict[str, timedelta] = {
    "tidy_exports": timedelta(hours=24),
    "delete_old_papers": timedelta(hours=24),
}
