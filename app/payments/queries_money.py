"""Reading refunds, requests and the ledger for the staff's pages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, or_, select

from app.core.errors import N_, NotFound
from app.core.paging import Slice, read_page
from app.ordering.models import Order
from app.payments.models import (
    Dispute,
    FraudWarning,
    MoneyEvent,
    Payment,
    Refund,
    RefundRequest,
    StripeEvent,
)
from app.payments.queries_desk import latest_event_at
from app.payments.rules.staff_refunds import RequestState
from app.payments.rules.states import PaymentState, RefundState

SILENT_AFTER = timedelta(hours=2)
"""So long without any event, while somebody is paying, webhooks are probably broken."""


@dataclass(frozen=True, slots=True)
class WebhookHealth:
    """When Stripe was heard of last, and how many attempts were open for longer than any event should take."""

    heard_at: datetime | None
    open_count: int
    unread_count: int

    def is_silent(self, now: datetime) -> bool:
        """Whether nothing came for two hours although somebody is or was paying."""
        return self.open_count > 0 and (self.heard_at is None or now - self.heard_at > SILENT_AFTER)


def webhook_health(session: Session, *, now: datetime) -> WebhookHealth:
    """How the webhooks are, from the rows alone. Attempts count that began before the last two hours' silence."""
    heard_at = latest_event_at(session)
    earliest = now - timedelta(days=2)
    since = earliest if heard_at is None else max(heard_at, earliest)
    open_count = session.exec(
        select(func.count()).where(
            col(Payment.state).in_((PaymentState.OPEN, PaymentState.CAPTURED, PaymentState.RELEASED)),
            col(Payment.created_at) > since,
            col(Payment.created_at) < now - timedelta(minutes=10),
            col(Payment.session_id).is_not(None),
            ~col(Payment.session_id).startswith("demo_"),
        )
    ).one()
    unread = session.exec(
        select(func.count()).where(
            col(StripeEvent.handled_at).is_(None), col(StripeEvent.received_at) < now - timedelta(minutes=15)
        )
    ).one()
    return WebhookHealth(heard_at, open_count, unread)


def payment_by_id(session: Session, payment_id: int) -> tuple[Payment, Order]:
    """One attempt with its order. Raises NotFound."""
    row = session.exec(
        select(Payment, Order)
        .join(Order, col(Order.id) == col(Payment.order_id))
        .where(col(Payment.id) == payment_id)
    ).first()
    if row is None:
        raise NotFound(N_("There is no such payment."), code="payment.unknown")
    return row


def refunds_of_order(session: Session, order_id: int) -> Sequence[Refund]:
    """All refunds of an order, oldest first."""
    query = select(Refund).where(col(Refund.order_id) == order_id).order_by(col(Refund.id))
    return session.exec(query).all()


def requests_of_order(session: Session, order_id: int) -> Sequence[RefundRequest]:
    """What staff wanted paid back for an order, oldest first."""
    query = select(RefundRequest).where(col(RefundRequest.order_id) == order_id)
    return session.exec(query.order_by(col(RefundRequest.id))).all()


def list_refunds(
    session: Session, *, state: RefundState | None, text: str, page: int
) -> Slice[tuple[Refund, str]]:
    """One page of refunds with the number of their order, newest first."""
    query = (
        select_columns(Refund, col(Order.number))
        .join(Order, col(Order.id) == col(Refund.order_id))
        .order_by(col(Refund.id).desc())
    )
    if state is not None:
        query = query.where(col(Refund.state) == state)
    if text:
        query = query.where(
            col(Order.number).icontains(text, autoescape=True) | (col(Refund.refund_id) == text)
        )
    return read_page(session, query, page=page)


def waiting_requests(session: Session, *, limit: int) -> Sequence[tuple[RefundRequest, str]]:
    """Refunds that a second person has to grant, oldest first, with the number of their order."""
    rows = session.execute(
        select_columns(RefundRequest, col(Order.number))
        .join(Order, col(Order.id) == col(RefundRequest.order_id))
        .where(col(RefundRequest.state) == RequestState.WAITING)
        .order_by(col(RefundRequest.id))
        .limit(limit)
    )
    return [(request, number) for request, number in rows]


def count_waiting_requests(session: Session) -> int:
    """How many refunds wait for a second person."""
    return session.exec(select(func.count()).where(col(RefundRequest.state) == RequestState.WAITING)).one()


def ledger_of_order(session: Session, order_id: int) -> Sequence[MoneyEvent]:
    """The ledger of an order, oldest line first."""
    query = select(MoneyEvent).where(col(MoneyEvent.order_id) == order_id)
    return session.exec(query.order_by(col(MoneyEvent.at), col(MoneyEvent.id))).all()


def events_of_payment(session: Session, payment: Payment) -> Sequence[StripeEvent]:
    """What Stripe told about a payment: its page, its intent, its refunds, disputes and warnings; newest first."""
    refunds = select(Refund.refund_id).where(
        col(Refund.payment_id) == payment.id, col(Refund.refund_id).is_not(None)
    )
    disputes = select(Dispute.dispute_id).where(col(Dispute.payment_id) == payment.id)
    warnings = select(FraudWarning.warning_id).where(col(FraudWarning.payment_id) == payment.id)
    own = [one for one in (payment.session_id, payment.intent_id) if one]
    query = select(StripeEvent).where(
        or_(
            col(StripeEvent.stripe_object_id).in_(own),
            col(StripeEvent.stripe_object_id).in_(refunds),
            col(StripeEvent.stripe_object_id).in_(disputes),
            col(StripeEvent.stripe_object_id).in_(warnings),
        )
    )
    return session.exec(query.order_by(col(StripeEvent.id).desc()).limit(50)).all()
