"""A customer takes back an order that is not paid."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.core.errors import N_, NotFound, Refused
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.ordering.models import Order
from app.ordering.rules.states import CancelReason, OrderState
from app.ordering.service import cancel
from app.payments.service import JUST_PAYING, let_go, lock_payments


def cancel_order(
    session: Session, *, order_number: str, customer_id: int, actor_name: str, now: datetime
) -> None:
    """Ends an unpaid order and has its card page closed; one cancelled before stays as it is.

    Raises NotFound for an order that is not the company's, Refused for one that is paid or just being paid.
    """
    with transaction(session):
        order = session.exec(
            select(Order)
            .where(col(Order.number) == order_number, col(Order.customer_id) == customer_id)
            .with_for_update()
        ).first()
        if order is None or order.id is None:
            raise NotFound(N_("There is no such order."), code="order.unknown")
        if order.state is OrderState.CANCELLED:
            return
        payments = lock_payments(session, order.id)
        if any(payment.state in JUST_PAYING for payment in payments):
            raise Refused(
                N_("This order is paid: it can no longer be cancelled here."), code="order.just_paying"
            )
        cancel(session, order, reason=CancelReason.BY_CUSTOMER, now=now, actor_name=actor_name)
        let_go(session, payments, now=now)
        reach("cancel_order.before_commit")
    reach("cancel_order.after_commit")
