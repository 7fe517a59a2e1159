"""Orders below a minimum: with the surcharge that was shown, or refused with what is missing."""

from datetime import datetime

import pytest
from sqlmodel import Session, col, select

from app.core.db import Database
from app.core.errors import Refused
from app.flows.fill_cart import set_quantity
from app.flows.place_order import TooLittle
from app.mail.models import Mail
from app.ordering.models import Charge, Order, OrderTax
from app.ordering.queries_checkout import Checkout, read_checkout
from app.ordering.rules.pricing import ChargeKind
from app.ordering.rules.quantities import QuantityFault
from app.ordering.rules.way_out import Shortfall, Way
from app.policy.rules.policy import BelowMinimum
from tests import make
from tests.flows import agreed
from tests.flows.till import CALENDAR, Till, open_till


@pytest.fixture
def till(session: Session, database: Database, now: datetime) -> Till:
    return open_till(session, database, now=now)


def low_line(session: Session, till: Till, *, quantity: int = 24, **values: object) -> int:
    """A third line in the till's cart, of a bundle that is sold from 48 on in steps of 24."""
    sizes = {"minimum_quantity": 48, "order_step": 24, "price_cents": 100, "name_en": "Seal kit"}
    kit = make.bundle(session, **sizes | values)
    make.cart_line(session, of=till.customer, bundle=kit, quantity=quantity)
    return kit.id or 0


def orders(till: Till) -> list[Order]:
    with till.database.read_session() as reading:
        return list(reading.exec(select(Order)))


def checkout(session: Session, till: Till) -> Checkout:
    session.rollback()
    session.expire_all()
    return read_checkout(session, till.customer.id or 0, calendar=CALENDAR, now=till.now)


def test_a_line_below_its_minimum_carries_its_own_charge_taxed_pro_rata_with_the_goods(
    session: Session, till: Till
) -> None:
    low_line(session, till)

    placed = till.place()

    order = till.order(placed.number)
    session.rollback()
    charge = session.exec(select(Charge)).one()
    assert (charge.kind, charge.net_cents, charge.name) == (ChargeKind.LOW_LINE, 490, "Seal kit")
    assert charge.bundle_version_id is not None
    taxes = session.exec(select(OrderTax).order_by(col(OrderTax.vat_rate_bp))).all()
    # 20.00 of 119.00 goods at 7 %: 0.82 of the surcharge goes with them.
    assert [(tax.vat_rate_bp, tax.net_cents) for tax in taxes] == [(700, 2_082), (1_900, 10_308)]
    assert order.gross_cents == 11_900 + 490 + sum(tax.vat_cents for tax in taxes)
    (mail,) = session.exec(select(Mail)).all()
    assert mail.values["charges"] == [
        {"kind": "low_line", "net_cents": 490, "name": "Seal kit", "quantity": 1}
    ]


def test_the_cheapest_way_out_is_known_with_the_cart(session: Session, till: Till) -> None:
    bundle_id = low_line(session, till, quantity=24, order_step=4, minimum_quantity=28)

    found = checkout(session, till).way_out

    assert found is not None
    assert found.shortfalls == (Shortfall(bundle_id, 4, 490, is_refused=False),)
    assert found.best == Way(bundle_id, 4, 28, 400, 490, 0, 0)


def test_a_way_out_takes_no_piece_that_another_line_needs(session: Session, till: Till) -> None:
    shared = make.block(session, stock_milli=50_000)
    low_line(session, till, items=[(shared, 1)], price_cents=1, order_step=1, minimum_quantity=26)
    other = make.bundle(session, items=[(shared, 1)], price_cents=1_000)
    make.cart_line(session, of=till.customer, bundle=other, quantity=25)

    found = checkout(session, till).way_out

    assert found is not None
    assert found.remedies == (None,)


def test_where_the_policy_refuses_small_lines_the_cart_names_the_minimum_and_nothing_is_ordered(
    session: Session, till: Till
) -> None:
    agreed.policy(session, below_minimum_quantity=BelowMinimum.REFUSE)
    bundle_id = low_line(session, till)

    shown = checkout(session, till)
    with pytest.raises(Refused) as refused:
        till.place()

    problem = shown.lines[-1].problem
    assert problem is not None
    assert (problem.fault, problem.upper) == (QuantityFault.TOO_SMALL, 48)
    assert shown.way_out is not None
    assert shown.way_out.best == Way(bundle_id, 24, 48, 2_400, 0, 0, 0)
    assert refused.value.code == "order.cart_faulty"
    assert orders(till) == []


def test_where_the_policy_refuses_small_orders_the_amount_missing_is_told_and_nothing_is_ordered(
    session: Session, till: Till
) -> None:
    agreed.policy(session, below_minimum_value=BelowMinimum.REFUSE, minimum_order_value_cents=10_000)
    before = till.cart()

    shown = checkout(session, till)
    with pytest.raises(TooLittle) as refused:
        till.place()

    assert (shown.is_orderable, shown.totals.missing_cents, shown.totals.charges) == (False, 500, ())
    assert shown.way_out is not None
    assert shown.way_out.best.cost_cents == 1_000
    assert refused.value.values == {"missing_cents": 500, "minimum_cents": 10_000}
    assert orders(till) == []
    assert (till.cart(), till.mails()) == (before, [])


def test_a_surcharge_that_came_after_the_page_was_shown_stops_the_order(session: Session, till: Till) -> None:
    bundle_id = low_line(session, till, quantity=48)
    shown = till.shown()
    set_quantity(
        session,
        customer_id=till.customer.id or 0,
        bundle_id=bundle_id,
        quantity=24,
        language="en",
        now=till.now,
    )

    with pytest.raises(Refused) as refused:
        till.place(shown=shown)

    assert refused.value.code == "order.changed"
    assert orders(till) == []
