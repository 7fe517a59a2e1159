"""Staff have done what a customer paid for: the service ends, and the customer reads so."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.care.service_special import close_special, lock_special
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.transaction import transaction
from app.customers.service import lock_customer
from app.ordering.models import Charge, Order
from app.ordering.rules.states import OrderKind
from app.ordering.service import lock_order

LONGEST_NOTE = 1_000


def finish_service(session: Session, *, order_number: str, note: str, actor: Actor, now: datetime) -> None:
    """Closes a paid service with a short note to the customer; one that is done stays as it is: twice is once.

    Raises NotFound for an order that is no service, Invalid for a note that is too long, Refused
    (`order.illegal_transition`) for one that is not paid or was cancelled.
    """
    note = note.strip()
    if len(note) > LONGEST_NOTE:
        fault = FieldError("note", N_("Please use at most 1,000 characters."))
        raise Invalid(N_("Please check the entries."), code="service.invalid", fields=(fault,))
    with transaction(session):
        found = session.exec(
            select(Order.id, Order.customer_id).where(
                col(Order.number) == order_number, col(Order.kind) == OrderKind.SERVICE
            )
        ).first()
        if found is None or found[0] is None:
            raise NotFound(N_("There is no such order."), code="order.not_found")
        order_id, customer_id = found
        lock_customer(session, customer_id)
        order = lock_order(session, order_id)
        row, service = lock_special(session, order_id)
        if row.done_at is not None:
            return
        quantity = session.exec(select(Charge.quantity).where(col(Charge.order_id) == order_id)).one()
        minutes = service.minutes * quantity
        close_special(session, order, row, service, by=actor.name, note=note, minutes=minutes, now=now)
        record(
            session,
            actor,
            action="service.done",
            object_kind="order",
            object_id=order_id,
            object_name=order.number,
            now=now,
            reason=note,
            new={"service": service.code, "minutes": minutes},
        )
