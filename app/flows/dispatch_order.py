"""Accepted orders are handed to the carrier: state, shipment, timeline and the customer's mail in one go."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.catalogue.service_stock import use
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.customers.models import Contact
from app.fulfilment.models import DeliveryProof, Shipment
from app.fulfilment.rules.proofs import due_on, proof_of
from app.fulfilment.rules.runs import leaves_with
from app.invoices.service_drafts import put_drafts
from app.mail.service import put_mail
from app.ordering.models import Order, OrderLine
from app.ordering.queries_stock import blocks_of_orders
from app.ordering.rules.states import IN_PARCELS, OrderKind, OrderState, may_follow
from app.ordering.service import add_event
from app.payments.queries_disputes import disputed_among
from app.policy.queries import current_policy

MOST_PARCELS = 500


@dataclass(frozen=True)
class Parcel:
    """One order to hand over, by its number, with the carrier's code where there is one.

    `carrier` is that of this parcel where it is another than that of all.
    """

    number: str
    tracking_code: str = ""
    carrier: str = ""


def dispatch_orders(
    session: Session, parcels: Sequence[Parcel], *, carrier: str, today: date, actor: Actor, now: datetime
) -> list[str]:
    """Dispatches one or several orders, all or none; returns the numbers of those that left by this call.

    What they held of the stock leaves it. An order that left before is passed over: twice is once. `today` is
    the warehouse's date. Raises Invalid without an order or with too many, NotFound, and Refused
    `order.illegal_transition`, `order.no_goods` or `order.disputed` with the number.
    """
    if not parcels:
        raise Invalid(N_("Tick at least one order."), code="dispatch.nothing")
    if len(parcels) > MOST_PARCELS:
        message = N_("Tick at most %(most)s orders at once.")
        raise Invalid(message, code="dispatch.too_many", most=MOST_PARCELS)
    texts = [carrier, *(text for parcel in parcels for text in (parcel.tracking_code, parcel.carrier))]
    if any(len(text) > 64 for text in texts):
        message = N_("Please use at most 64 characters.")
        raise Invalid(message, code="dispatch.too_long", fields=(FieldError("carrier", message),))
    if not all(text.isprintable() for text in texts):
        # They stand in the customer's mail: a line end in them would write a line of its own there.
        message = N_("There are characters in it that cannot be printed.")
        raise Invalid(message, code="dispatch.not_printable", fields=(FieldError("carrier", message),))
    by_number = {parcel.number: replace(parcel, carrier=parcel.carrier or carrier) for parcel in parcels}
    with transaction(session):
        orders = session.exec(
            select(Order)
            .where(col(Order.number).in_(list(by_number)))
            .order_by(col(Order.id))
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        if len(orders) != len(by_number):
            raise NotFound(N_("One of these orders does not exist."), code="order.not_found")
        leaving = [order for order in orders if order.state is not OrderState.DISPATCHED]
        for order in leaving:
            if not may_follow(order.state, OrderState.DISPATCHED):
                message = N_("Order %(number)s cannot be dispatched: it is not accepted.")
                raise Refused(message, code="order.illegal_transition", number=order.number)
            if order.kind not in IN_PARCELS:
                message = N_("Order %(number)s cannot be dispatched: it holds no goods.")
                raise Refused(message, code="order.no_goods", number=order.number)
        disputed = disputed_among(session, [order.id or 0 for order in leaving])
        if disputed:
            message = N_("Order %(number)s waits: its payment was charged back. Decide on its page first.")
            raise Refused(message, code="order.disputed", number=disputed[0])
        contacts, lines = _told(session, leaving)
        for order in leaving:
            run_on = leaves_with(order.dispatch_on, today=today)
            parcel = by_number[order.number]
            _hand_over(session, order, parcel, run_on=run_on, actor=actor, now=now)
            to = contacts[order.contact_id]
            _mail(session, order, parcel, to=to, lines=lines[order.id or 0], run_on=run_on, now=now)
        _open_proofs(session, leaving, today=today, now=now)
        if leaving:
            ids = [order.id or 0 for order in leaving]
            charged = [order.id or 0 for order in leaving if order.kind is OrderKind.GOODS]
            put_drafts(session, charged, now=now)
            use(session, ids, block_ids=blocks_of_orders(session, ids), changed_by=actor.name, now=now)
            _record(session, leaving, by_number, actor=actor, now=now)
        reach("dispatch_order.before_commit")
    reach("dispatch_order.after_commit")
    return [order.number for order in leaving]


def _told(session: Session, orders: Sequence[Order]) -> tuple[dict[int, str], dict[int, list[OrderLine]]]:
    """Who is written to by contact id, and the lines by order id: two queries for all orders."""
    contact_ids = {order.contact_id for order in orders}
    contacts = session.exec(select(Contact).where(col(Contact.id).in_(contact_ids)))
    lines: dict[int, list[OrderLine]] = {order.id or 0: [] for order in orders}
    query = select(OrderLine).where(col(OrderLine.order_id).in_(list(lines))).order_by(col(OrderLine.id))
    for line in session.exec(query):
        lines[line.order_id].append(line)
    return {contact.id or 0: contact.email for contact in contacts}, lines


def _hand_over(
    session: Session, order: Order, parcel: Parcel, *, run_on: date, actor: Actor, now: datetime
) -> None:
    order.state = OrderState.DISPATCHED
    order.dispatched_at = now
    session.add(
        Shipment(
            order_id=order.id or 0,
            run_on=run_on,
            carrier=parcel.carrier,
            tracking_code=parcel.tracking_code,
            dispatched_by=actor.name,
            dispatched_at=now,
        )
    )
    add_event(
        session,
        order.id or 0,
        "dispatched",
        now=now,
        actor_name=actor.name,
        carrier=parcel.carrier,
        tracking_code=parcel.tracking_code,
        run_on=run_on.isoformat(),
    )


def _open_proofs(session: Session, orders: Sequence[Order], *, today: date, now: datetime) -> None:
    """Opens the slot of each proof that goods left; the policy is read only where there is one."""
    kinds = {order.id or 0: kind for order in orders if (kind := proof_of(order.kind, order.vat_case))}
    if not kinds:
        return
    until = due_on(today, current_policy(session).delivery_proof_days)
    for order_id, kind in kinds.items():
        session.add(DeliveryProof(order_id=order_id, kind=kind, due_on=until, created_at=now))


def _mail(
    session: Session,
    order: Order,
    parcel: Parcel,
    *,
    to: str,
    lines: Sequence[OrderLine],
    run_on: date,
    now: datetime,
) -> None:
    put_mail(
        session,
        "order_dispatched",
        key=f"order_dispatched:{order.id}",
        to=to,
        language=order.language,
        object_kind="order",
        object_id=order.id or 0,
        now=now,
        number=order.number,
        contact_name=order.contact_name,
        purchase_reference=order.purchase_reference,
        promised_on=order.promised_on.isoformat(),
        is_late=order.expected_on is not None or run_on > order.dispatch_on,
        told_on=order.expected_on.isoformat() if order.expected_on else "",
        carrier=parcel.carrier,
        tracking_code=parcel.tracking_code,
        lines=[{"quantity": line.quantity, "name": line.name} for line in lines],
    )


def _record(
    session: Session, orders: Sequence[Order], parcels: dict[str, Parcel], *, actor: Actor, now: datetime
) -> None:
    numbers = [order.number for order in orders]
    is_one = len(orders) == 1
    carriers = dict.fromkeys(parcels[number].carrier for number in numbers)
    record(
        session,
        actor,
        action="order.dispatched",
        object_kind="order",
        object_id=orders[0].id if is_one else None,
        object_name=", ".join(numbers),
        now=now,
        new={
            "orders": {number: parcels[number].tracking_code for number in numbers},
            "carrier": ", ".join(carriers),
        },
    )
