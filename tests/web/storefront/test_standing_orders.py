"""Standing orders in the shop: opened from the cart, changed, confirmed behind the e-mail's link with one button."""

import html
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.catalogue.models import Bundle
from app.catalogue.rules.kinds import BundleState
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.ordering.models import Order, StandingOrder, StandingOrderLine
from app.ordering.rules.standing import RunState, StandingState
from app.shop import Shop
from tests import make
from tests.flows.standing import Standing, open_standing
from tests.flows.till import Till, open_till
from tests.web.reading import english_in

URL = "/account/standing-orders"
FIELD = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')


@pytest.fixture
def till(session: Session, shop: Shop) -> Till:
    opened = open_till(session, shop.db, now=utc_now())
    shop.stripe = opened.stripe  # type: ignore[assignment]
    return opened


@pytest.fixture
def client(till: Till, browser: Callable[..., Any]) -> Any:
    return browser(till.contact)


@pytest.fixture
def asked(till: Till) -> Standing:
    """A standing order whose e-mail with the link was just written."""
    standing = open_standing(till, run_on=till.now.date() + timedelta(days=4))
    assert standing.ask() == 1
    return standing


def csrf(client: Any, path: str = "/cart") -> str:
    return html.unescape(dict(FIELD.findall(client.get(path).text))["csrf"])


def form(till: Till, client: Any, **changed: Any) -> dict[str, Any]:
    """The form of a new standing order as a person sends it."""
    values = {
        "csrf": csrf(client, f"{URL}/new?every=42"),
        "every_days": "42",
        "run_on": (till.now.date() + timedelta(days=42)).isoformat(),
        "bundle_id": [str(one) for one in till.cart()],
        "quantity": [str(one) for one in till.cart().values()],
    }
    return {**values, **changed}


def standing_orders(till: Till) -> list[StandingOrder]:
    with till.database.read_session() as session:
        return list(session.exec(select(StandingOrder).order_by(col(StandingOrder.id))))


def lines(till: Till) -> dict[int, int]:
    with till.database.read_session() as session:
        return {line.bundle_id: line.quantity for line in session.exec(select(StandingOrderLine))}


def orders(till: Till) -> list[Order]:
    with till.database.read_session() as session:
        return list(session.exec(select(Order).order_by(col(Order.id))))


def run_form(client: Any, token: str) -> dict[str, str]:
    text = client.get(f"{URL}/runs/{token}").text
    text = text.split(f'action="{URL}/runs/{token}"')[1].split("</form>")[0]
    return {name: html.unescape(value) for name, value in FIELD.findall(text)}


def test_a_new_one_is_filled_from_the_cart_or_an_order_and_leaves_the_cart_as_it_is(
    session: Session, till: Till, client: Any
) -> None:
    cart = till.cart()
    bundle = make.bundle(session, name_en="Ordered before")
    order = make.order(session, of=till.customer, by=till.contact, bundle=bundle)

    from_cart = client.get(f"{URL}/new?every=42").text
    from_order = client.get(f"{URL}/new?every=60&order={order.number}").text
    answer = client.post(URL, data=form(till, client))

    assert 'name="every_days" type="number" value="42"' in from_cart
    assert from_cart.count('name="bundle_id"') == 2
    assert "Ordered before" in from_order
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"{URL}/{standing_orders(till)[0].id}?notice=opened",
    )
    assert (lines(till), till.cart()) == (cart, cart)
    (standing,) = standing_orders(till)
    assert (standing.every_days, standing.asks_on) == (42, till.now.date() + timedelta(days=37))


