"""Reading how far customers' orders are from their rational size."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.core.paging import Slice, read_page
from app.customers.models import Customer
from app.insights.models import OrderSize
from app.insights.rules.order_sizes import OrderSizes, order_sizes
from app.ordering.models import Order
from app.ordering.queries_coach import read_history
from app.ordering.rules.coach import YEAR_DAYS
from app.ordering.rules.promise import Calendar
from app.ordering.rules.states import BINDING, OrderKind
from app.policy.queries import current_policy
from app.policy.rules.policy import Policy


class SizeOrder(StrEnum):
    """By what the report is sorted."""

    DISTANCE = "distance"
    SAVING = "saving"
    SIZE = "size"
    CHANGE = "change"
    COMPANY = "company"


def sizes_of_customer(
    session: Session, customer_id: int, *, calendar: Calendar, now: datetime, policy: Policy | None = None
) -> OrderSizes | None:
    """One customer's sizes as of now; None where nothing was ordered in twelve months."""
    history = read_history(session, customer_id, calendar=calendar, now=now, policy=policy)
    if not history.orders:
        return None
    return order_sizes(history.orders, history.goods, history.advice(), today=history.today)


def measure_sizes(session: Session, *, calendar: Calendar, now: datetime) -> Iterator[tuple[int, OrderSizes]]:
    """Each customer with an accepted order of goods in twelve months, by id, with its sizes."""
    buyers = session.exec(
        select(Order.customer_id)
        .where(
            col(Order.state).in_(BINDING),
            col(Order.kind) == OrderKind.GOODS,
            col(Order.placed_at) > now - timedelta(days=YEAR_DAYS),
        )
        .distinct()
        .order_by(col(Order.customer_id))
    ).all()
    policy = current_policy(session)
    for customer_id in buyers:
        sizes = sizes_of_customer(session, customer_id, calendar=calendar, now=now, policy=policy)
        if sizes is not None:
            yield customer_id, sizes


@dataclass(frozen=True, slots=True)
class Together:
    """All measured customers: how many, how many of them below their rational size, and the mean distances.

    `distance_bp` and `earlier_distance_bp` are means of those that have both; `saving_cents` is the sum.
    """

    customer_count: int
    below_count: int
    distance_bp: int | None
    earlier_distance_bp: int | None
    saving_cents: int
    measured_at: datetime | None


def sizes_in_all(session: Session) -> Together:
    """The sums of the report."""
    has_both = col(OrderSize.change_bp).is_not(None)
    row = session.execute(
        select_columns(
            func.count(),
            func.count().filter(col(OrderSize.distance_bp) > 0),
            func.avg(col(OrderSize.distance_bp)).filter(has_both),
            func.avg(col(OrderSize.earlier_distance_bp)).filter(has_both),
            func.coalesce(func.sum(OrderSize.saving_cents), 0),
            func.max(OrderSize.measured_at),
        )
    ).one()
    return Together(
        int(row[0]),
        int(row[1]),
        None if row[2] is None else round(row[2]),
        None if row[3] is None else round(row[3]),
        int(row[4]),
        row[5],
    )


def list_sizes(session: Session, *, order: SizeOrder, page: int) -> Slice[tuple[OrderSize, Customer]]:
    """One page of what was measured last, with the customers; what is unknown stands last."""
    return read_page(session, _sorted(order), page=page)


def each_size(session: Session) -> Iterator[tuple[OrderSize, Customer]]:
    """All that was measured last, by distance."""
    # A cursor of the server's would need a transaction, which reading connections do not have on PostgreSQL.
    for row in session.execute(_sorted(SizeOrder.DISTANCE)).all():
        yield row[0], row[1]


def _sorted(order: SizeOrder) -> Any:
    size = OrderSize
    columns: tuple[Any, ...] = {
        SizeOrder.DISTANCE: (col(size.distance_bp).is_(None), col(size.distance_bp).desc()),
        SizeOrder.SAVING: (col(size.saving_cents).desc(),),
        SizeOrder.SIZE: (col(size.size_cents),),
        SizeOrder.CHANGE: (col(size.change_bp).is_(None), col(size.change_bp).desc()),
        SizeOrder.COMPANY: (col(Customer.company_name),),
    }[order]
    return (
        select(OrderSize, Customer)
        .join(Customer, col(Customer.id) == col(OrderSize.customer_id))
        .order_by(*columns, col(OrderSize.customer_id))
    )
