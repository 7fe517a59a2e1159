import re
import signal
import time
from collections.abc import Iterator
from datetime import timedelta

import httpx2
import pytest
from sqlmodel import col, select

from app.audit.service import SYSTEM
from app.catalogue.models import StockMove
from app.core.clock import utc_now
from app.core.failpoints import ALL
from app.core.transaction import transaction
from app.flows.change_segment import change_segment
from app.jobs.service import put_job
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Order
from app.ordering.rules.states import CancelReason, OrderState
from app.payments.models import Payment, PaymentHold
from app.payments.rules.holding import HoldDecision
from app.payments.rules.states import PaymentState
from tests import make
from tests.faults.conftest import Buyer, World
from tests.processes import ShopProcess, WorkerProcess

BOUGHT = {"order_received": 1, "order_accepted": 1}
HELD = {"order_received": 1, "order_being_checked": 1}
GIVEN_BACK = {"order_received": 1, "authorisation_released": 1}
TAKEN_BACK = {"order_received": 1, "order_cancelled": 1}

BY_REQUEST = [name for name in ALL if name.startswith(("place_order.", "start_payment.", "settle_payment."))]
BY_EVENT = [name for name in ALL if name.startswith("receive_stripe_event.")]
BY_CANCELLING = [name for name in ALL if name.startswith("cancel_order.")]
BY_HOLDING = [name for name in ALL if name.startswith("hold_payment.")]
BY_DECIDING = [name for name in ALL if name.startswith("decide_hold.")]
BY_DISPATCHING = [name for name in ALL if name.startswith("dispatch_order.")]
BY_TELLING = [name for name in ALL if name.startswith("tell_late_orders.")]
BY_WORKER = [name for name in ALL if name.startswith("send_mail.")]
BY_IMPORTING = [name for name in ALL if name.startswith(("apply_import.", "undo_import."))]
"""Killed in test_imports.py."""
BY_PUBLISHING = [name for name in ALL if name.startswith("publish_scheduled.")]
"""Killed in test_scheduled_bundles.py."""
BY_ASKING = [name for name in ALL if name.startswith("ask_standing_orders.")]
"""Killed in test_standing_orders.py."""
BY_PAYING_BACK = [name for name in ALL if name.startswith("pay_back.")]
"""Killed in test_refunds.py."""
BY_ISSUING = [name for name in ALL if name.startswith("issue_invoice.")]
"""Killed in test_invoices.py."""
KEEPING = ("keep_card.", "remove_card.", "pay_with_kept_card.", "charge_kept_card.", "charge_fee.")
BY_KEEPING = [name for name in ALL if name.startswith(KEEPING)]
"""Killed in test_kept_cards.py."""
OF_THE_BOOKS = (
    *("refund_order.", "decide_refund.", "decide_warning.", "look_at_refund.", "follow_dispute."),
    *("send_evidence.", "submit_dispute."),
)
BY_THE_BOOKS = [name for name in ALL if name.startswith(OF_THE_BOOKS)]
"""Killed in test_staff_refunds.py."""
ORDERING = [name for name in ALL if name.startswith(("place_order.", "start_payment."))]
SETTLING = [name for name in ALL if name.startswith("settle_payment.")]


@pytest.fixture
def buyer(world: World) -> Iterator[Buyer]:
    """A company with goods in its cart; events go to the process that survives."""
    world.send_webhooks_to(world.survivor)
    made = world.new_buyer()
    made.fill_cart()
    yield made
    made.http.close()


def test_each_failpoint_has_its_test() -> None:
    swept = [*BY_REQUEST, *BY_EVENT, *BY_CANCELLING, *BY_HOLDING, *BY_DECIDING, *BY_WORKER, *BY_IMPORTING]
    swept += BY_PUBLISHING
    swept += [*BY_DISPATCHING, *BY_TELLING]
    swept += BY_ASKING
    swept += BY_PAYING_BACK
    swept += BY_ISSUING
    swept += BY_KEEPING
    swept += BY_THE_BOOKS
    assert sorted(swept) == sorted(ALL)


@pytest.mark.parametrize("name", BY_REQUEST)
def test_an_app_killed_while_a_customer_buys_loses_and_doubles_nothing(
    name: str, world: World, buyer: Buyer
) -> None:
    with world.serve(name) as armed:
        buyer.at = armed

        _buy(buyer)
        _assert_killed(armed)
    world.let_time_pass()

    assert buyer.unanswered_count == 1
    _assert_bought_once(buyer)
    assert world.faults() == []


