"""Confirming a company's VAT id while it orders: for a short time at the checkout, by a job elsewhere."""

from datetime import datetime

from starlette.requests import Request

from app.customers.rules.vat_ids import VatIdStatus
from app.flows.check_vat_id import ask_soon, confirm_for_checkout
from app.ordering.rules.vat_case import VatPosition
from app.web.rendering import shop_of
from app.web.visitor import Visitor

ANSWER_SECONDS = 2.5
"""So long a page waits for VIES and eVatR together."""


def confirm_now(request: Request, visitor: Visitor, vat: VatPosition, *, now: datetime) -> bool:
    """The same as `confirm_company_now`, for the company that looks at the page."""
    return confirm_company_now(request, visitor.customer_id, vat, now=now)


def confirm_company_now(request: Request, customer_id: int, vat: VatPosition, *, now: datetime) -> bool:
    """Whether the VAT id that the amounts hang on is confirmed by now. No connection may be held meanwhile."""
    if not vat.is_waiting:
        return False
    shop = shop_of(request)
    with shop.db.session() as session:
        status = confirm_for_checkout(
            session,
            shop.vat_services.hurried(answer_seconds=ANSWER_SECONDS),
            customer_id=customer_id,
            now=now,
        )
    return status is VatIdStatus.CONFIRMED


def confirm_soon(request: Request, visitor: Visitor, vat: VatPosition, *, now: datetime) -> None:
    """Has the VAT id asked about where the amounts hang on it; nobody waits."""
    if vat.is_waiting:
        with shop_of(request).db.session() as session:
            ask_soon(session, customer_id=visitor.customer_id, now=now)
