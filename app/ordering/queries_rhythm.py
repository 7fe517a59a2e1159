"""Reading a company's earlier orders as the order rhythm sees them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.ordering.models import Order
from app.ordering.rules.promise import Calendar
from app.ordering.rules.rhythm import EarlierOrder, Place, RhythmChoice, leaving
from app.ordering.rules.states import OrderKind, OrderState
from app.policy.rules.policy import Policy


@dataclass(frozen=True, slots=True)
class Companions:
    """The orders that share a parcel with one: the number of the one it joins, those that join it."""

    joins: str
    joined_by: tuple[str, ...]


def read_earlier(
    session: Session, customer_id: int, *, policy: Policy, calendar: Calendar, now: datetime
) -> list[EarlierOrder]:
    """The company's orders that a new one can join or that make it a further one, oldest first."""
    query = select_earlier(customer_id).where(counts_for_rhythm(policy, now=now))
    return earlier_of(session.execute(query), policy=policy, calendar=calendar, now=now)


def select_earlier(customer_id: int) -> Select[Any]:
    """The columns of a company's orders that `earlier_of` needs, oldest order first."""
    query: Select[Any] = (
        select_columns(  # type: ignore[assignment]
            col(Order.id),
            col(Order.number),
            col(Order.checkout_key),
            col(Order.kind),
            col(Order.state),
            col(Order.rhythm),
            col(Order.joins_order_id),
            col(Order.accepted_at),
            col(Order.dispatch_on),
            col(Order.promised_on),
            col(Order.company_name),
            col(Order.street),
            col(Order.postal_code),
            col(Order.city),
            col(Order.country),
        )
        .where(col(Order.customer_id) == customer_id)
        .order_by(col(Order.id))
    )
    return query


def counts_for_rhythm(policy: Policy, *, now: datetime) -> ColumnElement[bool]:
    """Which orders matter: those of goods that wait, and normal ones accepted in the days of a window."""
    # One day more, as the rule counts whole days of the warehouse.
    since = now - timedelta(days=policy.rhythm_days + 1)
    in_window = and_(
        col(Order.state) == OrderState.DISPATCHED,
        col(Order.rhythm) == RhythmChoice.NORMAL,
        col(Order.accepted_at) > since,
    )
    return and_(col(Order.kind) == OrderKind.GOODS, or_(col(Order.state) == OrderState.ACCEPTED, in_window))


def earlier_of(
    rows: Iterable[Any], *, policy: Policy, calendar: Calendar, now: datetime
) -> list[EarlierOrder]:
    """Those of the rows (see `select_earlier`) that are accepted orders of goods, with the run that takes them now."""
    return [
        _earlier(row, policy=policy, calendar=calendar, now=now)
        for row in rows
        if row.kind is OrderKind.GOODS and row.accepted_at is not None
    ]


def _earlier(row: Any, *, policy: Policy, calendar: Calendar, now: datetime) -> EarlierOrder:
    is_waiting = row.state is OrderState.ACCEPTED
    dispatch_on, promised_on = row.dispatch_on, row.promised_on
    if is_waiting:
        dispatch_on, promised_on = leaving(
            policy, calendar, dispatch_on=dispatch_on, promised_on=promised_on, now=now
        )
    return EarlierOrder(
        id=row.id,
        number=row.number,
        rhythm=row.rhythm,
        accepted_on=row.accepted_at.astimezone(calendar.zone).date(),
        is_waiting=is_waiting,
        is_joined=row.joins_order_id is not None,
        dispatch_on=dispatch_on,
        promised_on=promised_on,
        place=Place(row.company_name, row.street, row.postal_code, row.city, row.country),
    )


def companions_of(session: Session, order: Order) -> Companions:
    """With which other orders of its company an order travels; one that is not paid rides in no other's parcel yet."""
    joins = ""
    if order.joins_order_id is not None and order.state is not OrderState.CANCELLED:
        joins = session.exec(select(Order.number).where(col(Order.id) == order.joins_order_id)).one()
    joined_by = session.exec(
        select(Order.number)
        .where(
            col(Order.joins_order_id) == order.id,
            col(Order.state).in_((OrderState.ACCEPTED, OrderState.DISPATCHED)),
        )
        .order_by(col(Order.id))
    )
    return Companions(joins, tuple(joined_by))
