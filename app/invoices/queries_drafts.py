"""Finding what has no draft yet, what waits too long, and what is blocked."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, exists, select

from app.invoices.models import Invoice, InvoiceDraft
from app.invoices.rules.document import DocumentKind, DraftState
from app.ordering.models import Order
from app.ordering.rules.states import OrderKind, OrderState
from app.ordering.rules.vat import VatCase
from app.payments.models import Payment, Refund
from app.payments.rules.states import PaymentState, RefundState

LIMIT = 500
BEFORE_DELIVERY = (VatCase.DOMESTIC, VatCase.REVERSE_CHARGE, VatCase.OUTSIDE)
"""Goods that leave the country are free of VAT because they leave: before that there is nothing to invoice."""


def supplied_orders(session: Session) -> Sequence[int]:
    """Delivered or done orders without a draft, oldest first, some hundred at once."""
    return _ids(session, _without_draft().where(col(Order.state) == OrderState.DISPATCHED))


def paid_before_delivery(session: Session, *, paid_before: datetime) -> Sequence[int]:
    """Orders that were paid before a moment and not delivered yet, without a draft."""
    query = _without_draft().where(
        col(Order.state) == OrderState.ACCEPTED,
        col(Order.vat_case).in_(BEFORE_DELIVERY),
        exists().where(
            col(Payment.order_id) == col(Order.id),
            col(Payment.state) == PaymentState.CAPTURED,
            col(Payment.settled_at) < paid_before,
        ),
    )
    return _ids(session, query)


def refunds_to_correct(session: Session) -> list[tuple[int, int]]:
    """Done refunds (id, order id) of orders that have their invoice, without a draft."""
    rows = session.execute(
        select(Refund.id, Refund.order_id)
        .where(
            col(Refund.state) == RefundState.DONE,
            ~exists().where(col(InvoiceDraft.refund_id) == col(Refund.id)),
            exists().where(
                col(Invoice.order_id) == col(Refund.order_id), col(Invoice.kind) != DocumentKind.CORRECTION
            ),
        )
        .order_by(col(Refund.id))
        .limit(LIMIT)
    )
    return [(int(refund_id), int(order_id)) for refund_id, order_id in rows]


def stuck_drafts(session: Session, *, before: datetime) -> Sequence[int]:
    """Drafts that have waited since then, as after a lost job."""
    rows = session.exec(
        select(InvoiceDraft.id)
        .where(col(InvoiceDraft.state) == DraftState.WAITING, col(InvoiceDraft.changed_at) < before)
        .order_by(col(InvoiceDraft.id))
        .limit(LIMIT)
    )
    return [draft_id for draft_id in rows if draft_id is not None]


def count_blocked(session: Session) -> int:
    """How many drafts a person has to look at."""
    return session.exec(
        select(func.count()).select_from(InvoiceDraft).where(col(InvoiceDraft.state) == DraftState.BLOCKED)
    ).one()


def _without_draft() -> Any:
    """Charged orders that have no draft and whose money did not all go back."""
    going_back = (
        select(func.coalesce(func.sum(Refund.amount_cents), 0))
        .where(
            col(Refund.order_id) == col(Order.id),
            col(Refund.state).in_((RefundState.ASKED, RefundState.DONE)),
        )
        .scalar_subquery()
    )
    return select(Order.id).where(
        col(Order.kind) != OrderKind.REPLACEMENT,
        col(Order.gross_cents) > going_back,
        ~exists().where(col(InvoiceDraft.order_id) == col(Order.id), col(InvoiceDraft.refund_id).is_(None)),
    )


def _ids(session: Session, query: Any) -> Sequence[int]:
    return list(session.execute(query.order_by(col(Order.id)).limit(LIMIT)).scalars())
