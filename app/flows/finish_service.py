"""Staff have done what a customer paid for, or cannot do it: the service ends, and the customer reads so."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor
from app.care.service_giving_back import give_back_special, note_special
from app.care.service_special import close_special, lock_special
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.transaction import transaction
from app.customers.service import lock_customer
from app.ordering.models import Charge, Order
from app.ordering.rules.states import OrderKind
from app.ordering.service import lock_order
from app.payments.service import lock_payments

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
        note_special(session, "service.done", order, actor=actor, reason=note, new=new, now=now)


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
        give_back_special(session, order, row, service, note=note, actor=actor, now=now)


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
