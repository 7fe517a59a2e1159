from collections.abc import Iterator

import pytest

from app.ordering.rules.states import OrderState
from tests.faults.conftest import Buyer, World

BOUGHT = {"order_received": 1, "order_accepted": 1}


@pytest.fixture
def buyer(world: World) -> Iterator[Buyer]:
    """A company with goods in its cart; afterwards the machines outside behave again."""
    world.send_webhooks_to(world.survivor)
    made = world.new_buyer()
    made.fill_cart()
    yield made
    made.http.close()
    world.standin.clear_faults()
    world.standin.disturb()
    world.mailbox.http.delete(f"{world.mailbox.url}/api/behaviour")


def test_a_payment_that_nobody_reports_is_found_by_the_sweep(world: World, buyer: Buyer) -> None:
    world.standin.disturb(drop_count=-1)

    buyer.pay(buyer.order(buyer.read_checkout()))
    world.let_time_pass()

    _assert_bought_once(world, buyer)


def test_a_payment_reported_ten_times_out_of_order_is_charged_and_mailed_once(
    world: World, buyer: Buyer
) -> None:
    world.standin.disturb(duplicate_count=9, shuffle_ms=300)

    path = buyer.pay(buyer.order(buyer.read_checkout()))
    buyer.ask("GET", path)
    world.let_time_pass()

    _assert_bought_once(world, buyer)


@pytest.mark.parametrize(
    ("request_line", "kind", "is_after_work"),
    [
        ("POST /v1/payment_intents/.*/capture", "drop", True),
        ("POST /v1/payment_intents/.*/capture", "drop", False),
        ("POST /v1/payment_intents/.*/capture", "500", False),
        ("GET /v1/checkout/sessions/", "503", False),
    ],
)
def test_a_lost_answer_while_charging_charges_once(
    request_line: str, kind: str, is_after_work: bool, world: World, buyer: Buyer
) -> None:
    path = buyer.pay(buyer.order(buyer.read_checkout()))
    world.standin.fail_next(request_line, kind, times=1, is_after_work=is_after_work)

    answer = buyer.ask("GET", path)
    world.let_time_pass()

    assert answer.status_code == 303
    _assert_bought_once(world, buyer)


@pytest.mark.parametrize(
    ("kind", "is_after_work"), [("drop", True), ("drop", False), ("503", False), ("500", False)]
)
def test_a_card_page_whose_address_was_lost_is_asked_for_again_and_made_once(
    kind: str, is_after_work: bool, world: World, buyer: Buyer
) -> None:
    form = buyer.read_checkout()
    world.standin.fail_next("POST /v1/checkout/sessions$", kind, times=1, is_after_work=is_after_work)

    first = buyer.ask("POST", "/checkout", form)
    number = buyer.orders()[0].number
    second = buyer.post(f"/orders/{number}/pay", {}, page=f"/orders/{number}")
    if "/cs_" not in second.headers["location"]:
        second = buyer.post(f"/orders/{number}/pay", {}, page=f"/orders/{number}")
    buyer.ask("GET", buyer.pay(buyer.page_id(second)))
    world.let_time_pass()

    assert (first.status_code, first.headers["location"].partition("?")[0]) == (303, f"/orders/{number}")
    assert [one["status"] for one in buyer.pages() if one["status"] != "expired"] == ["complete"]
    _assert_bought_once(world, buyer)


def test_a_mail_server_that_says_later_gets_each_mail_once(world: World, buyer: Buyer) -> None:
    world.mailbox.fail_next(rcpt=buyer.email, code=451, times=3)

    buyer.ask("GET", buyer.pay(buyer.order(buyer.read_checkout())))
    world.let_time_pass()

    _assert_bought_once(world, buyer)


def test_a_mail_whose_receipt_was_lost_comes_again_under_the_same_message_id(
    world: World, buyer: Buyer
) -> None:
    world.mailbox.fail_next(rcpt=buyer.email, is_dropped=True, stage="stored", times=1)

    buyer.ask("GET", buyer.pay(buyer.order(buyer.read_checkout())))
    world.let_time_pass()

    deliveries = buyer.deliveries()
    assert set(deliveries) == set(BOUGHT)
    assert sorted(deliveries.values()) == [1, 2]
    assert world.faults() == []


def _assert_bought_once(world: World, buyer: Buyer) -> None:
    orders = buyer.orders()
    assert [one.state for one in orders] == [OrderState.ACCEPTED]
    assert buyer.captured_cents() == [orders[0].gross_cents]
    assert buyer.deliveries() == BOUGHT
    assert world.faults() == []
