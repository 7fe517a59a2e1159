"""What a browser or a program reads where there is too little of a bundle, and the most of one order."""

import html
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, delete, select

from app.catalogue.models import Block
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.ordering.models import CartLine, Order
from app.shop import Shop
from tests.flows.shelf import ONE, counted_bundle, till_with
from tests.flows.till import Till
from tests.web.storefront.test_checkout import filled


@pytest.fixture
def bundle(session: Session) -> tuple[int, int]:
    """A bundle called "Seal set", of which there are seven."""
    return counted_bundle(session, pieces=7, name_en="Seal set", maximum_quantity=20)


@pytest.fixture
def till(session: Session, shop: Shop, bundle: tuple[int, int]) -> Till:
    """A company with five of them in its cart."""
    opened = till_with(session, shop.db, {bundle[0]: 5}, now=utc_now())[0]
    shop.stripe = opened.stripe  # type: ignore[assignment]
    return opened


@pytest.fixture
def client(till: Till, browser: Callable[..., Any]) -> Any:
    return browser(till.contact)


def leave(session: Session, block_id: int, pieces: int) -> None:
    """Staff count again: so many are there."""
    with transaction(session):
        session.get_one(Block, block_id).stock_milli = pieces * ONE


def order_count(till: Till) -> int:
    with till.database.read_session() as session:
        return len(session.exec(select(Order)).all())


def test_the_cart_says_how_many_are_available_now(client: Any) -> None:
    assert "7 available now" in client.get("/cart").text


def test_a_cart_line_that_became_too_large_names_the_nearest_quantity_and_takes_it_in_one_press(
    session: Session, till: Till, client: Any, bundle: tuple[int, int]
) -> None:
    leave(session, bundle[1], 3)

    text = client.get("/cart").text
    assert "Only 3 of Seal set are available now. Take 3." in text
    assert "To the checkout" not in text
    assert client.get("/checkout").headers["location"] == "/cart"
    assert 'name="quantity" value="3"' in text
    client.submit(f"/cart/lines/{bundle[0]}", {"quantity": "3"})

    assert till.cart() == {bundle[0]: 3}
    assert "To the checkout" in client.get("/cart").text


def test_a_sold_out_line_says_so_and_stands_between_the_cart_and_the_order(
    session: Session, client: Any, bundle: tuple[int, int]
) -> None:
    leave(session, bundle[1], 0)

    text = client.get("/cart").text

    assert "Seal set is sold out at the moment." in text
    assert "available now" not in text
    assert "To the checkout" not in text


@pytest.mark.parametrize(
    ("quantity", "sentence"),
    [
        (3, "Only 7 of Seal set are available now. Take 7."),
        (16, "At most 7 of Seal set go into one order. Take 7."),
    ],
)
def test_adding_more_than_there_is_or_than_one_order_holds_is_refused_with_the_fix(
    till: Till, client: Any, bundle: tuple[int, int], quantity: int, sentence: str
) -> None:
    answer = client.submit("/cart/lines", {"bundle_id": str(bundle[0]), "quantity": str(quantity)})

    assert answer.status_code == 422
    assert sentence in html.unescape(answer.text)
    assert till.cart() == {bundle[0]: 5}


def test_the_own_unpaid_order_does_not_stand_in_the_way_of_ordering_anew(till: Till, client: Any) -> None:
    first = client.submit("/checkout", filled(client))
    assert first.status_code == 303

    assert "7 available now" in client.get("/cart").text
    assert client.submit("/checkout", filled(client)).status_code == 303
    assert order_count(till) == 2


def test_a_person_who_comes_too_late_reads_which_line_is_short_on_the_cart_that_is_kept(
    session: Session, till: Till, client: Any, bundle: tuple[int, int]
) -> None:
    form = filled(client)
    leave(session, bundle[1], 2)

    answer = client.submit("/checkout", form)

    assert answer.status_code == 409
    said = "Only 2 of Seal set are available at the moment. Nothing was ordered; your cart is kept."
    assert said in answer.text
    assert "Take 2" in answer.text
    assert (order_count(till), till.cart()) == (0, {bundle[0]: 5})


def test_a_program_that_comes_too_late_reads_the_code_the_line_and_the_number(
    session: Session, till: Till, client: Any, bundle: tuple[int, int]
) -> None:
    form = filled(client)
    leave(session, bundle[1], 0)

    answer = client.submit("/checkout", form, headers={"accept": "application/json"})

    assert (answer.status_code, answer.json()["code"]) == (409, "stock.sold_out")
    assert answer.json()["detail"].startswith("Seal set is sold out at the moment.")
    assert (order_count(till), till.cart()) == (0, {bundle[0]: 5})


def test_nobody_reads_how_much_is_there_beyond_what_the_cart_tells(
    session: Session, shop: Shop, browser: Callable[..., Any]
) -> None:
    bundle_id, block_id = counted_bundle(session, pieces=7_000, name_en="Seal set")
    till = till_with(session, shop.db, {bundle_id: 6_000}, now=utc_now())[0]
    client = browser(till.contact)
    form = filled(client)
    leave(session, block_id, 5_437)

    program = {"accept": "application/json"}
    answers = [
        client.submit("/cart/lines", {"bundle_id": str(bundle_id), "quantity": "3000"}),
        client.submit("/cart/lines", {"bundle_id": str(bundle_id), "quantity": "9999"}),
        client.get("/cart"),
        client.submit("/checkout", form),
        client.submit("/checkout", form, headers=program),
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 200, 409, 409]
    texts = [html.unescape(answer.text) for answer in answers]
    assert [text for text in texts if "5437" in text or "5,437" in text] == []
    assert all("So many of Seal set are not available" in text for text in texts)
    assert "Take 99" in texts[2]
    assert answers[4].json()["code"] == "stock.sold_out"
    assert order_count(till) == 0


def test_ordering_again_takes_what_is_available_and_says_what_is_not(
    session: Session, till: Till, client: Any, bundle: tuple[int, int]
) -> None:
    number = till.place().number
    with till.database.session() as own, transaction(own):
        own.exec(delete(CartLine))
        own.get_one(Block, bundle[1]).stock_milli = 2 * ONE

    answer = client.submit(f"/orders/{number}/reorder", page="/orders")

    assert till.cart() == {bundle[0]: 2}
    assert answer.headers["location"].endswith("notice=left_out")
    assert "Seal set: 2 in your cart, you ordered 5." in client.get(answer.headers["location"]).text

    leave(session, bundle[1], 0)
    with till.database.session() as own, transaction(own):
        own.exec(delete(CartLine))
    answer = client.submit(f"/orders/{number}/reorder", page="/orders")

    assert till.cart() == {}
    assert answer.headers["location"].endswith("notice=none_left")
    assert "Seal set cannot be ordered at the moment." in client.get(answer.headers["location"]).text
