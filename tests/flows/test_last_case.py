"""The last case of a payment: events in every order and late, keys that are forgotten, failures that never end."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import stripe
from sqlmodel import Session, col, select

from app.core.clock import utc_now
from app.core.db import Database
from app.flows.receive_stripe_event import receive_stripe_event
from app.flows.sweep_payments import sweep_payments
from app.handlers.registry import HANDLERS
from app.insights.books import compare_books
from app.ordering.rules.states import OrderState
from app.payments.models import MoneyEvent, StripeEvent
from app.payments.rules.facts import EventFacts
from app.payments.rules.states import PaymentState
from app.payments.stripe_gateway import StripeGateway, StripeUnavailable
from app.shop import Shop
from app.worker import run_next
from dev.stripe_standin.server import API_KEY, DEFAULT_SECRET, StandinProcess
from tests.fakes import FakeStripe
from tests.flows.till import Till, open_till

OF_PAYMENTS = tuple(kind for kind in HANDLERS if kind not in ("send_mail", "sweep_payments"))
GROSS = 11_065


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


def tell(shop: Shop, kind: str, object_id: str, *, name: str) -> None:
    """The card service tells, twice, and the worker does what follows."""
    for _ in range(2):
        with shop.db.session() as session:
            receive_stripe_event(session, EventFacts(f"evt_{name}_{kind}", kind, object_id), now=utc_now())
        while run_next(shop, kinds=OF_PAYMENTS):
            pass


def assert_in_the_books_once(till: Till, standin: StandinProcess, number: str) -> None:
    """One capture of the gross amount, the order accepted, and both books equal."""
    assert [one["captured"] for one in standin.books()["intents"] if one["captured"]] == [GROSS]
    assert till.order(number).state is OrderState.ACCEPTED
    with till.database.read_session() as session:
        assert compare_books(session, standin.books()) == []
        noted = session.exec(select(MoneyEvent.kind).where(col(MoneyEvent.amount_cents) == GROSS)).all()
    assert [kind.value for kind in noted].count("captured") == 1


def ending(till: Till, number: str) -> dict[str, Any]:
    """All that became of an order."""
    order_id = till.order(number).id
    with till.database.read_session() as session:
        money = session.exec(select(MoneyEvent).where(col(MoneyEvent.order_id) == order_id)).all()
        ledger = sorted((one.kind.value, one.amount_cents) for one in money)
    payments = [(one.state, one.failure_code) for one in till.payments() if one.order_id == order_id]
    return {
        "order": till.order(number).state,
        "payments": payments,
        "timeline": till.events(number),
        "ledger": ledger,
    }


def test_the_events_of_an_order_in_every_order_and_doubled_end_alike(
    session: Session, database: Database, shop: Shop
) -> None:
    endings, mails, card_service = [], [], FakeStripe()
    shop.stripe = card_service  # type: ignore[assignment]
    for number, order_of_events in enumerate(itertools.permutations(range(3))):
        till = open_till(session, database, now=utc_now())
        till.stripe = card_service
        placed, session_id = till.placed_and_open(key=f"key-{number}")
        intent_id = till.stripe.pay(session_id, card_fingerprint=f"fp-{number}")
        told = (
            ("checkout.session.completed", session_id),
            ("payment_intent.payment_failed", intent_id),
            ("payment_intent.succeeded", intent_id),
        )
        before = len(till.mails())

        for position in order_of_events:
            tell(shop, *told[position], name=str(number))

        endings.append(ending(till, placed.number))
        mails.append(till.mails()[before:])
        assert card_service.calls.count("capture") == number + 1

    assert endings == [endings[0]] * 6
    assert endings[0]["order"] is OrderState.ACCEPTED
    assert endings[0]["ledger"] == [("authorised", GROSS), ("captured", GROSS)]
    assert mails == [["order_accepted"]] * 6
    session.expire_all()
    assert session.exec(select(StripeEvent).where(col(StripeEvent.handled_at).is_(None))).all() == []


def test_events_that_come_three_days_late_change_nothing_any_more(
    session: Session, standin: StandinProcess, till: Till, shop: Shop
) -> None:
    shop.stripe = till.stripe  # type: ignore[assignment]
    placed, session_id = till.placed_and_open()
    standin.pay(session_id)
    with till.database.session() as writing:
        assert sweep_payments(writing, now=till.now + timedelta(minutes=5)) == 1
    till.settle(payment_id=till.payments()[0].id)
    before = ending(till, placed.number), till.mails()

    standin.set_clock(3 * 24 * 3600)
    client = stripe.StripeClient(API_KEY, base_addresses={"api": standin.url}, max_network_retries=0)
    late = [(one.type, one.data.object["id"]) for one in client.v1.events.list({"limit": 100}).data]
    assert len(late) >= 4
    for kind, object_id in late:
        tell(shop, kind, object_id, name=object_id)

    assert (ending(till, placed.number), till.mails()) == before
    assert_in_the_books_once(till, standin, placed.number)


def test_a_capture_whose_key_was_forgotten_is_looked_up_and_not_made_again(
    standin: StandinProcess, till: Till
) -> None:
    placed, session_id = till.placed_and_open()
    standin.pay(session_id)
    standin.fail_next(r"/capture$", "drop", is_after_work=True)
    standin.fail_next(r"GET .*/payment_intents/", "drop")
    with pytest.raises(StripeUnavailable):
        till.settle(session_id=session_id)
    assert till.payments()[0].state is PaymentState.CAPTURING

    standin.clear_faults()
    standin.set_clock(25 * 3600)
    till.settle(session_id=session_id)

    assert_in_the_books_once(till, standin, placed.number)


def test_a_card_page_whose_key_was_forgotten_is_found_and_closed_with_its_order(
    session: Session, standin: StandinProcess, till: Till
) -> None:
    placed = till.place()
    standin.fail_next(r"POST .*/checkout/sessions$", "drop", is_after_work=True)
    with pytest.raises(StripeUnavailable):
        till.start(placed.number)
    assert till.payments()[0].session_id is None

    standin.clear_faults()
    standin.set_clock(25 * 3600)
    next_day = till.at(till.now + timedelta(hours=25))
    next_day.settle(payment_id=till.payments()[0].id)

    assert [one["status"] for one in standin.books()["sessions"]] == ["expired"]
    assert till.order(placed.number).state is OrderState.CANCELLED
    assert standin.books()["totals"]["authorised"] == 0


def test_a_failure_that_never_ends_takes_nothing_and_its_end_takes_it_once(
    standin: StandinProcess, till: Till
) -> None:
    placed, session_id = till.placed_and_open()
    standin.pay(session_id)
    standin.fail_next(r"/capture$", "500", times=50)

    for _ in range(6):
        with pytest.raises(StripeUnavailable):
            till.settle(session_id=session_id)
    assert standin.books()["totals"]["captured"] == 0
    assert till.order(placed.number).state is OrderState.RECEIVED

    standin.clear_faults()
    for _ in range(3):
        till.settle(session_id=session_id)

    assert_in_the_books_once(till, standin, placed.number)
