"""Nothing stays half done: attempts that were left alone are looked at again, unpaid orders end."""

from datetime import datetime

from sqlmodel import Session, col, or_, select

from app.core.transaction import transaction
from app.jobs.service import put_job
from app.ordering.models import Order
from app.ordering.rules.states import CancelReason, OrderState
from app.ordering.service import cancel, lock_order
from app.payments.models import Payment
from app.payments.rules.deadlines import CHECK_HELD_AFTER, CHECK_OPEN_AFTER, TRANSIENT_AFTER, UNPAID_AFTER
from app.payments.rules.states import PaymentState, PaymentWay
from app.payments.service import LIVING, lock_payments

TRANSIENT = frozenset({PaymentState.CREATED, PaymentState.CAPTURING, PaymentState.RELEASING})
LIMIT = 200


def sweep_payments(session: Session, *, now: datetime) -> int:
    """Puts a job for each attempt that a crash or a lost webhook left behind; cancels orders nobody paid.

    Comes back with the number of attempts and orders it found. An attempt on an overdue order is found
    like any other: settling it closes its card page and ends the order.
    """
    found_count = _look_again(session, now=now)
    for order_id in _overdue(session, now=now):
        with transaction(session):
            order = lock_order(session, order_id)
            payments = lock_payments(session, order_id)
            if order.state is OrderState.RECEIVED and not any(one.state in LIVING for one in payments):
                cancel(session, order, reason=CancelReason.UNPAID, now=now)
                found_count += 1
    return found_count


def _look_again(session: Session, *, now: datetime) -> int:
    with transaction(session):
        stuck = col(Payment.state).in_(TRANSIENT) & (col(Payment.checked_at) < now - TRANSIENT_AFTER)
        quiet = (col(Payment.state) == PaymentState.OPEN) & (col(Payment.checked_at) < now - CHECK_OPEN_AFTER)
        held = (col(Payment.state) == PaymentState.HELD) & (col(Payment.checked_at) < now - CHECK_HELD_AFTER)
        query = select(Payment).where(or_(stuck, quiet, held)).order_by(col(Payment.checked_at)).limit(LIMIT)
        payments = session.exec(query.with_for_update(skip_locked=True)).all()
        for payment in payments:
            payment.checked_at = now
            key = f"sweep:{payment.id}:{now.isoformat()}"
            if payment.state is PaymentState.CREATED and payment.way is PaymentWay.OFF_SESSION:
                put_job(session, "charge_kept_card", key=key, now=now, payment_id=payment.id, is_swept=True)
            else:
                put_job(session, "settle_payment", key=key, now=now, payment_id=payment.id, is_swept=True)
        return len(payments)


def _overdue(session: Session, *, now: datetime) -> list[int]:
    query = (
        select(Order.id)
        .where(
            col(Order.state) == OrderState.RECEIVED,
            col(Order.placed_at) <= now - UNPAID_AFTER,
            ~select(Payment.id)
            .where(col(Payment.order_id) == col(Order.id), col(Payment.state).in_(LIVING))
            .exists(),
        )
        .order_by(col(Order.id))
        .limit(LIMIT)
    )
    ids = [order_id for order_id in session.exec(query) if order_id is not None]
    session.rollback()
    return ids
