"""Reading payments and Stripe's events for the staff's pages."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.core.paging import Slice, read_page
from app.ordering.models import Order
from app.payments.models import Payment, StripeEvent
from app.payments.rules.states import PaymentState


def list_payments(
    session: Session, *, state: PaymentState | None, text: str, page: int
) -> Slice[tuple[Payment, str]]:
    """One page of attempts with the number of their order, newest first."""
    query = (
        select_columns(Payment, col(Order.number))
        .join(Order, col(Order.id) == col(Payment.order_id))
        .order_by(col(Payment.created_at).desc(), col(Payment.id).desc())
    )
    if state is not None:
        query = query.where(col(Payment.state) == state)
    if text:
        query = query.where(
            col(Order.number).icontains(text, autoescape=True) | (col(Payment.intent_id) == text)
        )
    return read_page(session, query, page=page)


def payments_of_order(session: Session, order_id: int) -> Sequence[Payment]:
    """The attempts for an order, oldest first."""
    return session.exec(
        select(Payment)
        .where(col(Payment.order_id) == order_id)
        .order_by(col(Payment.created_at), col(Payment.id))
    ).all()


def released_since(session: Session, since: datetime, *, reasons: frozenset[str]) -> int:
    """How many reserved amounts were given back since a moment for one of these reasons."""
    count: int = session.execute(
        select_columns(func.count()).where(
            col(Payment.state) == PaymentState.RELEASED,
            col(Payment.release_reason).in_(reasons),
            col(Payment.settled_at) >= since,
        )
    ).scalar_one()
    return count


def count_held(session: Session) -> int:
    """How many reserved amounts wait for a person."""
    count: int = session.execute(
        select_columns(func.count()).where(col(Payment.state) == PaymentState.HELD)
    ).scalar_one()
    return count


def latest_event_at(session: Session) -> datetime | None:
    """When Stripe told us something last, or None."""
    latest = session.exec(select(StripeEvent).order_by(col(StripeEvent.id).desc()).limit(1)).first()
    return latest.received_at if latest else None


def latest_events(session: Session, *, limit: int) -> Sequence[StripeEvent]:
    """The newest events."""
    return session.exec(select(StripeEvent).order_by(col(StripeEvent.id).desc()).limit(limit)).all()
