"""Reading payment attempts: what settling looks at, and what pages show."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.ordering.models import Order
from app.ordering.rules.states import OrderKind, OrderState
from app.payments.models import Payer, Payment
from app.payments.rules.deadlines import pay_until
from app.payments.rules.states import PaymentState, PaymentWay


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
    joins_order_id: int | None
    way: PaymentWay
    intent_id: str | None
    pay_until_at: datetime


_ATTEMPT: tuple[Any, ...] = (
    Payment.id,
    Payment.state,
    Payment.token,
    Payment.retry_count,
    Payment.amount_cents,
    Payment.session_id,
    Payer.stripe_customer_id,
    Payment.changed_at,
    Payment.order_id,
    Order.number,
    Order.state,
    Order.kind,
    Order.for_order_id,
    Order.customer_id,
    Order.contact_id,
    Order.joins_order_id,
    Payment.way,
    Payment.intent_id,
    Order.placed_at,
)
"""The columns of an Attempt in the order of its fields; plain, as each look at a payment asks for them."""


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
    row = session.execute(
        select(*_ATTEMPT)
        .select_from(Payment)
        .join(Order, col(Order.id) == col(Payment.order_id))
        .outerjoin(Payer, col(Payer.customer_id) == col(Order.customer_id))
        .where(is_it)
        .limit(1)
    ).first()
    if row is None:
        return None
    values: Any = (*row[:-1], pay_until(row.placed_at))
    return Attempt(*values)


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
