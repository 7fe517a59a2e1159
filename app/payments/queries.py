"""Reading payment attempts: what settling looks at, and what pages show."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.ordering.models import Order
from app.ordering.rules.states import OrderKind, OrderState
from app.payments.models import Payer, Payment
from app.payments.rules.deadlines import pay_until
from app.payments.rules.states import PaymentState


@dataclass(frozen=True, slots=True)
class Attempt:
    """A payment attempt with its order, as they were at one moment."""

    payment_id: int
    state: PaymentState
    token: str
    retry_count: int
    amount_cents: int
    session_id: str | None
    stripe_customer_id: str | None
    changed_at: datetime
    order_id: int
    order_number: str
    order_state: OrderState
    order_kind: OrderKind
    for_order_id: int | None
    customer_id: int
    contact_id: int
    pay_until_at: datetime
    joins_order_id: int | None


def attempt_by(
    session: Session,
    *,
    payment_id: int | None = None,
    session_id: str | None = None,
    intent_id: str | None = None,
) -> Attempt | None:
    """The attempt with this id, or whose card page or money this is, the first that is named; None for none."""
    if payment_id is not None:
        is_it = col(Payment.id) == payment_id
    elif session_id:
        is_it = col(Payment.session_id) == session_id
    elif intent_id:
        is_it = col(Payment.intent_id) == intent_id
    else:
        return None
    row = session.exec(
        select(Payment, Order, Payer.stripe_customer_id)
        .join(Order, col(Order.id) == col(Payment.order_id))
        .outerjoin(Payer, col(Payer.customer_id) == col(Order.customer_id))
        .where(is_it)
        .limit(1)
    ).first()
    if row is None:
        return None
    payment, order, stripe_customer_id = row
    return Attempt(
        payment_id=payment.id or 0,
        state=payment.state,
        token=payment.token,
        retry_count=payment.retry_count,
        amount_cents=payment.amount_cents,
        session_id=payment.session_id,
        stripe_customer_id=stripe_customer_id,
        changed_at=payment.changed_at,
        order_id=payment.order_id,
        order_number=order.number,
        order_state=order.state,
        order_kind=order.kind,
        for_order_id=order.for_order_id,
        customer_id=order.customer_id,
        contact_id=order.contact_id,
        pay_until_at=pay_until(order.placed_at),
        joins_order_id=order.joins_order_id,
    )


def payment_of_metadata(session: Session, *, attempt: str, order_number: str) -> int | None:
    """The id of the attempt that our metadata at Stripe names; both parts must belong together."""
    if not (attempt.isascii() and attempt.isdigit() and len(attempt) < 18):
        return None
    query = (
        select(Payment.id)
        .join(Order, col(Order.id) == col(Payment.order_id))
        .where(col(Payment.id) == int(attempt), col(Order.number) == order_number)
    )
    return session.exec(query).first()


def order_of_session(session: Session, session_id: str, *, customer_id: int) -> tuple[int, str] | None:
    """Payment id and order number behind a card page, if the order is the company's own."""
    row = session.exec(
        select(Payment.id, Order.number)
        .join(Order, col(Order.id) == col(Payment.order_id))
        .where(col(Payment.session_id) == session_id, col(Order.customer_id) == customer_id)
    ).first()
    return (row[0] or 0, row[1]) if row else None


def payments_of_order(session: Session, order_id: int) -> list[Payment]:
    """All attempts of an order, newest first."""
    query = select(Payment).where(col(Payment.order_id) == order_id).order_by(col(Payment.id).desc())
    return list(session.exec(query))
