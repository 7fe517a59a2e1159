"""Staff have done what a customer paid for, or cannot do it: the service ends, and the customer reads so."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.care.service_special import close_special, lock_special
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.customers.service import lock_customer
from app.ordering.models import Charge, Order
from app.ordering.rules.states import OrderKind
from app.ordering.service import lock_order
from app.payments.models import Payment
from app.payments.queries_refunds import read_paid
from app.payments.rules.refunding import refund_of_order
from app.payments.service import lock_payments
from app.payments.service_refunds import ask_refund

LONGEST_NOTE = 1_000


def finish_service(session: Session, *, order_number: str, note: str, actor: Actor, now: datetime) -> None:
    """Closes a paid service with a short note to the customer; one that is over stays as it is: twice is once.

    Raises NotFound for an order that is no service, Invalid for a note that is too long, Refused
    (`order.illegal_transition`) for one that is not paid or was cancelled.
    """
    note = _checked(note)
    with transaction(session):
        order = _locked(session, order_number)
        row, service = lock_special(session, order.id or 0)
        if row.done_at is not None:
            return
        quantity = session.exec(select(Charge.quantity).where(col(Charge.order_id) == order.id)).one()
        minutes = service.minutes * quantity
        close_special(session, order, row, service, by=actor.name, note=note, minutes=minutes, now=now)
        new = {"service": service.code, "minutes": minutes}
        _record(session, "service.done", order, actor=actor, reason=note, new=new, now=now)


def give_back_service(session: Session, *, order_number: str, note: str, actor: Actor, now: datetime) -> None:
    """Ends a paid service that cannot be done: all that is left of its money goes back to the card, with a word why.

    One that is over stays as it is. Raises as finish_service, Invalid without a note, and Refused
    (`service.nothing_left`) where nothing is left to give back.
    """
    note = _checked(note)
    if not note:
        fault = FieldError("note", N_("Please tell the customer why it cannot be done."))
        raise Invalid(N_("Please check the entries."), code="service.invalid", fields=(fault,))
    with transaction(session):
        order = _locked(session, order_number)
        lock_payments(session, order.id or 0)
        row, service = lock_special(session, order.id or 0)
        if row.done_at is not None:
            return
        paid = read_paid(session, order.id or 0)
        left = refund_of_order(paid_cents=paid.paid_cents, refunded_cents=paid.refunded_cents) if paid else 0
        if paid is None or not left:
            raise Refused(N_("Nothing is left of this payment."), code="service.nothing_left")
        close_special(
            session, order, row, service, by=actor.name, note=note, minutes=0, given_back_cents=left, now=now
        )
        payment = session.get_one(Payment, paid.payment_id)
        cause = f"service:{order.id}"
        ask_refund(session, payment, amount_cents=left, lines=(), cause=cause, asked_by=actor.name, now=now)
        new = {"service": service.code, "amount_cents": left}
        _record(session, "service.given_back", order, actor=actor, reason=note, new=new, now=now)


def _checked(note: str) -> str:
    if len(note.strip()) > LONGEST_NOTE:
        fault = FieldError("note", N_("Please use at most 1,000 characters."))
        raise Invalid(N_("Please check the entries."), code="service.invalid", fields=(fault,))
    return note.strip()


def _locked(session: Session, order_number: str) -> Order:
    """The order of kind service, locked after its company. Raises NotFound."""
    found = session.exec(
        select(Order.id, Order.customer_id).where(
            col(Order.number) == order_number, col(Order.kind) == OrderKind.SERVICE
        )
    ).first()
    if found is None or found[0] is None:
        raise NotFound(N_("There is no such order."), code="order.not_found")
    lock_customer(session, found[1])
    return lock_order(session, found[0])


def _record(
    session: Session,
    action: str,
    order: Order,
    *,
    actor: Actor,
    reason: str,
    new: dict[str, Any],
    now: datetime,
) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind="order",
        object_id=order.id,
        object_name=order.number,
        now=now,
        reason=reason,
        new=new,
    )
