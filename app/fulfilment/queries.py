"""Reading what is to be dispatched and what has left."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.fulfilment.models import Shipment
from app.ordering.models import Order, OrderLine
from app.ordering.rules.states import OrderState


@dataclass(frozen=True)
class DueOrder:
    """An accepted order that waits for its run."""

    number: str
    company_name: str
    postal_code: str
    city: str
    country: str
    dispatch_on: date
    promised_on: date
    lines: list[tuple[int, str]]


def due_counts(session: Session) -> list[tuple[date, int]]:
    """For each run day with accepted orders its number of them, earliest first."""
    rows = session.execute(
        select_columns(col(Order.dispatch_on), func.count())
        .where(col(Order.state) == OrderState.ACCEPTED)
        .group_by(col(Order.dispatch_on))
        .order_by(col(Order.dispatch_on))
    )
    return [(dispatch_on, count) for dispatch_on, count in rows]


def due_orders(session: Session, *, until: date, limit: int) -> list[DueOrder]:
    """Accepted orders of the runs up to `until`, in the order of run and number, at most `limit`."""
    orders = session.exec(
        select(Order)
        .where(col(Order.state) == OrderState.ACCEPTED, col(Order.dispatch_on) <= until)
        .order_by(col(Order.dispatch_on), col(Order.id))
        .limit(limit)
    ).all()
    lines: dict[int, list[tuple[int, str]]] = {order.id: [] for order in orders if order.id is not None}
    for line in session.exec(
        select(OrderLine).where(col(OrderLine.order_id).in_(list(lines))).order_by(col(OrderLine.id))
    ):
        lines[line.order_id].append((line.quantity, line.name))
    return [
        DueOrder(
            number=order.number,
            company_name=order.company_name,
            postal_code=order.postal_code,
            city=order.city,
            country=order.country,
            dispatch_on=order.dispatch_on,
            promised_on=order.promised_on,
            lines=lines[order.id or 0],
        )
        for order in orders
    ]


def shipment_of(session: Session, order_id: int) -> Shipment | None:
    """How an order left, or None while it is here."""
    return session.exec(select(Shipment).where(col(Shipment.order_id) == order_id)).first()


def latest_shipments(session: Session, *, limit: int) -> Sequence[tuple[Shipment, str]]:
    """The newest shipments with the number of their order."""
    rows = session.execute(
        select_columns(Shipment, col(Order.number))
        .join(Order, col(Order.id) == Shipment.order_id)
        .order_by(col(Shipment.id).desc())
        .limit(limit)
    )
    return [(shipment, number) for shipment, number in rows]
