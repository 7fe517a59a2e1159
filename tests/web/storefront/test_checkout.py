"""The checkout as a browser meets it: what it shows, what it refuses, where it leads."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import Contact, Customer
from app.flows.screen_customer import complete_keys
from app.mainbrand.rules.segments import Segment
from app.ordering.models import CartLine, Order
from app.ordering.rules.states import OrderState
from app.policy.models import PolicyVersion
from app.policy.rules.policy import Policy, to_values
from app.shop import Shop
from tests import make
from tests.fakes import FakeStripe
from tests.flows.till import Till, open_till, reprice_first_bundle

FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@pytest.fixture
def till(session: Session, shop: Shop) -> Till:
    opened = open_till(session, shop.db, now=utc_now())
    shop.stripe = opened.stripe  # type: ignore[assignment]
    return opened


@pytest.fixture
def client(till: Till, browser: Callable[..., Any]) -> Any:
    return browser(till.contact)


def hidden(text: str) -> dict[str, str]:
    """The hidden fields of the checkout form."""
    text = text.split('action="/checkout"')[1].split("</form>")[0]
    return {name: html.unescape(value) for name, value in FIELD.findall(text)}


def filled(client: Any, **changed: str) -> dict[str, str]:
    """The checkout form as a person sends it."""
    values = {
        "company_name": "Probst Werkstatt GmbH",
        "contact_name": "Kim Probst",
        "street": "Gartenweg 3",
        "postal_code": "04109",
        "city": "Leipzig",
        "country": "DE",
        "purchase_reference": "PO 4711",
        "accept_terms": "1",
        "is_business": "1",
        **hidden(client.get("/checkout").text),
        **changed,
    }
    return {name: value for name, value in values.items() if value != "-absent-"}


def orders(till: Till) -> list[Order]:
    with till.database.read_session() as session:
        return list(session.exec(select(Order).order_by(col(Order.id))))


def test_the_checkout_shows_address_lines_sums_promise_and_the_button(client: Any) -> None:
    answer = client.get("/checkout")

    assert answer.status_code == 200
    for text in ("Gartenweg 3", "€75.00", "€95.00", "VAT 19", "€14.25", "VAT 7", "€1.40", "€110.65"):
        assert text in answer.text, text
    assert "Order with obligation to pay" in answer.text
    assert "version 2026-01" in answer.text
    assert "the delivery is later" in answer.text
    assert "checked" not in answer.text


def test_where_a_day_ends_the_promise_the_checkout_names_the_same_day_as_the_cart(
    session: Session, client: Any
) -> None:
    with transaction(session):
        values = to_values(Policy(cut_off_hour=0))
        session.add(PolicyVersion(values=values, changed_by="Robin", created_at=make.NOW))

    cart, checkout = (re.sub(r"\s+", " ", client.get(path).text) for path in ("/cart", "/checkout"))

    in_cart = re.search(r"if you order on ([^.]+) at the latest\.", cart)
    at_checkout = re.search(r"if you pay on ([^.]+) at the latest\.", checkout)
    assert in_cart
    assert at_checkout
    assert in_cart.group(1) == at_checkout.group(1)


def test_an_empty_cart_leads_back_to_the_cart(session: Session, client: Any) -> None:
    with transaction(session):
        for line in session.exec(select(CartLine)):
            session.delete(line)

    answer = client.get("/checkout")

    assert (answer.status_code, answer.headers["location"]) == (303, "/cart")


def test_the_order_button_leads_to_the_card_page(till: Till, client: Any) -> None:
    answer = client.post("/checkout", data=filled(client))

    assert answer.status_code == 303
    assert answer.headers["location"].startswith("https://pay.example/cs_")
    (order,) = orders(till)
    assert (order.gross_cents, order.purchase_reference) == (11_065, "PO 4711")
    wish = next(iter(till.stripe.wishes.values()))
    assert sum(item.gross_cents for item in wish.items) == 11_065
    assert [item.name.split(" ×")[0] for item in wish.items] == ["3", "2"]
    assert wish.return_url == "http://testserver/checkout/return?session_id={CHECKOUT_SESSION_ID}"


def test_a_reload_of_the_order_is_one_order_and_one_card_page(till: Till, client: Any) -> None:
    values = filled(client)

    places = {client.post("/checkout", data=values).headers["location"] for _ in range(3)}

    assert len(places) == 1
    assert len(orders(till)) == 1
    assert len(till.stripe.sessions) == 1


@pytest.mark.parametrize(
    "field, value, sentence",
    [
        ("accept_terms", "-absent-", "Please accept the terms"),
        ("is_business", "-absent-", "Please confirm that you order as a business"),
        ("street", "", "Please fill in this field"),
        ("postal_code", "4109", "There it looks like 04177."),
        ("country", "US", "those of the EU, Switzerland"),
        ("country", "GB", "those of the EU, Switzerland"),
        ("purchase_reference", "x" * 65, "at most 64 characters"),
        ("gross_cents", "1", "does not belong here"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_ordered(
    till: Till, client: Any, field: str, value: str, sentence: str
) -> None:
    answer = client.post("/checkout", data=filled(client, **{field: value}))

    assert answer.status_code == 422
    assert sentence in answer.text
    assert orders(till) == []
    assert "Gartenweg 3" in answer.text or field == "street"


def test_everything_that_is_wrong_is_named_at_once(till: Till, client: Any) -> None:
    values = filled(client, street="", postal_code="1", city="", accept_terms="-absent-", country="AT")

    text = client.post("/checkout", data=values).text

    assert all(f'href="#f-{name}"' in text for name in ("street", "postal_code", "city", "accept_terms"))
    assert "There it looks like 1010." in text
    assert orders(till) == []


def test_a_company_in_a_country_that_is_not_offered_reads_that_we_do_not_deliver_there(
    session: Session, till: Till, client: Any
) -> None:
    with transaction(session):
        customer = session.get_one(Customer, till.contact.customer_id)
        customer.country, customer.postal_code = "GB", "EC1A 1BB"

    page = client.get("/checkout")

    assert page.status_code == 200
    assert "those of the EU, Switzerland, Liechtenstein and Norway." in page.text
    # No country is chosen for it: its address would be sent on to another one.
    assert "selected" not in page.text.split('name="country"')[1].split("</select>")[0]


def test_a_price_that_changed_is_said_and_nothing_is_ordered_until_it_is_confirmed(
    session: Session, till: Till, client: Any
) -> None:
    values = filled(client)
    reprice_first_bundle(session, price_cents=2_600)

    answer = client.post("/checkout", data=values)

    assert answer.status_code == 409
    assert "the net price was €25.00 and is now €26.00" in answer.text
    assert orders(till) == []
    shown_now = hidden(answer.text)
    confirmed = client.post("/checkout", data={**values, **shown_now})
    assert confirmed.status_code == 303
    assert orders(till)[0].goods_net_cents == 9_800


def test_without_stripe_the_order_is_saved_and_can_be_paid_later(till: Till, client: Any) -> None:
    till.stripe.fail_next("create_session")

    answer = client.post("/checkout", data=filled(client))

    (order,) = orders(till)
    assert answer.headers["location"] == f"/orders/{order.number}?notice=unreachable"
    page = client.get(answer.headers["location"])
    assert "Your order is saved" in page.text
    assert "Pay by card" in page.text
    again = client.submit(f"/orders/{order.number}/pay", page="/checkout")
    assert again.headers["location"].startswith("https://pay.example/")
    assert len(till.stripe.sessions) == 1


def test_coming_back_from_the_card_page_settles_at_once(till: Till, client: Any) -> None:
    url = client.post("/checkout", data=filled(client)).headers["location"]
    session_id = till.session_at(url)
    till.stripe.pay(session_id)

    answer = client.get(f"/checkout/return?session_id={session_id}")

    (order,) = orders(till)
    assert answer.headers["location"] == f"/orders/{order.number}?notice=back"
    assert order.state is OrderState.ACCEPTED
    page = client.get(answer.headers["location"]).text
    assert "Paid by card." in page
    assert "Visa •••• 4242" in page
    assert "Thank you. Your order is paid and accepted" in page
    assert "Thank you" not in client.get(f"/orders/{order.number}").text
    assert "Pay by card" not in page


def test_a_company_that_is_shut_out_on_its_way_back_from_the_card_page_reads_about_its_money(
    till: Till, client: Any
) -> None:
    url = client.post("/checkout", data=filled(client)).headers["location"]
    session_id = till.session_at(url)
    till.stripe.pay(session_id)
    till.turn_into_a()

    back = client.get(f"/checkout/return?session_id={session_id}")
    unknown = client.get("/checkout/return?session_id=cs_of_nobody")
    elsewhere = client.get("/catalogue")

    said = "Without our acceptance by e-mail nothing is charged"
    assert (back.status_code, said in back.text) == (403, True)
    assert (unknown.status_code, said in unknown.text) == (403, True)
    assert (elsewhere.status_code, said in elsewhere.text) == (403, False)


def test_coming_back_while_stripe_is_silent_says_that_it_is_being_checked(till: Till, client: Any) -> None:
    url = client.post("/checkout", data=filled(client)).headers["location"]
    session_id = till.session_at(url)
    till.stripe.pay(session_id)
    till.stripe.fail_next("read_session")

    answer = client.get(f"/checkout/return?session_id={session_id}")

    assert answer.headers["location"].endswith("?notice=checking")
    assert "Your payment is being checked" in client.get(answer.headers["location"]).text


def test_another_companys_return_address_looks_like_a_missing_one(
    session: Session, till: Till, client: Any, browser: Callable[..., Any]
) -> None:
    url = client.post("/checkout", data=filled(client)).headers["location"]
    till.stripe.pay(till.session_at(url))
    stranger: Contact = make.contact(session, of=make.customer(session))

    foreign = browser(stranger).get(f"/checkout/return?session_id={till.session_at(url)}")
    missing = browser(stranger).get("/checkout/return?session_id=cs_nobody")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert orders(till)[0].state is OrderState.RECEIVED


def test_a_company_that_became_a_is_refused_at_each_step(till: Till, client: Any) -> None:
    values = filled(client)
    with till.database.session() as session, transaction(session):
        session.get_one(Customer, till.customer.id).segment = Segment.B

    for answer in (
        client.get("/checkout"),
        client.post("/checkout", data=values),
        client.get("/checkout/return?session_id=x"),
    ):
        assert answer.status_code == 403
    assert orders(till) == []


def test_the_fake_has_every_verb_of_the_gateway() -> None:
    from app.payments.stripe_gateway import StripeGateway

    verbs = {name for name in vars(StripeGateway) if not name.startswith("_")}
    assert verbs <= set(dir(FakeStripe))


def test_an_address_that_is_looked_at_first_is_said_neutrally_and_nothing_typed_is_lost(
    session: Session, till: Till, client: Any
) -> None:
    make.main_account(session, street="Hafenstraße 12", postal_code="20457", city="Hamburg")
    complete_keys(session)
    there = {"street": "Hafenstr. 12", "postal_code": "20457", "city": "Hamburg"}

    answer = client.post("/checkout", data=filled(client, **there))

    assert answer.status_code == 409
    assert "We check this delivery address and write to you." in answer.text
    assert 'value="Hafenstr. 12"' in answer.text
    assert session.exec(select(Order)).all() == []
