"""Paying through the real SDK at the stand-in: its books and ours say the same."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlmodel import Session

from app.core.clock import utc_now
from app.core.db import Database
from app.ordering.rules.states import CancelReason, OrderState
from app.payments.rules.states import PaymentState
from app.payments.stripe_gateway import StripeGateway, StripeUnavailable
from dev.stripe_standin.server import API_KEY, DEFAULT_SECRET, StandinProcess
from tests.flows.till import Till, open_till

DECLINED = "4000000000009995"
THREE_D_SECURE = "4000002760003184"


@pytest.fixture(scope="module")
def standin() -> Iterator[StandinProcess]:
    with StandinProcess() as process:
        yield process


@pytest.fixture
def till(session: Session, database: Database, standin: StandinProcess) -> Till:
    standin.reset()
    opened = open_till(session, database, now=utc_now())
    opened.stripe = StripeGateway(  # type: ignore[assignment]
        api_key=API_KEY, webhook_secret=DEFAULT_SECRET, api_base=standin.url, answer_seconds=4.0
    )
    return opened


def books(standin: StandinProcess) -> list[tuple[str, int, int]]:
    """Each intent's state with what was captured and refunded."""
    found: list[dict[str, Any]] = standin.books()["intents"]
    return [(one["status"], one["captured"], one["refunded"]) for one in found]


def session_of(till: Till) -> str:
    return till.payments()[-1].session_id or ""


def test_an_order_is_paid_accepted_and_in_the_books(standin: StandinProcess, till: Till) -> None:
    placed = till.place()
    till.start(placed.number)
    standin.pay(session_of(till))

    assert till.settle(session_id=session_of(till)) is PaymentState.CAPTURED

    assert till.order(placed.number).state is OrderState.ACCEPTED
    assert books(standin) == [("succeeded", 11_065, 0)]
    (intent,) = standin.books()["intents"]
    assert intent["metadata"] == {"order": placed.number, "attempt": str(till.payments()[0].id)}


def test_a_declined_card_and_then_three_d_secure_pay_once(standin: StandinProcess, till: Till) -> None:
    placed = till.place()
    till.start(placed.number)
    standin.pay(session_of(till), DECLINED)
    assert till.settle(session_id=session_of(till)) is PaymentState.OPEN
    standin.pay(session_of(till), THREE_D_SECURE)

    assert till.settle(session_id=session_of(till)) is PaymentState.CAPTURED

    assert till.mails() == ["order_received", "payment_failed", "order_accepted"]
    assert till.payments()[0].failure_code == "insufficient_funds"
    assert books(standin) == [("succeeded", 11_065, 0)]
    assert till.order(placed.number).state is OrderState.ACCEPTED


def test_a_company_that_became_a_is_released_in_the_books(standin: StandinProcess, till: Till) -> None:
    placed = till.place()
    till.start(placed.number)
    standin.pay(session_of(till))
    till.turn_into_a()

    assert till.settle(session_id=session_of(till)) is PaymentState.RELEASED

    assert till.order(placed.number).cancel_reason is CancelReason.NOT_ADMITTED
    assert books(standin) == [("canceled", 0, 0)]


@pytest.mark.parametrize(
    "kind, more", [("drop", {"is_after_work": True}), ("500", {}), ("429", {}), ("409", {})]
)
def test_a_capture_with_an_unclear_answer_takes_the_money_once(
    standin: StandinProcess, till: Till, kind: str, more: dict[str, Any]
) -> None:
    placed = till.place()
    till.start(placed.number)
    standin.pay(session_of(till))
    standin.fail_next(r"/capture$", kind, **more)

    for _ in range(4):
        try:
            state = till.settle(session_id=session_of(till))
        except StripeUnavailable:
            continue

    assert state is PaymentState.CAPTURED
    assert books(standin) == [("succeeded", 11_065, 0)]
    assert till.order(placed.number).state is OrderState.ACCEPTED
    assert till.mails() == ["order_received", "order_accepted"]


def test_six_threads_at_the_real_thing_capture_once(standin: StandinProcess, till: Till) -> None:
    placed = till.place()
    till.start(placed.number)
    standin.pay(session_of(till))
    session_id = session_of(till)

    def settle(_: int) -> PaymentState | None:
        try:
            return till.settle(session_id=session_id)
        except StripeUnavailable:
            return None

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(settle, range(6)))
    till.settle(session_id=session_id)

    assert books(standin) == [("succeeded", 11_065, 0)]
    assert till.order(placed.number).state is OrderState.ACCEPTED
    assert till.mails() == ["order_received", "order_accepted"]
    assert till.events(placed.number).count("accepted") == 1


def test_a_cancelled_orders_page_is_closed_at_the_real_thing(standin: StandinProcess, till: Till) -> None:
    first = till.place()
    till.start(first.number)
    till.place(key="key-2")

    for args in till.jobs():
        till.settle(**args)

    (page,) = standin.books()["sessions"]
    assert page["status"] == "expired"
    assert till.payments()[0].state is PaymentState.EXPIRED
