"""Reading which customers buy a lot here."""

from datetime import datetime

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col

from app.ordering.models import Order
from app.ordering.rules.states import OrderState


def bought_at_least(session: Session, least_cents: int, *, since: datetime) -> dict[int, int]:
    """Net cents of goods in accepted and dispatched orders since a moment, of customers that reach an amount."""
    total = func.sum(Order.goods_net_cents)
    rows = session.execute(
        select_columns(col(Order.customer_id), total)
        .where(
            col(Order.state).in_((OrderState.ACCEPTED, OrderState.DISPATCHED)), col(Order.placed_at) >= since
        )
        .group_by(col(Order.customer_id))
        .having(total >= least_cents)
    )
    return {customer_id: int(cents) for customer_id, cents in rows}


def bought_here_cents(session: Session, customer_id: int, *, since: datetime) -> int:
    """Net cents of goods in one customer's accepted and dispatched orders since a moment."""
    total = session.execute(
        select_columns(func.coalesce(func.sum(Order.goods_net_cents), 0)).where(
            col(Order.customer_id) == customer_id,
            col(Order.state).in_((OrderState.ACCEPTED, OrderState.DISPATCHED)),
            col(Order.placed_at) >= since,
        )
    ).scalar_one()
    return int(total)