def test_the_same_form_sent_twice_opens_one(till: Till, client: Any) -> None:
    values = form(till, client)

    places = {client.post(URL, data=values).headers["location"] for _ in range(2)}

    assert len(places) == len(standing_orders(till)) == 1


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"every_days": "3"}, "Please enter 7 to 365 days."),
        ({"every_days": "often"}, "Please enter a whole number."),
        ({"run_on": "2020-01-01"}, "Please choose a day from tomorrow on"),
        ({"run_on": "soon"}, "Please enter a date such as"),
        ({"quantity": ["0", "0"]}, "Please leave at least one bundle in it."),
        ({"quantity": ["-1", "2"]}, "Please enter at least 0."),
        ({"quantity": ["99999", "2"]}, "Please enter at most 9999."),
        ({"bundle_id": ["one", "two"]}, "Please enter a whole number."),
        ({"price_cents": "1"}, "This field does not belong here."),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(
    till: Till, client: Any, changed: dict[str, Any], sentence: str
) -> None:
    answer = client.post(URL, data=form(till, client, **changed))

    assert answer.status_code == 422
    assert sentence in answer.text
    assert standing_orders(till) == []


def test_only_whole_order_steps_stand_in_it_whatever_is_in_stock(
    session: Session, till: Till, client: Any
) -> None:
    bundle = make.bundle(session, name_en="Ten by ten", order_step=10, minimum_quantity=10)

    wrong = form(till, client, bundle_id=[str(bundle.id)], quantity=["15"])
    answer = client.post(URL, data=wrong)
    program = client.post(URL, data=wrong, headers={"accept": "application/json"})

    assert answer.status_code == program.status_code == 422
    assert "Ten by ten is sold in steps of 10. Take 10 or 20." in answer.text
    assert 'value="15"' in answer.text
    assert program.json()["errors"][0]["field"] == f"quantity_{bundle.id}"
    assert standing_orders(till) == []


@pytest.mark.parametrize("state", [BundleState.DRAFT, BundleState.RETIRED])
def test_a_bundle_that_is_not_on_sale_looks_like_none(
    session: Session, till: Till, client: Any, state: BundleState
) -> None:
    hidden = make.bundle(session, name_en="Secret plan", state=state)

    texts = [
        client.post(URL, data=form(till, client, bundle_id=[str(number)], quantity=["1"])).text
        for number in (hidden.id, 999_999)
    ]

    assert "Secret plan" not in texts[0]
    assert re.sub(r"[0-9a-f]{12}|value=\"[^\"]*\"", "", texts[0]) == re.sub(
        r"[0-9a-f]{12}|value=\"[^\"]*\"", "", texts[1]
    )
    assert standing_orders(till) == []


def test_it_is_changed_paused_resumed_and_ended(till: Till, client: Any) -> None:
    client.post(URL, data=form(till, client))
    path = f"{URL}/{standing_orders(till)[0].id}"
    first, _ = till.cart()

    client.post(path, data=form(till, client, every_days="60", quantity=["5", "0"]))
    assert (standing_orders(till)[0].every_days, lines(till)) == (60, {first: 5})
    assert "Add what is in the cart" in client.get(path).text
    assert client.get(f"{path}?add=cart").text.count('name="bundle_id"') == 2

    token = {"csrf": csrf(client, path)}
    for act, state in (("pause", "paused"), ("resume", "active"), ("end", "ended"), ("end", "ended")):
        assert client.post(f"{path}/{act}", data=token).status_code == 303
        assert standing_orders(till)[0].state == state
    assert client.post(f"{path}/resume", data=token).status_code == 409
    assert standing_orders(till)[0].state is StandingState.ENDED


def test_the_list_says_what_waits_for_an_answer(till: Till, client: Any, asked: Standing) -> None:
    text = client.get(URL).text

    assert "Confirm by" in text
    assert "every 42 days" in text
    assert URL in client.get("/account").text