@pytest.mark.parametrize("name", ORDERING)
def test_an_order_whose_customer_never_comes_back_after_the_kill_ends_unpaid_and_closed(
    name: str, world: World, buyer: Buyer
) -> None:
    form = buyer.read_checkout()
    with world.serve(name) as armed:
        with pytest.raises(httpx2.TransportError):
            buyer.http.post(f"{armed.url}/checkout", data=form)
        _assert_killed(armed)
    world.let_time_pass()
    faults_at_first = world.faults()
    world.let_a_day_pass(buyer)

    is_placed = name != "place_order.before_commit"
    assert faults_at_first == []
    assert [(one.state, one.cancel_reason) for one in buyer.orders()] == [
        (OrderState.CANCELLED, CancelReason.UNPAID)
    ][:is_placed]
    assert {one["status"] for one in buyer.pages()} <= {"expired"}
    assert buyer.deliveries() == (TAKEN_BACK if is_placed else {})
    assert buyer.intents() == []
    assert world.faults() == []


@pytest.mark.parametrize("name", BY_EVENT)
def test_an_app_killed_while_it_is_told_of_a_payment_learns_it_again(
    name: str, world: World, buyer: Buyer
) -> None:
    with world.serve(name) as armed:
        page_id = buyer.order(buyer.read_checkout())
        world.send_webhooks_to(armed)

        buyer.pay(page_id)
        _assert_killed(armed)
    world.send_webhooks_to(world.survivor)
    world.let_time_pass()

    _assert_bought_once(buyer)
    assert world.faults() == []


@pytest.mark.parametrize("name", BY_CANCELLING)
def test_an_app_killed_while_an_order_is_taken_back_takes_it_back_once(
    name: str, world: World, buyer: Buyer
) -> None:
    page_id = buyer.order(buyer.read_checkout())
    number = buyer.orders()[0].number
    with world.serve(name) as armed:
        buyer.at = armed

        answer = buyer.post(f"/orders/{number}/cancel", {}, page=f"/orders/{number}")
        _assert_killed(armed)
    world.let_time_pass()

    assert answer.status_code == 303
    assert [(one.state, one.cancel_reason) for one in buyer.orders()] == [
        (OrderState.CANCELLED, CancelReason.BY_CUSTOMER)
    ]
    assert [(one["id"], one["status"]) for one in buyer.pages()] == [(page_id, "expired")]
    assert buyer.captured_cents() == []
    assert buyer.deliveries() == TAKEN_BACK
    assert world.faults() == []


@pytest.mark.parametrize("name", BY_DISPATCHING)
def test_an_app_killed_while_an_order_is_dispatched_takes_its_blocks_out_once(
    name: str, world: World, buyer: Buyer
) -> None:
    buyer.ask("GET", buyer.pay(buyer.order(buyer.read_checkout())))
    number = buyer.orders()[0].number
    form = {"number": number, "carrier": "Post", f"tracking_{number}": "T-1"}
    with world.serve(name) as armed:
        with pytest.raises(httpx2.TransportError):
            _as_staff(world, armed, "/admin/dispatch", form)
        _assert_killed(armed)
    _as_staff(world, world.survivor, "/admin/dispatch", form)
    world.let_time_pass()

    assert [one.state for one in buyer.orders()] == [OrderState.DISPATCHED]
    with world.db.read_session() as session:
        moves = session.exec(select(StockMove).where(col(StockMove.order_id) == buyer.orders()[0].id)).all()
    assert [move.delta_milli for move in moves] == [-6_000]
    assert buyer.deliveries() == {**BOUGHT, "order_dispatched": 1, "invoice": 1}
    assert world.faults() == []


@pytest.mark.parametrize("name", BY_TELLING)
def test_a_worker_killed_while_it_tells_of_a_late_order_tells_of_it_once(
    name: str, world: World, buyer: Buyer
) -> None:
    buyer.ask("GET", buyer.pay(buyer.order(buyer.read_checkout())))
    with world.db.session() as session, transaction(session):
        order = session.get_one(Order, buyer.orders()[0].id)
        order.dispatch_on -= timedelta(days=90)
        order.promised_on -= timedelta(days=90)
        # The job comes by itself every ten minutes: a worker of another test may have had this one's.
        put_job(session, "tell_late_orders", now=utc_now())
    armed = world.work(name)
    try:
        _assert_killed(armed)
    finally:
        armed.kill9()
    world.let_time_pass()

    assert [one.expected_on is not None for one in buyer.orders()] == [True]
    assert buyer.deliveries() == {**BOUGHT, "order_late": 1}
    assert world.faults() == []


