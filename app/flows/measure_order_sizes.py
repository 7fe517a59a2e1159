"""Measures how far each customer's orders are from their rational size, for the report."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, delete

from app.core.transaction import transaction
from app.insights.models import OrderSize
from app.insights.rules.order_sizes import OrderSizes
from app.insights.sizes import measure_sizes
from app.ordering.rules.promise import Calendar


def measure_order_sizes(session: Session, *, calendar: Calendar, now: datetime) -> int:
    """Replaces all that was measured before; how many customers were measured. A second run changes nothing."""
    rows = [
        _row(customer_id, sizes, now)
        for customer_id, sizes in measure_sizes(session, calendar=calendar, now=now)
    ]
    with transaction(session):
        session.execute(delete(OrderSize))
        if rows:
            session.execute(insert(OrderSize), rows)
    return len(rows)


def _row(customer_id: int, sizes: OrderSizes, now: datetime) -> dict[str, Any]:
    return {
        "customer_id": customer_id,
        **asdict(sizes),
        "distance_bp": sizes.distance_bp,
        "earlier_distance_bp": sizes.earlier_distance_bp,
        "change_bp": sizes.change_bp,
        "measured_at": now,
    }
