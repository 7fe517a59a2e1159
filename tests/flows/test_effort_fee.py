from datetime import datetime

import pytest
from sqlmodel import Session, select

from app.core.db import Database
from app.core.transaction import transaction
from app.customers.models import Customer
from app.customers.rules.effort_levels import EffortLevel
from app.flows.place_order import OrderChanged
from app.mail.models import Mail
from app.ordering.models import Charge, Order
from app.ordering.rules.pricing import ChargeKind
from tests.flows.till import Till, open_till


def put_on(till: Till, level: EffortLevel) -> None:
    with till.database.session() as session, transaction(session):
        session.get_one(Customer, till.customer.id).effort_level = level


def test_the_fee_is_ordered_charged_and_mailed_as_it_was_shown(
    session: Session, database: Database, now: datetime
) -> None:
    till = open_till(session, database, now=now)
    put_on(till, EffortLevel.FEE)

    order = till.order(till.place().number)

    with database.read_session() as reading:
        charges = [(charge.kind, charge.net_cents) for charge in reading.exec(select(Charge))]
        mail = reading.exec(select(Mail).where(Mail.kind == "order_received")).one()
    assert charges == [(ChargeKind.EFFORT_FEE, 990)]
    assert (order.goods_net_cents, order.charges_net_cents) == (9_500, 990)
    assert [(one["kind"], one["net_cents"]) for one in mail.values["charges"]] == [("effort_fee", 990)]


@pytest.mark.parametrize(
    "shown, now_it_is", [(EffortLevel.WARNED, EffortLevel.FEE), (EffortLevel.FEE, EffortLevel.NORMAL)]
)
def test_nobody_orders_at_another_fee_than_was_shown(
    session: Session, database: Database, now: datetime, shown: EffortLevel, now_it_is: EffortLevel
) -> None:
    till = open_till(session, database, now=now)
    put_on(till, shown)
    page = till.shown()
    put_on(till, now_it_is)

    with pytest.raises(OrderChanged):
        till.place(shown=page)

    with database.read_session() as reading:
        assert reading.exec(select(Order)).all() == []
