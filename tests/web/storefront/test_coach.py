"""The coach as a customer meets it: in the cart and on the account's page."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session

from app.core.clock import utc_now
from app.customers.models import Contact, Customer
from app.web.storefront.coach import shown_order
from tests import make
from tests.ordering.shopping import orders_of
from tests.web.storefront.test_cart import held, text

Browsers = Callable[..., Any]


@pytest.fixture
def regular(session: Session, admitted: Contact) -> Contact:
    """A company that buys two seals every three weeks, and has two in the cart."""
    make.terms(session)
    seals = make.bundle(session, slug="seals", name_en="Seals", name_de="Dichtungen", price_cents=2_000)
    orders_of(session, admitted, [(seals, 2)], days_ago=range(21, 365, 21), now=utc_now())
    make.cart_line(session, of=session.get_one(Customer, admitted.customer_id), bundle=seals, quantity=2)
    return admitted


def test_the_cart_shows_what_a_piece_costs_and_one_press_takes_the_rational_order(
    session: Session, browser: Browsers, regular: Contact
) -> None:
    visitor = browser(regular)

    shown = visitor.get("/cart")

    words = text(shown)
    assert (
        "One piece of this order costs €24.95 net on average, its share of €9.90 in charges included."
        in words
    )
    assert "You order every 21 days. Every 6 weeks saves €1" in words
    assert "Seals 2 4" in words
    assert "What you need until your next order anyway avoids it" in words
    assert "Cheapest for you" not in words
    assert "With it one piece bears no charge instead of €4.95." in words
    assert 'href="/account/standing-orders/new?every=42"' in shown.text
    lines = re.search(r'name="lines" value="([^"]+)"', shown.text)
    assert lines

    taken = visitor.submit("/cart/rational", {"lines": lines.group(1)})

    assert (taken.status_code, taken.headers["location"]) == (303, "/cart")
    assert list(held(session, regular).values()) == [4]
    assert "Your cart holds this order already." in text(visitor.get("/cart"))


def test_a_cheaper_bundle_in_the_rational_order_does_not_read_as_a_saving(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    make.terms(session)
    seals, grease = make.bundle(session, price_cents=2_000), make.bundle(session, price_cents=100)
    orders_of(session, admitted, [(seals, 2), (grease, 2)], days_ago=range(21, 365, 21), now=utc_now())
    make.cart_line(session, of=session.get_one(Customer, admitted.customer_id), bundle=seals, quantity=3)

    words = text(browser(admitted).get("/cart"))

    assert "One piece of this order costs €20.00 net on average, without any charge." in words
    assert "Put the rational order into the cart" in words
    assert "With it" not in words


def test_with_htmx_the_press_answers_with_the_cart_and_a_german_reads_german(
    session: Session, browser: Browsers, regular: Contact
) -> None:
    visitor = browser(regular)
    visitor.cookies.set("schlicht_language", "de", domain="testserver.local")
    bundle_id = next(iter(held(session, regular)))

    taken = visitor.submit("/cart/rational", {"lines": f"{bundle_id}:4"}, headers={"hx-request": "true"})

    assert taken.status_code == 200
    assert taken.text.lstrip().startswith('<div id="cart"')
    assert "Alle 6 Wochen zu bestellen spart" in text(taken)


def test_the_account_proposes_the_rhythm_or_says_why_there_is_none(
    session: Session, browser: Browsers, regular: Contact
) -> None:
    stranger = make.contact(session, of=make.customer(session))

    own, other = browser(regular).get("/account"), browser(stranger).get("/account")

    assert "Every 6 weeks saves €1" in text(own)
    assert 'href="/account/standing-orders/new?every=42"' in own.text
    assert "once you have ordered on 4 different days" in text(other)
    assert "saves €" not in text(other)


def test_an_order_that_is_not_possible_any_more_is_said_and_changes_nothing(
    session: Session, browser: Browsers, regular: Contact
) -> None:
    visitor = browser(regular)
    before = held(session, regular)

    gone = visitor.submit("/cart/rational", {"lines": "4711:4"})
    nonsense = visitor.submit("/cart/rational", {"lines": "four seals"})
    program = visitor.submit("/cart/rational", {"lines": "4711:4"}, headers={"accept": "application/json"})

    assert gone.status_code == nonsense.status_code == program.status_code == 422
    assert "This order is not possible any more; your cart is as it was." in text(gone)
    assert "This order could not be read." in text(nonsense)
    assert program.json()["errors"][0]["field"] == "lines"
    assert held(session, regular) == before


def test_who_has_ordered_little_reads_why_there_is_no_advice_yet(
    session: Session, browser: Browsers, admitted: Contact
) -> None:
    visitor = browser(admitted)
    make.bundle(session, slug="seals")
    visitor.submit("/cart/lines", {"slug": "seals", "quantity": "1"})

    assert "once you have ordered on 4 different days" in text(visitor.get("/cart"))
    assert "Set up a standing order" not in visitor.get("/cart").text


@pytest.mark.parametrize(
    "sent", ["", "1", "1:", ":2", "1:0", "1:-2", "1:10000", "1:2 1:3", "1:2;2:3", "x:1", "1:²", "9" * 30 + ":1",
             " ".join(f"{n}:1" for n in range(1, 102))]
)  # fmt: skip
def test_a_form_that_carries_no_order_is_none(sent: str) -> None:
    assert shown_order(sent) is None


def test_a_form_carries_an_order_as_pairs() -> None:
    assert shown_order(" 12:48  7:6 ") == {12: 48, 7: 6}
