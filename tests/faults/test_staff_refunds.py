"""Staff pay back, disputes and refunds of Stripe's dashboard are followed: once each, whoever is killed on the way."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import stripe
from sqlmodel import col, select

from app.core.clock import utc_now
from app.core.failpoints import ALL
from app.ordering.rules.states import OrderState
from app.payments.models import Dispute, Payment, Refund
from app.payments.rules.states import RefundState
from dev.stripe_standin.server import API_KEY
from tests import make, make_money
from tests.faults.conftest import Buyer, World
from tests.faults.test_killed_at_each_point import BOUGHT, _assert_killed
from tests.processes import ShopProcess

BY_STAFF = [name for name in ALL if name.startswith(("refund_order.", "decide_refund.", "decide_warning."))]
BY_FOLLOWING = [name for name in ALL if name.startswith(("look_at_refund.", "follow_dispute."))]
BY_ANSWERING = [name for name in ALL if name.startswith(("send_evidence.", "submit_dispute."))]
WISH = {"scope": "whole", "reason": "withdrawn", "note": "They rang."}


@pytest.fixture
def buyer(world: World) -> Iterator[Buyer]:
    """A company whose order is paid and accepted."""
    world.send_webhooks_to(world.survivor)
    made = world.new_buyer()
    made.fill_cart()
    made.ask("GET", made.pay(made.order(made.read_checkout())))
    world.let_time_pass()
    yield made
    made.http.close()


def staff_token(world: World) -> str:
    with world.db.session() as session:
        return make.staff_signed_in(session, as_=make.staff_member(session), now=utc_now())


def press(at: ShopProcess, token: str, path: str, values: dict[str, str], *, page: str) -> httpx2.Response:
    """A staff member sends a form with the tokens that its page shows."""
    headers = {"cookie": f"schlicht_staff={token}"}
    with httpx2.Client(timeout=60, trust_env=False, headers=headers) as browser:
        text = browser.get(at.url + page).text
        hidden = dict(re.findall(r'name="(csrf|form_key)" value="([^"]+)"', text))
        return browser.post(at.url + path, data={**hidden, **values})


def paid(world: World, buyer: Buyer) -> Payment:
    with world.db.read_session() as session:
        return session.exec(select(Payment).where(col(Payment.order_id) == buyer.orders()[0].id)).one()


def refunds(world: World, buyer: Buyer) -> list[tuple[RefundState, int]]:
    with world.db.read_session() as session:
        rows = session.exec(select(Refund).where(col(Refund.order_id) == buyer.orders()[0].id))
        return [(row.state, row.amount_cents) for row in rows]


def assert_paid_back_once(world: World, buyer: Buyer) -> None:
    order = buyer.orders()[0]
    assert refunds(world, buyer) == [(RefundState.DONE, order.gross_cents)]
    assert [(one["captured"], one["refunded"]) for one in buyer.intents()] == [(order.gross_cents,) * 2]
    assert order.state is OrderState.CANCELLED
    assert buyer.deliveries() == {**BOUGHT, "refund": 1}
    assert world.faults() == []


@pytest.mark.parametrize("name", BY_STAFF)
def test_an_app_killed_while_staff_pay_back_pays_back_once(name: str, world: World, buyer: Buyer) -> None:
    at = f"/admin/orders/{buyer.orders()[0].number}/refund"
    path, values, page = at, {**WISH, "form_key": f"form-of-{name}"}, at
    token = staff_token(world)
    if name.startswith("decide_warning."):
        world.standin.warn(paid(world, buyer).intent_id or "")
        world.let_time_pass()
        page = f"/admin/payments/{paid(world, buyer).id}"
        path, values = f"{page}/warning", {"decision": "refund", "reason": "Nobody answers."}
    elif name.startswith("decide_refund."):
        page = "/admin/refunds"
        path, values = f"/admin/refunds/requests/{_waiting(world, buyer)}", {"decision": "grant"}

    with world.serve(name) as armed:
        with pytest.raises(httpx2.TransportError):
            press(armed, token, path, values, page=page)
        _assert_killed(armed)
    again = press(world.survivor, token, path, values, page=page)
    world.let_time_pass()

    assert again.status_code == 303
    assert_paid_back_once(world, buyer)


@pytest.mark.parametrize("name", BY_FOLLOWING)
def test_a_worker_killed_while_it_follows_stripe_follows_once(name: str, world: World, buyer: Buyer) -> None:
    intent_id = paid(world, buyer).intent_id or ""
    armed = world.work(name)
    try:
        if name.startswith("look_at_refund."):
            addresses: Any = {"api": world.standin.url}
            dashboard = stripe.StripeClient(API_KEY, base_addresses=addresses, max_network_retries=0)
            dashboard.v1.refunds.create({"payment_intent": intent_id})
        else:
            dispute_id = world.standin.dispute(intent_id)["id"]
        _assert_killed(armed)
    finally:
        armed.kill9()
    world.let_time_pass()

    if name.startswith("look_at_refund."):
        assert_paid_back_once(world, buyer)
        return
    with world.db.read_session() as session:
        dispute = session.exec(select(Dispute).where(col(Dispute.dispute_id) == dispute_id)).one()
    assert (dispute.status, dispute.taken_at is not None) == ("needs_response", True)
    assert buyer.deliveries() == BOUGHT


@pytest.mark.parametrize("name", BY_ANSWERING)
def test_whoever_is_killed_while_evidence_goes_out_sends_it_once(
    name: str, world: World, buyer: Buyer
) -> None:
    world.standin.dispute(paid(world, buyer).intent_id or "")
    world.let_time_pass()
    token = staff_token(world)
    with world.db.read_session() as session:
        of_order = col(Dispute.order_id) == buyer.orders()[0].id
        at = f"/admin/disputes/{session.exec(select(Dispute.id).where(of_order)).one()}"
    values = {"uncategorized_text": "It left.", "act": "send"}

    if name.startswith("send_evidence."):
        with world.serve(name) as armed:
            with pytest.raises(httpx2.TransportError):
                press(armed, token, at, values, page=at)
            _assert_killed(armed)
        press(world.survivor, token, at, values, page=at)
    else:
        worker = world.work(name)
        try:
            press(world.survivor, token, at, values, page=at)
            _assert_killed(worker)
        finally:
            worker.kill9()
    world.let_time_pass()

    with world.db.read_session() as session:
        dispute = session.exec(select(Dispute).where(of_order)).one()
    assert (dispute.status, dispute.submitting_at, dispute.failure) == ("under_review", None, "")
    assert dispute.submitted_at is not None


def test_two_processes_pay_back_the_same_form_once(world: World, buyer: Buyer) -> None:
    at = f"/admin/orders/{buyer.orders()[0].number}/refund"
    token, values = staff_token(world), {**WISH, "form_key": "one form, two processes"}

    with world.serve("") as other:
        answers = [press(one, token, at, values, page=at).status_code for one in (world.survivor, other)]
    world.let_time_pass()

    assert answers == [303, 303]
    assert_paid_back_once(world, buyer)


def _waiting(world: World, buyer: Buyer) -> int:
    """All of the order waits for a second person."""
    order = buyer.orders()[0]
    wish = {"scope": "whole", "quantities": {}, "charge_ids": [], "amount_cents": None}
    with world.db.session() as session:
        amount_cents = order.gross_cents
        return make_money.request(session, of=order, wish=wish, amount_cents=amount_cents).id or 0