@pytest.mark.parametrize("name", BY_WORKER)
def test_a_worker_killed_while_it_mails_mails_everything_once(name: str, world: World, buyer: Buyer) -> None:
    armed = world.work(name)
    try:
        buyer.pay(buyer.order(buyer.read_checkout()))
        _assert_killed(armed)
    finally:
        armed.kill9()
    world.let_time_pass()

    # Between the server's "250" and our note nobody can know: it goes out again, under the same Message-ID.
    doubled = 1 if name == "send_mail.after_smtp" else 0
    deliveries = buyer.deliveries()
    assert set(deliveries) == set(BOUGHT)
    assert sum(deliveries.values()) == len(BOUGHT) + doubled
    assert [one.state for one in buyer.orders()] == [OrderState.ACCEPTED]
    assert world.faults() == []


@pytest.mark.parametrize("name", SETTLING)
def test_a_worker_killed_while_it_gives_money_back_gives_it_back_once(
    name: str, world: World, buyer: Buyer
) -> None:
    page_id = buyer.order(buyer.read_checkout())
    _move_to_segment_b(world, buyer)
    armed = world.work(name)
    try:
        buyer.pay(page_id)
        _assert_killed(armed)
    finally:
        armed.kill9()
    world.let_time_pass()

    assert [(one.state, one.cancel_reason) for one in buyer.orders()] == [
        (OrderState.CANCELLED, CancelReason.NOT_ADMITTED)
    ]
    assert [(one["status"], one["captured"], one["capturable"]) for one in buyer.intents()] == [
        ("canceled", 0, 0)
    ]
    assert buyer.deliveries() == GIVEN_BACK
    assert world.faults() == []


@pytest.mark.parametrize("name", [*BY_HOLDING, "settle_payment.before_decision"])
def test_an_app_killed_while_it_holds_a_payment_holds_it_once_and_charges_nothing(
    name: str, world: World, buyer: Buyer
) -> None:
    card = _card_of_a_shut_out_company(world)
    with world.serve(name) as armed:
        buyer.at = armed

        path = buyer.pay(buyer.order(buyer.read_checkout()), owner=card)
        buyer.ask("GET", path)
        _assert_killed(armed)
    world.let_time_pass()

    assert _holds(world, buyer) == [(PaymentState.HELD, None)]
    assert [(one["status"], one["captured"]) for one in buyer.intents()] == [("requires_capture", 0)]
    assert [one.state for one in buyer.orders()] == [OrderState.RECEIVED]
    assert buyer.deliveries() == HELD
    assert world.faults() == []
    _decide(world, world.survivor, buyer, HoldDecision.RELEASE)
    world.let_time_pass()
    assert world.faults() == []


@pytest.mark.parametrize("decision", list(HoldDecision))
@pytest.mark.parametrize("name", BY_DECIDING)
def test_an_app_killed_while_a_person_decides_about_a_held_payment_obeys_once(
    name: str, decision: HoldDecision, world: World, buyer: Buyer
) -> None:
    buyer.pay(buyer.order(buyer.read_checkout()), owner=_card_of_a_shut_out_company(world))
    world.let_time_pass()
    with world.serve(name) as armed:
        with pytest.raises(httpx2.TransportError):
            _decide(world, armed, buyer, decision)
        _assert_killed(armed)
    _decide(world, world.survivor, buyer, decision)
    world.let_time_pass()

    _assert_obeyed(world, buyer, decision)


@pytest.mark.parametrize("decision", list(HoldDecision))
@pytest.mark.parametrize("name", SETTLING)
def test_a_worker_killed_while_it_carries_out_a_decision_carries_it_out_once(
    name: str, decision: HoldDecision, world: World, buyer: Buyer
) -> None:
    buyer.pay(buyer.order(buyer.read_checkout()), owner=_card_of_a_shut_out_company(world))
    world.let_time_pass()
    armed = world.work(name)
    try:
        _decide(world, world.survivor, buyer, decision)
        _assert_killed(armed)
    finally:
        armed.kill9()
    world.let_time_pass()

    _assert_obeyed(world, buyer, decision)


