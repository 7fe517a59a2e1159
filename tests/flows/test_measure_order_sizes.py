"""The distance of each customer's orders from the rational size is kept, and replaced as a whole."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, select

from app.flows.measure_order_sizes import measure_order_sizes
from app.fulfilment.calendar import work_calendar
from app.insights.models import OrderSize
from app.ordering.rules.states import OrderState
from tests import make
from tests.ordering.shopping import orders_of

CALENDAR = work_calendar("SN", "Europe/Berlin")

pytestmark = pytest.mark.database


def test_each_customer_with_orders_in_a_year_is_measured_and_who_stops_is_gone(
    session: Session, now: datetime
) -> None:
    small, one, unpaid = (make.contact(session, of=make.customer(session)) for _ in range(3))
    seals = make.bundle(session, price_cents=1_000)
    orders_of(session, small, [(seals, 3)], days_ago=range(21, 365, 21), now=now)
    orders_of(session, one, [(seals, 7)], days_ago=[300], now=now)
    orders_of(session, unpaid, [(seals, 7)], days_ago=[30], now=now, state=OrderState.RECEIVED)

    for _ in range(2):
        assert measure_order_sizes(session, calendar=CALENDAR, now=now) == 2

    rows = {row.customer_id: row for row in session.exec(select(OrderSize))}
    assert rows.keys() == {small.customer_id, one.customer_id}
    assert (rows[small.customer_id].distance_bp, rows[small.customer_id].every_days) == (5_000, 42)
    assert (rows[one.customer_id].size_cents, rows[one.customer_id].distance_bp) == (7_000, None)
    session.rollback()

    later = now + timedelta(days=100)

    assert measure_order_sizes(session, calendar=CALENDAR, now=later) == 1
    session.rollback()
    assert [row.customer_id for row in session.exec(select(OrderSize))] == [small.customer_id]
