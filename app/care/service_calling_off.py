"""Ending an order whose money went back as a whole before it was delivered, inside the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from app.audit.service import Actor
from app.care.service_giving_back import give_back_services, services_to_do
from app.care.service_special import close_special, lock_special
from app.customers.service import lock_customer
from app.ordering.models import Order
from app.ordering.rules.states import OrderKind, OrderState
from app.ordering.service import call_off, lock_order
from app.payments.service import lock_payments


def lock_to_call_off(session: Session, order_id: int) -> tuple[Order, list[Order]]:
    """An order and the services that wait for it, locked with company and payments in the order of locks."""
    lock_customer(session, session.get_one(Order, order_id).customer_id)
    ids = sorted({order_id, *services_to_do(session, order_id)})
    orders = {one: lock_order(session, one) for one in ids}
    for one in ids:
        lock_payments(session, one)
    return orders[order_id], [orders[one] for one in ids if one != order_id]


def end_paid_back(
    session: Session,
    order: Order,
    services: Sequence[Order],
    *,
    amount_cents: int,
    actor: Actor,
    now: datetime,
) -> bool:
    """Calls off what is not delivered: goods give their stock free, a service ends; False where it left before.

    The money of services that wait for such goods goes back too, each as a refund of its own. A partial refund never
    comes here: it leaves its order alive.
    """
    if order.state is not OrderState.ACCEPTED:
        return False
    if order.kind is OrderKind.SERVICE:
        row, service = lock_special(session, order.id or 0)
        close_special(
            session,
            order,
            row,
            service,
            by=actor.name,
            note="",
            minutes=0,
            given_back_cents=amount_cents,
            now=now,
        )
        return True
    call_off(session, order, now=now, actor_name=actor.name)
    give_back_services(session, services, actor=actor, now=now)
    return True