@pytest.mark.parametrize("how", ["doubled", "never told"])
def test_a_held_payment_is_the_same_however_it_is_reported(how: str, world: World, buyer: Buyer) -> None:
    behaviour = {"duplicate_count": 9, "shuffle_ms": 300} if how == "doubled" else {"drop_count": -1}
    world.standin.disturb(**behaviour)
    try:
        buyer.pay(buyer.order(buyer.read_checkout()), owner=_card_of_a_shut_out_company(world))
        world.let_time_pass()
    finally:
        world.standin.disturb()

    assert _holds(world, buyer) == [(PaymentState.HELD, None)]
    assert buyer.deliveries() == HELD
    _decide(world, world.survivor, buyer, HoldDecision.GO_ON)
    world.let_time_pass()
    _assert_obeyed(world, buyer, HoldDecision.GO_ON)


def _card_of_a_shut_out_company(world: World) -> str:
    """The owner of a card with which a company paid before it was recognised."""
    other = world.new_buyer()
    other.fill_cart()
    other.ask("GET", other.pay(other.order(other.read_checkout())))
    other.http.close()
    _move_to_segment_b(world, other)
    return other.email


def _decide(world: World, at: ShopProcess, buyer: Buyer, decision: HoldDecision) -> None:
    """A staff member decides on the order's page of one process."""
    path = f"/admin/orders/{buyer.orders()[0].number}"
    _as_staff(world, at, f"{path}/hold", {"decision": decision.value, "reason": "looked at"}, page=path)


def _as_staff(
    world: World, at: ShopProcess, path: str, values: dict[str, str], *, page: str | None = None
) -> None:
    """A staff member sends a form to one process, with the token that a page of it shows."""
    with world.db.session() as session:
        token = make.staff_signed_in(session, as_=make.staff_member(session), now=utc_now())
    with httpx2.Client(timeout=60, trust_env=False, headers={"cookie": f"schlicht_staff={token}"}) as staff:
        csrf = re.search(r'name="csrf" value="([^"]+)"', staff.get(at.url + (page or path)).text)
        assert csrf
        answer = staff.post(at.url + path, data={"csrf": csrf[1], **values})
    assert answer.status_code == 303, answer.text


def _holds(world: World, buyer: Buyer) -> list[tuple[PaymentState, HoldDecision | None]]:
    with world.db.read_session() as session:
        rows = session.exec(
            select(Payment.state, PaymentHold.decision)
            .join(PaymentHold, col(PaymentHold.payment_id) == col(Payment.id))
            .where(col(PaymentHold.customer_id) == buyer.customer_id)
        )
        return [(state, decision) for state, decision in rows]


def _assert_obeyed(world: World, buyer: Buyer, decision: HoldDecision) -> None:
    is_charged = decision is HoldDecision.GO_ON
    order = buyer.orders()[0]
    state = PaymentState.CAPTURED if is_charged else PaymentState.RELEASED
    ends = {"order_accepted": 1} if is_charged else {"authorisation_released": 1, "order_cancelled": 1}
    assert _holds(world, buyer) == [(state, decision)]
    assert order.state is (OrderState.ACCEPTED if is_charged else OrderState.CANCELLED)
    assert buyer.captured_cents() == ([order.gross_cents] if is_charged else [])
    assert [one["capturable"] for one in buyer.intents()] == [0]
    assert buyer.deliveries() == {**HELD, **ends}
    assert world.faults() == []


def _buy(buyer: Buyer) -> None:
    """The whole walk; whoever gets no answer asks again."""
    path = buyer.pay(buyer.order(buyer.read_checkout()))
    answer = buyer.ask("GET", path)
    assert answer.status_code == 303, answer.text


def _assert_bought_once(buyer: Buyer) -> None:
    orders = buyer.orders()
    assert [one.state for one in orders] == [OrderState.ACCEPTED]
    assert buyer.captured_cents() == [orders[0].gross_cents]
    assert buyer.deliveries() == BOUGHT
    assert buyer.http.get(f"{buyer.at.url}/orders/{orders[0].number}").status_code == 200


def _assert_killed(process: ShopProcess | WorkerProcess, *, within_seconds: float = 60) -> None:
    """A failpoint that is never reached fails here."""
    give_up_at = time.monotonic() + within_seconds
    while process.exit_code is None and time.monotonic() < give_up_at:
        time.sleep(0.02)
    assert process.exit_code == -signal.SIGKILL, "the process never came to its failpoint"


def _move_to_segment_b(world: World, buyer: Buyer) -> None:
    with world.db.session() as session:
        change_segment(
            session, buyer.customer_id, segment=Segment.B, reason="grows", actor=SYSTEM, now=utc_now()
        )
