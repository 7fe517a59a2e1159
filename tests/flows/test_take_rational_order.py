"""One press takes the rational order: all quantities or none, never an order."""

from datetime import datetime

import pytest
from sqlmodel import Session, select

from app.catalogue.rules.kinds import BundleState
from app.core.errors import Invalid
from app.core.transaction import transaction
from app.customers.models import Customer
from app.flows.take_rational_order import take_rational_order
from app.ordering.models import CartLine, Order
from tests import make

pytestmark = pytest.mark.database


def held(session: Session, customer: Customer) -> dict[int, int]:
    session.rollback()
    session.expire_all()
    rows = session.exec(select(CartLine).where(CartLine.customer_id == customer.id).order_by(CartLine.id))
    return {row.bundle_id: row.quantity for row in rows}


def test_taking_it_sets_and_adds_the_quantities_and_a_second_press_changes_nothing(
    session: Session, now: datetime
) -> None:
    customer = make.customer(session)
    one, two, other = (make.bundle(session) for _ in range(3))
    make.cart_line(session, of=customer, bundle=one, quantity=3)
    make.cart_line(session, of=customer, bundle=other, quantity=1)
    shown = {one.id or 0: 6, two.id or 0: 4}

    for _ in range(2):
        take_rational_order(session, customer_id=customer.id or 0, quantities=shown, now=now)

    assert held(session, customer) == {one.id: 6, other.id: 1, two.id: 4}
    assert session.exec(select(Order)).all() == []


@pytest.mark.parametrize("what", ["retired", "off step", "too many", "shared stock", "unknown"])
def test_what_is_not_possible_any_more_leaves_the_whole_cart_as_it_was(
    session: Session, now: datetime, what: str
) -> None:
    customer = make.customer(session)
    part = make.block(session, is_made_to_order=False, stock_milli=10_000)
    one = make.bundle(session, items=[(part, 1)])
    wrong = make.bundle(session, items=[(part, 1)], order_step=2, maximum_quantity=8)
    make.cart_line(session, of=customer, bundle=one, quantity=3)
    if what == "retired":
        with transaction(session):
            session.get_one(type(wrong), wrong.id).state = BundleState.RETIRED
    quantity = {"retired": 2, "off step": 3, "too many": 10, "shared stock": 6, "unknown": 2}[what]
    bundle_id = 999_999 if what == "unknown" else wrong.id or 0

    with pytest.raises(Invalid) as refused:
        take_rational_order(
            session, customer_id=customer.id or 0, quantities={one.id or 0: 5, bundle_id: quantity}, now=now
        )

    assert refused.value.code == "cart.rational"
    assert held(session, customer) == {one.id: 3}


def test_a_cart_never_gets_more_than_a_hundred_lines(session: Session, now: datetime) -> None:
    customer = make.customer(session)
    with transaction(session):
        bundles = [make.bundle(session, items=[]) for _ in range(2)]
        known = make.bundle(session, items=[])
    shown = {one.id or 0: 1 for one in bundles} | {10**6 + n: 1 for n in range(99)}
    make.cart_line(session, of=customer, bundle=known, quantity=1)

    with pytest.raises(Invalid):
        take_rational_order(session, customer_id=customer.id or 0, quantities=shown, now=now)

    assert held(session, customer) == {known.id: 1}
