"""Stolen cards are tried on a shop's card page: declines are counted, pages closed, and first payments wait."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.audit.service import Actor
from app.core.errors import N_, FieldError, Invalid
from app.core.transaction import transaction
from app.customers.service import lock_customer
from app.jobs.service import put_job
from app.ordering.models import Order
from app.ordering.service import add_event
from app.payments.models import Payment
from app.payments.rules.states import PaymentState
from app.payments.service_limits import (
    clear_breaker,
    clear_when_calm,
    forget_declines,
    note_declines,
    tell_waiting,
)
from app.payments.stripe_gateway import StripeGateway

KEPT = timedelta(days=90)
"""So long declines and waits are kept."""


def watch_declines(
    session: Session, gateway: StripeGateway, *, payment_id: int, intent_id: str, now: datetime
) -> bool:
    """Counts each declined try on a card page once; True where the page was closed because there were too many.

    Raises StripeUnavailable when Stripe does not answer: the job tries again.
    """
    declines = gateway.declines_of(intent_id)
    with transaction(session):
        row = session.exec(
            select(Payment, Order.customer_id)
            .join(Order, col(Order.id) == col(Payment.order_id))
            .where(col(Payment.id) == payment_id)
        ).one()
        payment, customer_id = row
        order_id, session_id = payment.order_id, payment.session_id
        lock_customer(session, customer_id)
        is_too_much = note_declines(
            session, declines, payment_id=payment_id, customer_id=customer_id, now=now
        )
        is_open = session_id is not None and payment.state is PaymentState.OPEN
    if not (is_too_much and is_open and session_id):
        return False
    gateway.expire_session(session_id)
    with transaction(session):
        payment = session.get_one(Payment, payment_id, with_for_update=True)
        if payment.state is PaymentState.OPEN:
            add_event(session, order_id, "card_page_closed", now=now)
        # Where the customer was faster, it finds the money.
        put_job(session, "settle_payment", key=f"closed:{payment_id}", now=now, payment_id=payment_id)
    return True


def open_waiting_pages(session: Session, *, now: datetime) -> int:
    """Ends the time in which the shop is careful where it is calm, and writes to those whose card page is open now.

    Comes back with how many were written to.
    """
    with transaction(session):
        clear_when_calm(session, now=now)
        told_count = tell_waiting(session, now=now)
        forget_declines(session, before=now - KEPT)
    return told_count


def let_first_payments_go(session: Session, *, reason: str, actor: Actor, now: datetime) -> bool:
    """A person ends the time in which first payments wait; False where none wait. Raises Invalid without a reason."""
    if not reason.strip():
        fault = FieldError("reason", N_("Please say why."))
        raise Invalid(N_("Please check the entries."), code="card_breaker.invalid", fields=(fault,))
    with transaction(session):
        is_cleared = clear_breaker(session, actor=actor, reason=reason.strip(), now=now)
        if is_cleared:
            tell_waiting(session, now=now)
    return is_cleared
