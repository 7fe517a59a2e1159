"""Reading a company's earlier orders as the order rhythm sees them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.ordering.models import Order
from app.ordering.rules.promise import Calendar, Promise
from app.ordering.rules.rhythm import EarlierOrder, Place, RhythmChoice, Traveller, can_join, leaving
from app.ordering.rules.states import OrderKind, OrderState
from app.policy.queries import current_policy
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
            col(Order.placed_at),
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
        place=_place_of(row),
    )


def companions_of(session: Session, order: Order, *, calendar: Calendar, now: datetime) -> Companions:
    """With which other orders of its company an order travels, or travelled: with the same run to the same address.

    One that is not paid rides in no other's parcel yet. One query, another one where there are such orders.
    """
    related = or_(col(Order.id) == order.joins_order_id, col(Order.joins_order_id) == order.id)
    others = session.exec(select(Order).where(related).order_by(col(Order.id))).all()
    if not others:
        return Companions("", ())
    policy = current_policy(session)
    own = traveller_of(order, policy=policy, calendar=calendar, now=now)
    joins, joined_by = "", []
    for other in others:
        traveller = traveller_of(other, policy=policy, calendar=calendar, now=now)
        if other.id == order.joins_order_id and own.travels_with(traveller):
            joins = other.number
        elif other.state is not OrderState.RECEIVED and traveller.travels_with(own):
            joined_by.append(other.number)
    return Companions(joins, tuple(joined_by))


def still_joins(
    order: Order, waiting: Order, *, promise: Promise, policy: Policy, calendar: Calendar, now: datetime
) -> bool:
    """Whether an order that is accepted now, on its own `promise`, still travels with the waiting one that it joins."""
    leaves_on, arrives_on = leaving(
        policy, calendar, dispatch_on=waiting.dispatch_on, promised_on=waiting.promised_on, now=now
    )
    own_on, _ = leaving(
        policy,
        calendar,
        dispatch_on=max(order.dispatch_on, promise.dispatch_on),
        promised_on=order.promised_on,
        now=now,
    )
    leader = Traveller(waiting.state, leaves_on, waiting.dispatched_at, _place_of(waiting))
    own = Traveller(OrderState.ACCEPTED, own_on, None, _place_of(order))
    return own.travels_with(leader) and can_join(dispatch_on=leaves_on, promised_on=arrives_on, own=promise)


def traveller_of(order: Order, *, policy: Policy, calendar: Calendar, now: datetime) -> Traveller:
    """An order as its parcel sees it."""
    run_on, _ = leaving(
        policy, calendar, dispatch_on=order.dispatch_on, promised_on=order.promised_on, now=now
    )
    if order.state is OrderState.DISPATCHED:
        left_at = order.dispatched_at or now
        run_on = max(order.dispatch_on, left_at.astimezone(calendar.zone).date())
    return Traveller(order.state, run_on, order.dispatched_at, _place_of(order))


def _place_of(order: Any) -> Place:
    return Place(order.company_name, order.street, order.postal_code, order.city, order.country)
