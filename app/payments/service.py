"""Writing payment attempts inside the caller's transaction."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.core.ids import new_token
from app.jobs.service import put_job
from app.ordering.models import Order
from app.payments.models import Payment
from app.payments.rules.states import PaymentState, PaymentWay, may_follow

JUST_PAYING = frozenset({PaymentState.CAPTURING, PaymentState.CAPTURED})
UNDECIDED = frozenset({PaymentState.CREATED, PaymentState.OPEN})
RESERVED = JUST_PAYING | {PaymentState.HELD}
"""The states in which the money of an order is there: no second card page is opened for it."""
LIVING = UNDECIDED | RESERVED | {PaymentState.RELEASING}
"""The states in which an attempt may still decide about its order."""


def is_being_charged(payment: Payment) -> bool:
    """Whether a kept card is just being charged: there is no page for it that could be opened again."""
    return payment.way is PaymentWay.OFF_SESSION and payment.state in UNDECIDED


def lock_payments(session: Session, order_id: int) -> list[Payment]:
    """All attempts of an order, oldest first, locked; they come last in the order of locks."""
    query = select(Payment).where(col(Payment.order_id) == order_id).order_by(col(Payment.id))
    return list(session.exec(query.with_for_update()))


def new_payment(session: Session, order: Order, *, expires_at: datetime, now: datetime) -> Payment:
    """A new attempt to be paid for an order, with its id."""
    assert order.id is not None
    payment = Payment(
        order_id=order.id,
        token=new_token()[:16],
        amount_cents=order.gross_cents,
        currency=order.currency,
        expires_at=expires_at.replace(microsecond=0),
        created_at=now,
        changed_at=now,
        checked_at=now,
    )
    session.add(payment)
    session.flush()
    return payment


def move(payment: Payment, following: PaymentState, *, now: datetime) -> None:
    """Takes an attempt to its next state. Raises ValueError for a step that does not exist."""
    if not may_follow(payment.state, following):
        raise ValueError(f"a payment never goes from {payment.state} to {following}")
    payment.state = following
    payment.changed_at = now


def let_go(session: Session, payments: list[Payment], *, now: datetime) -> None:
    """Has the undecided and held attempts of an order that ended looked at again: their pages will be closed,
    their money given back.
    """
    for payment in payments:
        if payment.state in UNDECIDED or payment.state is PaymentState.HELD:
            put_job(session, "settle_payment", key=f"let_go:{payment.id}", now=now, payment_id=payment.id)
