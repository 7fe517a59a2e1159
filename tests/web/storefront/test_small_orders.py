"""A small order as a customer meets it: what is missing, the cheapest way out in figures, one press that takes it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.customers.models import Contact
from app.ordering.models import CartLine, Order
from app.policy.rules.policy import BelowMinimum
from app.shop import Shop
from tests import make
from tests.fakes import FakeStripe
from tests.flows import agreed
from tests.web.storefront.test_checkout import filled

Browsers = Callable[..., Any]
CHEAPEST = (
    "Cheapest for you: 4 more of Seal kit for €10.00 net. That saves €12.50 of surcharges, so you pay €2.50 "
    "less."
)


def text(answer: Any) -> str:
    """The visible words of a page."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


@pytest.fixture
def small(session: Session, browser: Browsers, admitted: Contact, shop: Shop) -> Any:
    """A visitor with 44 seal kits in the cart, which are sold from 48 on in steps of 4."""
    shop.stripe = FakeStripe()  # type: ignore[assignment]
    make.terms(session)
    agreed.policy(session, low_line_surcharge_cents=1_250)
    make.bundle(session, slug="kit", name_en="Seal kit", price_cents=250, minimum_quantity=48, order_step=4)
    visitor = browser(admitted)
    visitor.submit("/cart/lines", {"slug": "kit", "quantity": "44"})
    return visitor


def test_the_cart_names_the_surcharge_its_bundle_and_the_way_out_and_one_press_takes_it(
    session: Session, small: Any, admitted: Contact
) -> None:
    shown = text(small.get("/cart"))
    session.rollback()
    bundle_id = session.exec(select(CartLine.bundle_id)).one()

    small.submit(f"/cart/lines/{bundle_id}", {"quantity": "48"})

    assert "Low-quantity surcharge: Seal kit €12.50" in shown
    assert "4 more and the surcharge of €12.50 is gone." in shown
    assert CHEAPEST in shown
    after = text(small.get("/cart"))
    assert "surcharge" not in after
    assert "Take 48" not in after


def test_the_checkout_says_the_same_and_the_order_keeps_it_as_it_was_shown(
    session: Session, small: Any
) -> None:
    checkout = small.get("/checkout")

    placed = small.post("/checkout", data=filled(small))

    assert CHEAPEST in text(checkout)
    assert "Low-quantity surcharge: Seal kit €12.50" in text(checkout)
    assert placed.status_code == 303
    session.rollback()
    order = session.exec(select(Order).order_by(col(Order.id).desc())).first()
    assert order is not None
    assert order.charges_net_cents == 1_250
    assert "Low-quantity surcharge: Seal kit €12.50" in text(small.get(f"/orders/{order.number}"))


def test_an_order_below_the_minimum_value_is_refused_with_the_amount_as_page_and_as_json(
    session: Session, small: Any
) -> None:
    form = filled(small)
    agreed.policy(session, below_minimum_value=BelowMinimum.REFUSE, minimum_order_value_cents=20_000)

    page = small.post("/checkout", data=form)
    program = small.post("/checkout", data=form, headers={"accept": "application/json"})

    said = "Goods worth €90.00 more, net, are needed: the minimum order value is €200.00."
    assert page.status_code == 409
    assert said in text(page)
    assert (program.status_code, program.json()["code"]) == (409, "order.too_little")
    assert program.json()["figures"] == {"missing_cents": 9_000, "minimum_cents": 20_000}
    assert small.get("/checkout").headers["location"] == "/cart"
    session.rollback()
    assert session.exec(select(Order)).all() == []


def test_a_bundles_page_says_what_less_than_the_minimum_costs(small: Any) -> None:
    shown = text(small.get("/bundles/kit"))

    assert "Minimum quantity 48 Order step 4 Below the minimum a surcharge of €12.50 net" in shown