def test_the_link_shows_what_would_be_ordered_and_one_button_orders_and_pays_it(
    till: Till, client: Any, asked: Standing
) -> None:
    cart, token = till.cart(), asked.token()
    text = client.get(f"{URL}/runs/{token}").text
    for shown in (
        "€75.00",
        "€110.65",
        "Order with obligation to pay",
        "Your cart stays as it is",
        "Gartenweg 3",
    ):
        assert shown in text, shown

    values = run_form(client, token)
    places = {client.post(f"{URL}/runs/{token}", data=values).headers["location"] for _ in range(2)}

    (order,) = orders(till)
    assert len(places) == 1
    assert places.pop().startswith("https://pay.example/cs_")
    assert (order.gross_cents, order.street, till.cart()) == (11_065, "Gartenweg 3", cart)
    assert asked.runs()[0].state is RunState.CONFIRMED
    after = client.get(f"{URL}/runs/{token}").text
    assert f"it is your order {order.number}" in after
    assert "Order with obligation to pay" not in after


def test_the_link_alone_opens_nothing(
    till: Till, browser: Callable[..., Any], session: Session, asked: Standing
) -> None:
    path, stranger = f"{URL}/runs/{asked.token()}", browser()
    other = make.customer(session)
    neighbour = browser(make.contact(session, of=other))

    assert stranger.get(path).headers["location"].startswith("/login?next=")
    assert neighbour.get(path).status_code == 404
    assert neighbour.post(path, data={"csrf": csrf(neighbour), "shown": "[]"}).status_code == 404
    assert neighbour.get(f"{URL}/{asked.id}").status_code == 404
    till.turn_into_a()
    assert browser(till.contact).get(path).status_code == 403
    assert (orders(till), asked.runs()[0].state) == ([], RunState.ASKED)


def test_a_bundle_that_is_gone_is_said_and_can_be_taken_out(
    session: Session, till: Till, client: Any, asked: Standing
) -> None:
    token, (_, second) = asked.token(), till.cart()
    values = run_form(client, token)
    with transaction(session):
        session.get_one(Bundle, second).state = BundleState.RETIRED

    text = client.get(f"{URL}/runs/{token}").text
    refused = client.post(f"{URL}/runs/{token}", data=values)
    stuck = client.post(f"{URL}/{asked.id}", data=form(till, client))
    saved = client.post(f"{URL}/{asked.id}", data=form(till, client, quantity=["3", "0"]))

    assert "This bundle is no longer sold. Please take it out of the standing order." in text
    assert "Order with obligation to pay" not in text
    assert (refused.status_code, stuck.status_code, saved.status_code) == (409, 422, 303)
    assert "is no longer sold. Please set it to 0." in stuck.text
    assert orders(till) == []
    assert "Order with obligation to pay" in client.get(f"{URL}/runs/{token}").text
    assert client.post(f"{URL}/runs/{token}", data=run_form(client, token)).status_code == 303
    assert [one.goods_net_cents for one in orders(till)] == [7_500]


def test_a_run_is_left_out_with_one_press_and_then_orders_nothing(
    till: Till, client: Any, asked: Standing
) -> None:
    token = asked.token()
    values = run_form(client, token)

    answer = client.post(f"{URL}/runs/{token}/skip", data={"csrf": values["csrf"]})
    late = client.post(f"{URL}/runs/{token}", data=values)

    assert answer.headers["location"] == f"{URL}?notice=skipped"
    assert late.status_code == 409
    assert "This run is over. Nothing was ordered" in late.text
    assert (orders(till), asked.runs()[0].state) == ([], RunState.SKIPPED)


def test_the_german_pages_hold_no_english(
    till: Till, browser: Callable[..., Any], session: Session, asked: Standing
) -> None:
    german = browser(make.contact(session, of=till.customer, language="de"))
    german.headers["accept-language"] = "de"
    token = asked.token()

    for path in (URL, f"{URL}/new", f"{URL}/{asked.id}", f"{URL}/runs/{token}"):
        assert english_in(german.get(path).text) == set(), path
    german.post(f"{URL}/runs/{token}/skip", data={"csrf": csrf(german)})
    assert english_in(german.get(f"{URL}/runs/{token}").text) == set()
