"""Whoever is killed while a card is kept, charged or removed keeps, charges and removes it once."""

from collections.abc import Iterator

import httpx2
import pytest
import stripe
from sqlmodel import col, select

from app.care.models import SpecialService
from app.core.failpoints import ALL
from app.customers.models import Customer
from app.ordering.models import Order
from app.ordering.rules.states import OrderKind, OrderState
from app.payments.models import Payer
from app.payments.models_cards import SavedCard
from app.payments.rules.saved_cards import CardEnd
from dev.stripe_standin.server import API_KEY
from tests.faults.conftest import Buyer, World, form_values
from tests.faults.test_killed_at_each_point import BOUGHT, BY_KEEPING, _as_staff, _assert_killed

BY_BUTTON = [name for name in ALL if name.startswith(("pay_with_kept_card.", "charge_kept_card."))]
BY_STAFF = [name for name in ALL if name.startswith("charge_fee.")]
BY_WORKER = [name for name in ALL if name.startswith("keep_card.")]
BY_REMOVING = [name for name in ALL if name.startswith("remove_card.")]


@pytest.fixture
def buyer(world: World) -> Iterator[Buyer]:
    """A company with goods in its cart."""
    world.send_webhooks_to(world.survivor)
    made = world.new_buyer()
    made.fill_cart()
    yield made
    made.http.close()


def keep_a_card(world: World, buyer: Buyer) -> None:
    """An order is paid with the box ticked, and all that follows is done."""
    page_id = buyer.order({**buyer.read_checkout(), "keeps_card": "1"})
    buyer.ask("GET", buyer.pay(page_id))
    world.let_time_pass()


def kept(world: World, buyer: Buyer) -> list[SavedCard]:
    with world.db.read_session() as session:
        query = select(SavedCard).where(col(SavedCard.customer_id) == buyer.customer_id)
        return list(session.exec(query))


def at_stripe(world: World, buyer: Buyer) -> list[str]:
    """The cards that stay with Stripe for a company."""
    with world.db.read_session() as session:
        payer = session.get_one(Payer, buyer.customer_id).stripe_customer_id
    client = stripe.StripeClient(API_KEY, base_addresses={"api": world.standin.url})
    return [one.id for one in client.v1.customers.payment_methods.list(payer).data]


def services(buyer: Buyer) -> list[Order]:
    return [one for one in buyer.orders() if one.kind is OrderKind.SERVICE]


def charged_for(buyer: Buyer, order: Order) -> list[int]:
    mine = [one for one in buyer.intents() if one["metadata"]["order"] == order.number]
    return [one["captured"] for one in mine if one["captured"]]


def phone_help_id(world: World) -> int:
    with world.db.read_session() as session:
        query = select(SpecialService.id).where(col(SpecialService.code) == "phone-help")
        return session.exec(query).one() or 0


def test_each_failpoint_of_kept_cards_is_reached() -> None:
    assert sorted(BY_KEEPING) == sorted([*BY_BUTTON, *BY_STAFF, *BY_WORKER, *BY_REMOVING])


@pytest.mark.parametrize("name", BY_BUTTON)
def test_an_app_killed_while_a_kept_card_is_charged_charges_it_once(
    name: str, world: World, buyer: Buyer
) -> None:
    keep_a_card(world, buyer)
    action = f"/services/{phone_help_id(world)}"
    with world.serve(name) as armed:
        buyer.at = armed
        page = buyer.ask("GET", action).text
        cents = page.partition('name="kept_card_cents" value="')[2].partition('"')[0]
        form = {**form_values(page, action=action), "quantity": "1", "kept_card_cents": cents}

        answer = buyer.ask("POST", action, {**form, "accept_terms": "1", "is_business": "1"})
        _assert_killed(armed)
    world.let_time_pass()

    (order,) = services(buyer)
    assert answer.status_code == 303
    assert order.state is OrderState.ACCEPTED
    assert charged_for(buyer, order) == [int(cents)]
    assert world.faults() == []


@pytest.mark.parametrize("name", BY_WORKER)
def test_a_worker_killed_while_it_keeps_a_card_keeps_it_once(name: str, world: World, buyer: Buyer) -> None:
    armed = world.work(name)
    try:
        page_id = buyer.order({**buyer.read_checkout(), "keeps_card": "1"})
        buyer.ask("GET", buyer.pay(page_id))
        _assert_killed(armed)
    finally:
        armed.kill9()
    world.let_time_pass()

    assert [one.payment_method_id for one in kept(world, buyer)] == at_stripe(world, buyer) != []
    assert buyer.deliveries() == BOUGHT
    assert world.faults() == []


@pytest.mark.parametrize("name", BY_REMOVING)
def test_an_app_killed_while_a_card_is_removed_removes_it(name: str, world: World, buyer: Buyer) -> None:
    keep_a_card(world, buyer)
    with world.serve(name) as armed:
        buyer.at = armed
        buyer.post("/account/card/remove", {}, page="/account")
        _assert_killed(armed)
    world.let_time_pass()

    assert [one.end_reason for one in kept(world, buyer)] == [CardEnd.REMOVED]
    assert at_stripe(world, buyer) == []
    assert world.faults() == []


@pytest.mark.parametrize("name", BY_STAFF)
def test_an_app_killed_while_staff_charge_a_fee_charges_it_once(
    name: str, world: World, buyer: Buyer
) -> None:
    keep_a_card(world, buyer)
    with world.db.read_session() as session:
        number = session.get_one(Customer, buyer.customer_id).number
    path = f"/admin/customers/{number}/fee"
    fee = {
        "service_id": str(phone_help_id(world)), "quantity": "1", "reason": "On the phone", "form_key": f"fee-{number}"
    }  # fmt: skip
    with world.serve(name) as armed:
        with pytest.raises(httpx2.TransportError):
            _as_staff(world, armed, path, fee, page=path)
        _assert_killed(armed)
    for _ in range(2):
        _as_staff(world, world.survivor, path, fee, page=path)
    world.let_time_pass()

    (charged,) = services(buyer)
    assert charged.state is OrderState.DISPATCHED
    assert charged_for(buyer, charged) == [charged.gross_cents]
    assert buyer.deliveries() == {**BOUGHT, "fee_charged": 1, "invoice": 1}
    assert world.faults() == []
