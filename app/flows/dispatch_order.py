"""Accepted orders are handed to the carrier: state, shipment, timeline and the customer's mail in one go."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.catalogue.service_stock import use
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.customers.models import Contact
from app.fulfilment.models import Shipment
from app.fulfilment.rules.runs import leaves_with
from app.mail.service import put_mail
from app.ordering.models import Order, OrderEvent, OrderLine
from app.ordering.queries_stock import blocks_of_orders
from app.ordering.rules.states import OrderState, may_follow

MOST_PARCELS = 100


@dataclass(frozen=True)
class Parcel:
    """One order to hand over, by its number, with the carrier's code where there is one."""

    number: str
    tracking_code: str = ""


def dispatch_orders(
    session: Session, parcels: Sequence[Parcel], *, carrier: str, today: date, actor: Actor, now: datetime
) -> list[str]:
    """Dispatches one or several orders, all or none; returns the numbers of those that left by this call.

    What they held of the stock leaves it. An order that left before is passed over: twice is once. `today` is
    the warehouse's date. Raises Invalid without an order or with too many, NotFound, and Refused
    `order.illegal_transition` with the number.
    """
    if not parcels:
        raise Invalid(N_("Tick at least one order."), code="dispatch.nothing")
    if len(parcels) > MOST_PARCELS:
        message = N_("Tick at most %(most)s orders at once.")
        raise Invalid(message, code="dispatch.too_many", most=MOST_PARCELS)
    if len(carrier) > 64 or any(len(parcel.tracking_code) > 64 for parcel in parcels):
        message = N_("Please use at most 64 characters.")
        raise Invalid(message, code="dispatch.too_long", fields=(FieldError("carrier", message),))
    codes = {parcel.number: parcel.tracking_code for parcel in parcels}
    with transaction(session):
        orders = session.exec(
            select(Order)
            .where(col(Order.number).in_(list(codes)))
            .order_by(col(Order.id))
            .with_for_update()
            .execution_options(populate_existing=True)
        ).all()
        if len(orders) != len(codes):
            raise NotFound(N_("One of these orders does not exist."), code="order.not_found")
        leaving = [order for order in orders if order.state is not OrderState.DISPATCHED]
        for order in leaving:
            if not may_follow(order.state, OrderState.DISPATCHED):
                message = N_("Order %(number)s cannot be dispatched: it is not accepted.")
                raise Refused(message, code="order.illegal_transition", number=order.number)
            _hand_over(
                session,
                order,
                carrier=carrier,
                tracking_code=codes[order.number],
                run_on=leaves_with(order.dispatch_on, today=today),
                actor=actor,
                now=now,
            )
        if leaving:
            ids = [order.id or 0 for order in leaving]
            use(session, ids, block_ids=blocks_of_orders(session, ids), changed_by=actor.name, now=now)
            _record(session, leaving, carrier=carrier, codes=codes, actor=actor, now=now)
        reach("dispatch_order.before_commit")
    reach("dispatch_order.after_commit")
    return [order.number for order in leaving]


def _hand_over(
    session: Session,
    order: Order,
    *,
    carrier: str,
    tracking_code: str,
    run_on: date,
    actor: Actor,
    now: datetime,
) -> None:
    assert order.id is not None
    order.state = OrderState.DISPATCHED
    order.dispatched_at = now
    session.add(
        Shipment(
            order_id=order.id,
            run_on=run_on,
            carrier=carrier,
            tracking_code=tracking_code,
            dispatched_by=actor.name,
            dispatched_at=now,
        )
    )
    values = {"carrier": carrier, "tracking_code": tracking_code, "run_on": run_on.isoformat()}
    session.add(
        OrderEvent(order_id=order.id, kind="dispatched", actor_name=actor.name, values=values, at=now)
    )
    contact = session.get_one(Contact, order.contact_id)
    lines = session.exec(
        select(OrderLine).where(col(OrderLine.order_id) == order.id).order_by(col(OrderLine.id))
    )
    put_mail(
        session,
        "order_dispatched",
        key=f"order_dispatched:{order.id}",
        to=contact.email,
        language=order.language,
        object_kind="order",
        object_id=order.id,
        now=now,
        number=order.number,
        contact_name=order.contact_name,
        purchase_reference=order.purchase_reference,
        promised_on=order.promised_on.isoformat(),
        is_late=run_on > order.dispatch_on,
        carrier=carrier,
        tracking_code=tracking_code,
        lines=[{"quantity": line.quantity, "name": line.name} for line in lines],
    )


def _record(
    session: Session,
    orders: Sequence[Order],
    *,
    carrier: str,
    codes: dict[str, str],
    actor: Actor,
    now: datetime,
) -> None:
    numbers = [order.number for order in orders]
    is_one = len(orders) == 1
    record(
        session,
        actor,
        action="order.dispatched",
        object_kind="order",
        object_id=orders[0].id if is_one else None,
        object_name=", ".join(numbers),
        now=now,
        new={"orders": {number: codes[number] for number in numbers}, "carrier": carrier},
    )
