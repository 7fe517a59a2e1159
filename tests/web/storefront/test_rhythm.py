"""A further order in the shop: both ways with dates and prices, and what is shown is what is ordered."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import Contact
from app.ordering.models import Order
from app.ordering.rules.rhythm import RhythmChoice
from app.ordering.rules.states import OrderState
from app.policy.models import PolicyVersion
from app.policy.rules.policy import Policy, to_values
from app.shop import Shop
from tests import make
from tests.flows.till import Till, open_till
from tests.web.reading import english_in
from tests.web.storefront.test_checkout import filled, hidden, orders


@pytest.fixture
def till(session: Session, shop: Shop) -> Till:
    """A company whose order of yesterday waits for its run, with goods in its cart again."""
    opened = open_till(session, shop.db, now=utc_now())
    shop.stripe = opened.stripe  # type: ignore[assignment]
    leaves_on = opened.now.date() + timedelta(days=90)
    make.order(
        session,
        of=opened.customer,
        by=opened.contact,
        bundle=make.bundle(session),
        number="S-10000001",
        state=OrderState.ACCEPTED,
        accepted_at=opened.now - timedelta(days=1),
        dispatch_on=leaves_on,
        promised_on=leaves_on + timedelta(days=2),
        company_name="Probst Werkstatt GmbH",
    )
    with transaction(session):
        session.merge(opened.customer).company_name = "Probst Werkstatt GmbH"
    return opened


@pytest.fixture
def client(till: Till, browser: Callable[..., Any]) -> Any:
    return browser(till.contact)


def test_the_checkout_offers_both_ways_with_dates_and_prices_and_the_day_of_the_next_free_order(
    client: Any,
) -> None:
    text = client.get("/checkout").text

    assert "In one parcel with your order S-10000001, without a fee" in text
    assert "By itself, with the interim-order fee of €6.90 net" in text
    assert "Total with VAT: €110.65." in text
    assert "Total with VAT: €118.69." in text
    assert "on an order has no such fee again" in text
    assert 'value="joined" checked' in text.replace("  ", " ")


def test_without_a_fee_of_the_policy_neither_cart_nor_checkout_speaks_of_one(
    till: Till, client: Any, session: Session
) -> None:
    with transaction(session):
        values = to_values(Policy(interim_order_fee_cents=0))
        session.add(PolicyVersion(values=values, changed_by="Robin", created_at=make.NOW))
        first = session.exec(select(Order).where(col(Order.number) == "S-10000001")).one()
        first.street = "Gartenweg 99"

    cart, checkout = client.get("/cart").text, client.get("/checkout").text

    assert "One order in 14 days is normal." in cart
    assert "By itself, without a fee" in checkout
    assert "interim-order fee" not in cart
    assert "such fee" not in checkout


def test_the_sums_are_those_of_the_chosen_way(client: Any) -> None:
    text = client.get("/checkout?rhythm=interim").text.split('id="sums"')[1]

    assert "<dt>Interim-order fee</dt><dd>€6.90</dd>" in text
    assert client.get("/checkout?rhythm=nonsense").status_code == 200


def test_a_further_order_joins_unless_its_customer_chooses_otherwise(till: Till, client: Any) -> None:
    client.post("/checkout", data=filled(client))

    order = orders(till)[-1]
    assert (order.rhythm, order.gross_cents) == (RhythmChoice.JOINED, 11_065)
    page = client.get(f"/orders/{order.number}").text
    assert 'Travels in one parcel with order <a href="/orders/S-10000001">S-10000001</a>.' in page
    assert "Its parcel takes order" not in client.get("/orders/S-10000001").text
    (payment,) = till.payments()
    till.stripe.pay(payment.session_id or "")
    till.settle(payment_id=payment.id)
    assert f"{order.number}</a> too." in client.get("/orders/S-10000001").text
    for values in (
        {"street": "Gartenweg 99"},
        {"state": OrderState.DISPATCHED, "dispatched_at": utc_now()},
        {"dispatch_on": order.dispatch_on + timedelta(days=30)},
        {"state": OrderState.CANCELLED},
    ):
        with till.database.session() as session, transaction(session):
            first = session.exec(select(Order).where(col(Order.number) == "S-10000001")).one()
            before = {name: getattr(first, name) for name in values}
            change(first, values)
        assert "in one parcel" not in client.get(f"/orders/{order.number}").text
        assert "Its parcel takes order" not in client.get("/orders/S-10000001").text
        with till.database.session() as session, transaction(session):
            change(session.merge(first), before)


def change(order: Order, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(order, name, value)


def test_the_interim_order_carries_its_fee_to_the_card_page(till: Till, client: Any) -> None:
    client.post("/checkout", data=filled(client, rhythm="interim"))

    order = orders(till)[-1]
    assert (order.rhythm, order.charges_net_cents, order.gross_cents) == (RhythmChoice.INTERIM, 690, 11_869)
    items = next(iter(till.stripe.wishes.values())).items
    assert items[-1].name == "Interim-order fee"
    assert sum(item.gross_cents for item in items) == 11_869
    assert "Interim order: it came before" in client.get(f"/orders/{order.number}").text


def test_another_address_cannot_join_and_both_the_page_and_the_program_read_why(
    till: Till, client: Any
) -> None:
    values = filled(client, rhythm="joined", street="Gartenweg 99")

    page = client.post("/checkout", data=values)
    program = client.post("/checkout", data=values, headers={"accept": "application/json"})

    assert page.status_code == program.status_code == 409
    assert "It can no longer join your waiting order" in page.text
    assert "Gartenweg 99" in page.text
    assert hidden(page.text)["checkout_key"] == values["checkout_key"]
    assert program.json()["code"] == "order.changed"
    assert {"kind": "rhythm", "bundle_version_id": None, "old": "joined", "new": "interim"} in program.json()[
        "changes"
    ]
    assert len(orders(till)) == 1


def test_a_program_reads_both_ways_and_orders_one_of_them(till: Till, client: Any) -> None:
    wanted = {"accept": "application/json"}

    answer = client.get("/checkout", headers=wanted)

    found = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert [(way["rhythm"], way["joins"], way["gross_cents"]) for way in found["ways"]] == [
        ("joined", "S-10000001", 11_065),
        ("interim", None, 11_869),
    ]
    assert found["ways"][1]["charges"] == [{"kind": "interim_order", "net_cents": 690}]
    assert found["is_orderable"]
    values = filled(client, rhythm="interim", shown=found["shown"])
    assert client.post("/checkout", data=values, headers=wanted).status_code == 303
    assert orders(till)[-1].gross_cents == 11_869


def test_a_way_that_does_not_exist_is_named_and_nothing_is_ordered(till: Till, client: Any) -> None:
    answer = client.post("/checkout", data=filled(client, rhythm="free"))

    assert answer.status_code == 422
    assert "Please choose one of the offered values." in answer.text
    assert len(orders(till)) == 1


def test_the_cart_says_how_the_order_would_travel_and_shows_the_fee_where_it_cannot(
    session: Session, client: Any
) -> None:
    joined = client.get("/cart").text
    with transaction(session):
        order = session.exec(select(Order).where(col(Order.number) == "S-10000001")).one()
        order.state = OrderState.DISPATCHED

    alone = client.get("/cart").text

    assert "This order travels in one parcel with your order S-10000001, without a fee." in joined
    assert "Interim-order fee" not in joined
    assert "One order in 14 days is normal; from" in alone
    assert "<dt>Interim-order fee</dt><dd>€6.90</dd>" in alone
    assert "€118.69" in alone


def test_a_first_order_has_no_such_choice(session: Session, client: Any) -> None:
    with transaction(session):
        order = session.exec(select(Order).where(col(Order.number) == "S-10000001")).one()
        order.accepted_at = utc_now() - timedelta(days=20)

    assert "A further order" not in client.get("/checkout").text


def test_the_german_pages_hold_no_english(session: Session, till: Till, browser: Callable[..., Any]) -> None:
    with transaction(session):
        session.get_one(Contact, till.contact.id).language = "de"
    german = browser(till.contact)
    german.post("/checkout", data=filled(german))

    for path in ("/checkout", "/checkout?rhythm=interim", "/cart", "/orders/S-10000001"):
        assert english_in(german.get(path).text) == set(), path
