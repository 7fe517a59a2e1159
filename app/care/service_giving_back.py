"""Giving the money of a paid special service back inside the caller's transaction, where it cannot be done."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.care.models import ServiceOrder, SpecialService
from app.care.service_special import close_special, lock_special
from app.core.errors import N_, Refused
from app.ordering.models import Order
from app.ordering.rules.states import OrderKind, OrderState
from app.payments.models import Payment
from app.payments.queries_refunds import read_paid
from app.payments.rules.refunding import refund_of_order
from app.payments.service_refunds import ask_refund


def services_to_do(session: Session, order_id: int) -> list[int]:
    """The ids of the paid services of an order that are not done; the caller holds the company."""
    ids = session.exec(
        select(Order.id)
        .join(ServiceOrder, col(ServiceOrder.order_id) == col(Order.id))
        .where(
            col(Order.for_order_id) == order_id,
            col(Order.kind) == OrderKind.SERVICE,
            col(Order.state) == OrderState.ACCEPTED,
            col(ServiceOrder.done_at).is_(None),
        )
    )
    return [one or 0 for one in ids]


def give_back_services(session: Session, services: Collection[Order], *, actor: Actor, now: datetime) -> None:
    """Ends the services of an order that was called off, whose goods they were for; each refund is its own.

    The caller holds them and their payments. One whose money went back before stays as it is.
    """
    for order in services:
        paid = read_paid(session, order.id or 0)
        row, service = lock_special(session, order.id or 0)
        if order.state is not OrderState.ACCEPTED or row.done_at is not None or paid is None:
            continue
        if refund_of_order(paid_cents=paid.paid_cents, refunded_cents=paid.refunded_cents):
            give_back_special(session, order, row, service, note="", actor=actor, now=now)


def give_back_special(
    session: Session,
    order: Order,
    row: ServiceOrder,
    service: SpecialService,
    *,
    note: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Ends a service that is not done: all that is left of its money goes back. Raises `service.nothing_left`."""
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
    note_special(session, "service.given_back", order, actor=actor, reason=note, new=new, now=now)


def note_special(
    session: Session,
    action: str,
    order: Order,
    *,
    actor: Actor,
    reason: str,
    new: dict[str, Any],
    now: datetime,
) -> None:
    """Writes the audit entry of an act on a service."""
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
