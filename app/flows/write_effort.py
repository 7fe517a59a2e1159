"""Staff write down a touch that cost time, or say whose fault a noted one was."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.care.models import EffortEvent
from app.care.rules.effort import BY_HAND, DECIDED, EffortCause, EffortKind
from app.care.service_effort import correct_cause, note_effort
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.customers.models import Customer
from app.customers.service import lock_customer
from app.ordering.models import Order, OrderEvent
from app.ordering.rules.states import OrderState

LONGEST_MINUTES = 600
LONGEST_TEXT = 400


@dataclass(frozen=True)
class Touch:
    """What a person wrote down: values of EffortKind and EffortCause, minutes or None for the policy's."""

    kind: str
    cause: str
    minutes: int | None
    note: str


def write_effort(
    session: Session,
    touch: Touch,
    *,
    customer_number: str = "",
    order_number: str = "",
    form_key: str,
    actor: Actor,
    now: datetime,
) -> bool:
    """Notes a touch of a customer or of one of its orders; False for a form that was sent before.

    A failed delivery stands on the order's timeline too. Raises NotFound, Invalid `effort.invalid` with the
    fields, Refused `effort.not_dispatched` for a failed delivery of an order that has not left.
    """
    _check(touch, form_key)
    with transaction(session):
        customer, order = _subject(session, customer_number, order_number)
        is_failed = touch.kind == EffortKind.FAILED_DELIVERY
        if is_failed and (order is None or order.state is not OrderState.DISPATCHED):
            raise Refused(
                N_("Only the delivery of an order that has left can fail."), code="effort.not_dispatched"
            )
        is_new = note_effort(
            session,
            customer_id=customer.id or 0,
            order_id=order.id if order else None,
            kind=EffortKind(touch.kind),
            cause=EffortCause(touch.cause),
            minutes=touch.minutes,
            source_key=f"staff:{form_key}",
            by=actor.name,
            note=touch.note,
            now=now,
        )
        if is_new:
            _record(session, customer, order, touch, actor=actor, now=now)
        if is_new and is_failed and order is not None:
            values = {"reason": touch.note} if touch.note else {}
            session.add(
                OrderEvent(
                    order_id=order.id or 0,
                    kind="delivery_failed",
                    actor_name=actor.name,
                    values=values,
                    at=now,
                )
            )
    return is_new


def correct_effort(
    session: Session, event_id: int, *, cause: str, reason: str, actor: Actor, now: datetime
) -> int:
    """Says anew whose fault a noted touch was, with a reason; returns the customer's id. The event itself stays.

    Raises NotFound, Invalid `effort.invalid` with the fields.
    """
    reason = reason.strip()
    faults = []
    if cause not in DECIDED:
        faults.append(FieldError("cause", N_("Please choose whose fault it was.")))
    if not 1 <= len(reason) <= LONGEST_TEXT:
        faults.append(FieldError("reason", N_("Please say why, in at most 400 characters.")))
    if faults:
        raise _invalid(*faults)
    with transaction(session):
        event = session.get(EffortEvent, event_id)
        if event is None:
            raise NotFound(N_("There is no such effort."), code="effort.not_found")
        customer = lock_customer(session, event.customer_id)
        session.refresh(event, with_for_update=True)
        correct_cause(session, customer, event, cause=EffortCause(cause), reason=reason, actor=actor, now=now)
        return event.customer_id


def _check(touch: Touch, form_key: str) -> None:
    faults = []
    if touch.kind not in BY_HAND:
        faults.append(FieldError("kind", N_("Please choose one of the offered values.")))
    if touch.cause not in set(EffortCause) - {EffortCause.PAID}:
        faults.append(FieldError("cause", N_("Please choose whose fault it was.")))
    if touch.minutes is not None and not 1 <= touch.minutes <= LONGEST_MINUTES:
        message = N_("Please enter a value from %(least)s to %(greatest)s.")
        faults.append(FieldError("minutes", message, {"least": 1, "greatest": LONGEST_MINUTES}))
    if len(touch.note) > LONGEST_TEXT:
        faults.append(
            FieldError("note", N_("Please use at most %(most)s characters."), {"most": LONGEST_TEXT})
        )
    if not 8 <= len(form_key) <= 64:
        faults.append(FieldError("form_key", N_("Please open this page anew and send the form from there.")))
    if faults:
        raise _invalid(*faults)


def _subject(session: Session, customer_number: str, order_number: str) -> tuple[Customer, Order | None]:
    """The customer, its row locked, and the order."""
    order = None
    if order_number:
        order = session.exec(select(Order).where(col(Order.number) == order_number)).first()
        if order is None:
            raise NotFound(N_("There is no such order."), code="order.not_found")
        customer_id: int | None = order.customer_id
    else:
        customer_id = session.exec(select(Customer.id).where(col(Customer.number) == customer_number)).first()
        if customer_id is None:
            raise NotFound(N_("There is no such customer."), code="customer.not_found")
    return lock_customer(session, customer_id or 0), order


def _record(
    session: Session, customer: Customer, order: Order | None, touch: Touch, *, actor: Actor, now: datetime
) -> None:
    record(
        session,
        actor,
        action="effort.noted",
        object_kind="customer",
        object_id=customer.id,
        object_name=customer.company_name,
        now=now,
        reason=touch.note,
        new={"kind": touch.kind, "cause": touch.cause, "order": order.number if order else None},
    )


def _invalid(*faults: FieldError) -> Invalid:
    return Invalid(N_("Please check your entries."), code="effort.invalid", fields=faults)
