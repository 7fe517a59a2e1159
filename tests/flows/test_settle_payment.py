"""Settling: whatever is told in whatever order, money and orders end alike, and never without the gate."""

import itertools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.core.db import Database
from app.core.errors import Refused
from app.core.transaction import transaction
from app.customers.models import BlockedAttempt
from app.flows.cancel_order import cancel_order
from app.flows.sweep_payments import sweep_payments
from app.mail.models import Mail
from app.ordering.models import CartLine, Order
from app.ordering.rules.states import CancelReason, OrderState
from app.payments.models import Payment
from app.payments.rules.facts import IntentStatus, SessionStatus
from app.payments.rules.ledger import MoneyKind
from app.payments.rules.states import PaymentState
from app.payments.stripe_gateway import StripeUnavailable
from tests.flows.till import Till, open_till

ACCEPTED_MAILS = ["order_received", "order_accepted"]
RELEASED_MAILS = ["order_received", "authorisation_released"]


@pytest.fixture
def till(session: Session, database: Database, now: datetime) -> Till:
    return open_till(session, database, now=now)


def assert_paid_once(till: Till, number: str) -> None:
    """One captured payment, an accepted order, one mail of each kind, an empty cart."""
    order = till.order(number)
    assert (order.state, order.accepted_at is not None) == (OrderState.ACCEPTED, True)
    assert [payment.state for payment in till.payments()].count(PaymentState.CAPTURED) == 1
    assert list(till.stripe.books().values()).count(IntentStatus.CAPTURED) == 1
    assert till.mails() == ACCEPTED_MAILS
    assert till.events(number).count("accepted") == 1
    assert till.ledger().count(MoneyKind.CAPTURED) == till.ledger().count(MoneyKind.AUTHORISED) == 1
    assert till.cart() == {}


def test_an_authorised_payment_is_captured_and_the_order_accepted(till: Till) -> None:
    placed, session_id = till.placed_and_open()
    intent_id = till.stripe.pay(session_id)

    assert till.settle(session_id=session_id) is PaymentState.CAPTURED

    assert_paid_once(till, placed.number)
    payment = till.payments()[0]
    assert (payment.intent_id, payment.card_last4, payment.settled_at) == (intent_id, "4242", till.now)
    assert till.order(placed.number).promised_on == date(2026, 3, 12)


def test_an_open_page_settles_nothing(till: Till) -> None:
    placed, session_id = till.placed_and_open()

    assert till.settle(session_id=session_id) is PaymentState.OPEN

    assert till.order(placed.number).state is OrderState.RECEIVED
    assert till.mails() == ["order_received"]


@pytest.mark.parametrize("order_of_events", list(itertools.permutations(range(4))))
def test_events_in_any_order_and_doubled_end_alike(till: Till, order_of_events: tuple[int, ...]) -> None:
    placed, session_id = till.placed_and_open()
    intent_id = till.stripe.pay(session_id)
    told = [
        {"session_id": session_id},
        {"intent_id": intent_id},
        {"intent_id": intent_id},
        {"payment_id": till.payments()[0].id},
    ]

    for position in order_of_events:
        till.settle(**told[position])
        till.settle(**told[position])

    assert_paid_once(till, placed.number)
    assert till.stripe.calls.count("capture") == 1


def test_eight_threads_settle_the_same_payment_once(till: Till) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)

    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(lambda _: till.settle(session_id=session_id), range(8)))

    assert PaymentState.CAPTURED in states
    assert_paid_once(till, placed.number)


def test_a_decline_is_noted_and_mailed_once_and_another_card_pays(till: Till) -> None:
    placed, session_id = till.placed_and_open()
    before = till.cart()
    till.stripe.decline(session_id)
    till.settle(session_id=session_id)
    till.settle(session_id=session_id)
    till.stripe.decline(session_id, code="expired_card")
    till.settle(session_id=session_id)

    assert till.mails() == ["order_received", "payment_failed"]
    assert (till.order(placed.number).state, till.cart()) == (OrderState.RECEIVED, before)
    assert till.payments()[0].failure_code == "expired_card"

    till.stripe.pay(session_id)
    till.settle(session_id=session_id)
    assert till.order(placed.number).state is OrderState.ACCEPTED
    assert till.mails() == ["order_received", "payment_failed", "order_accepted"]


def test_a_company_that_became_a_while_paying_is_never_charged(session: Session, till: Till) -> None:
    placed, session_id = till.placed_and_open()
    intent_id = till.stripe.pay(session_id)
    till.turn_into_a()

    assert till.settle(session_id=session_id) is PaymentState.RELEASED

    order = till.order(placed.number)
    assert (order.state, order.cancel_reason) == (OrderState.CANCELLED, CancelReason.NOT_ADMITTED)
    assert till.stripe.books() == {intent_id: IntentStatus.CANCELED}
    assert "capture" not in till.stripe.calls
    assert till.mails() == RELEASED_MAILS
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.action, entry.object_name, entry.reason) == (
        "payment.released",
        placed.number,
        "not_admitted",
    )
    assert [attempt.place for attempt in session.exec(select(BlockedAttempt))] == ["payment"]


def test_a_company_that_turns_a_before_the_decision_is_not_charged(till: Till) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    till.stripe.before["read_session"] = till.turn_into_a

    till.settle(session_id=session_id)

    assert till.order(placed.number).cancel_reason is CancelReason.NOT_ADMITTED
    assert IntentStatus.CAPTURED not in till.stripe.books().values()


def test_a_company_that_turns_a_after_the_decision_is_served_once_more(till: Till) -> None:
    # The gate was asked in the transaction that decided; what comes after it concerns the next order.
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    till.stripe.before["capture"] = till.turn_into_a

    till.settle(session_id=session_id)

    assert_paid_once(till, placed.number)


def test_a_decision_left_by_a_crash_asks_the_gate_again(till: Till) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    till.stripe.fail_next("capture")
    with pytest.raises(StripeUnavailable):
        till.settle(session_id=session_id)
    assert till.payments()[0].state is PaymentState.CAPTURING
    till.turn_into_a()

    assert till.settle(session_id=session_id) is PaymentState.RELEASED

    assert till.order(placed.number).cancel_reason is CancelReason.NOT_ADMITTED
    assert IntentStatus.CAPTURED not in till.stripe.books().values()


def test_money_taken_by_a_slower_process_after_a_release_was_decided_is_refunded(till: Till) -> None:
    placed, session_id = till.placed_and_open()
    intent_id = till.stripe.pay(session_id)

    def meanwhile() -> None:
        till.turn_into_a()
        till.stripe.before["release"] = lambda: till.stripe._set(intent_id, IntentStatus.CAPTURED)
        till.settle(session_id=session_id)

    till.stripe.before["capture"] = meanwhile
    till.settle(session_id=session_id)

    assert till.stripe.refunded == [intent_id]
    assert till.payments()[0].state is PaymentState.RELEASED
    assert till.order(placed.number).state is OrderState.CANCELLED
    assert till.mails() == RELEASED_MAILS


def test_a_capture_whose_answer_was_lost_is_finished_without_a_second_one(till: Till) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    till.stripe.fail_next("capture", is_after_work=True)

    till.settle(session_id=session_id)

    assert_paid_once(till, placed.number)
    assert till.stripe.calls.count("capture") == 1


def test_a_capture_that_another_process_made_is_finished_even_for_a_company_that_became_a(till: Till) -> None:
    placed, session_id = till.placed_and_open()
    intent_id = till.stripe.pay(session_id)
    till.stripe.fail_next("capture")
    with pytest.raises(StripeUnavailable):
        till.settle(session_id=session_id)
    till.stripe._set(intent_id, IntentStatus.CAPTURED)
    till.turn_into_a()

    assert till.settle(session_id=session_id) is PaymentState.CAPTURED
    assert_paid_once(till, placed.number)


def test_a_stored_failure_of_the_capture_is_overcome_with_a_new_key(till: Till) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    till.stripe.fail_next("capture", is_stored=True)
    for _ in range(2):
        with pytest.raises(StripeUnavailable):
            till.settle(session_id=session_id)

    assert till.settle(session_id=session_id) is PaymentState.CAPTURED

    assert till.payments()[0].retry_count == 1
    assert_paid_once(till, placed.number)


@pytest.mark.parametrize("facts", [{"amount_cents": 1}, {"amount_cents": 11_066}, {"currency": "USD"}])
def test_an_amount_or_currency_that_is_not_the_orders_is_released(
    till: Till, facts: dict[str, object]
) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id, **facts)  # type: ignore[arg-type]

    assert till.settle(session_id=session_id) is PaymentState.RELEASED

    order = till.order(placed.number)
    assert (order.state, order.cancel_reason) == (OrderState.CANCELLED, CancelReason.AMOUNT_DIFFERS)
    assert IntentStatus.CAPTURED not in till.stripe.books().values()


def test_an_order_whose_amount_was_changed_after_the_page_is_not_paid(session: Session, till: Till) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    with transaction(session):
        order = session.exec(select(Order)).one()
        order.goods_net_cents += 100
        order.gross_cents += 100

    assert till.settle(session_id=session_id) is PaymentState.RELEASED
    assert till.order(placed.number).cancel_reason is CancelReason.AMOUNT_DIFFERS


@pytest.mark.parametrize("facts", [{"order_number": "S-FOREIGN2"}, {"attempt": "999"}])
def test_money_that_was_reserved_for_another_order_pays_nothing(till: Till, facts: dict[str, str]) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id, **facts)

    assert till.settle(session_id=session_id) is PaymentState.RELEASED

    assert till.order(placed.number).state is OrderState.RECEIVED
    assert till.payments()[0].release_reason == "foreign"


def test_an_order_paid_in_two_tabs_is_charged_once(session: Session, till: Till) -> None:
    placed, first = till.placed_and_open()
    with transaction(session):
        session.exec(select(Payment)).one().state = PaymentState.EXPIRED
    second = till.session_at(till.start(placed.number))
    for session_id in (first, second):
        till.stripe.pay(session_id)

    for session_id in (second, first, second, first):
        till.settle(session_id=session_id)

    assert [payment.state for payment in till.payments()] == [PaymentState.RELEASED, PaymentState.CAPTURED]
    assert sorted(till.stripe.books().values()) == [IntentStatus.CANCELED, IntentStatus.CAPTURED]
    assert till.order(placed.number).state is OrderState.ACCEPTED
    assert till.mails() == ["order_received", "order_accepted", "authorisation_released"]


def test_an_order_cancelled_while_the_customer_paid_is_not_charged(session: Session, till: Till) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    cancel_order(
        session,
        order_number=placed.number,
        customer_id=till.customer.id or 0,
        actor_name="Kim",
        now=till.now,
    )

    for args in till.jobs():
        till.settle(**args)

    assert till.payments()[0].state is PaymentState.RELEASED
    assert till.order(placed.number).cancel_reason is CancelReason.BY_CUSTOMER
    assert till.mails() == ["order_received", "order_cancelled", "authorisation_released"]


def test_an_order_being_captured_cannot_be_cancelled(session: Session, till: Till) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    refusals: list[str] = []

    def give_up() -> None:
        with till.database.session() as other, pytest.raises(Refused) as raised:
            cancel_order(
                other,
                order_number=placed.number,
                customer_id=till.customer.id or 0,
                actor_name="Kim",
                now=till.now,
            )
        refusals.append(raised.value.code)

    till.stripe.before["capture"] = give_up
    till.settle(session_id=session_id)

    assert refusals == ["order.just_paying"]
    assert_paid_once(till, placed.number)


def test_money_that_went_back_by_itself_leaves_the_order_payable(till: Till) -> None:
    placed, session_id = till.placed_and_open()
    intent_id = till.stripe.pay(session_id)
    till.stripe.cancel_at_stripe(intent_id)

    assert till.settle(session_id=session_id) is PaymentState.RELEASED

    assert till.order(placed.number).state is OrderState.RECEIVED
    again = till.session_at(till.start(placed.number))
    till.stripe.pay(again)
    assert till.settle(session_id=again) is PaymentState.CAPTURED


def test_what_came_into_the_cart_after_the_order_stays_there(session: Session, till: Till) -> None:
    _, session_id = till.placed_and_open()
    with transaction(session):
        lines = session.exec(select(CartLine).order_by(col(CartLine.id))).all()
        lines[0].quantity = 5
        kept = lines[0].bundle_id
    till.stripe.pay(session_id)

    till.settle(session_id=session_id)

    assert till.cart() == {kept: 2}


def test_the_promise_counts_from_the_payment_and_the_mail_tells_a_later_one(
    session: Session, till: Till
) -> None:
    tuesday = till.at(datetime(2026, 3, 3, 9, 0, tzinfo=UTC))
    placed, session_id = tuesday.placed_and_open()
    till.stripe.pay(session_id)
    assert till.order(placed.number).promised_on == date(2026, 3, 12)

    till.at(datetime(2026, 3, 4, 8, 0, tzinfo=UTC)).settle(session_id=session_id)

    order = till.order(placed.number)
    assert (order.dispatch_on, order.promised_on) == (date(2026, 3, 17), date(2026, 3, 19))
    assert till.events(placed.number) == ["placed", "payment_started", "promise_moved", "accepted"]
    mail = session.exec(select(Mail).where(col(Mail.kind) == "order_accepted")).one()
    assert (mail.values["is_later"], mail.values["promised_on"]) == (True, "2026-03-19")


def test_a_session_or_intent_of_somebody_else_is_none_of_our_business(till: Till) -> None:
    assert till.settle(session_id="cs_unknown") is None
    assert till.settle(intent_id="pi_unknown") is None
    assert till.payments() == []


def test_an_event_that_is_faster_than_our_own_note_still_settles(session: Session, till: Till) -> None:
    placed, session_id = till.placed_and_open()
    with transaction(session):
        payment = session.exec(select(Payment)).one()
        payment.session_id, payment.session_url, payment.state = None, None, PaymentState.CREATED
    till.stripe.pay(session_id)

    assert till.settle(session_id=session_id) is PaymentState.CAPTURED
    assert_paid_once(till, placed.number)


def test_without_any_webhook_the_sweep_settles(session: Session, till: Till) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    later = till.at(till.now + timedelta(minutes=5))

    assert sweep_payments(session, now=till.now + timedelta(seconds=30)) == 0
    assert sweep_payments(session, now=later.now) == 1
    for args in later.jobs():
        later.settle(payment_id=args["payment_id"])

    assert_paid_once(till, placed.number)


def test_the_sweep_looks_first_at_what_it_has_not_looked_at_for_longest(
    session: Session, till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.flows.sweep_payments.LIMIT", 1)
    till.placed_and_open()
    session.rollback()
    first = till.payments()[0]
    with transaction(session):
        twin = first.model_dump(exclude={"id", "session_id", "token"})
        session.add(Payment(**twin, session_id="cs_twin", token="twin"))

    looked_at = []
    for minutes in (4, 8):
        later = till.at(till.now + timedelta(minutes=minutes))
        sweep_payments(session, now=later.now)
        looked_at.append(later.jobs()[-1]["payment_id"])

    assert sorted(looked_at) == sorted(payment.id or 0 for payment in till.payments())


def test_an_attempt_whose_session_was_lost_in_a_crash_is_found_by_its_metadata(till: Till) -> None:
    placed = till.place()
    till.stripe.fail_next("create_session", is_after_work=True)
    with pytest.raises(StripeUnavailable):
        till.start(placed.number)
    assert till.payments()[0].state is PaymentState.CREATED

    assert till.settle(payment_id=till.payments()[0].id) is PaymentState.OPEN

    assert till.payments()[0].session_id in till.stripe.sessions


def test_an_attempt_that_never_reached_stripe_is_given_up_by_the_sweep(session: Session, till: Till) -> None:
    placed = till.place()
    till.stripe.fail_next("make_customer")
    with pytest.raises(StripeUnavailable):
        till.start(placed.number)
    payment_id = till.payments()[0].id

    assert till.settle(payment_id=payment_id) is PaymentState.CREATED
    assert till.at(till.now + timedelta(minutes=2)).settle(payment_id=payment_id) is PaymentState.EXPIRED
    assert till.order(placed.number).state is OrderState.RECEIVED


def test_an_order_nobody_paid_for_a_day_ends_and_its_page_closes(session: Session, till: Till) -> None:
    placed, session_id = till.placed_and_open()
    next_day = till.at(till.now + timedelta(hours=24))

    sweep_payments(session, now=next_day.now)
    for args in next_day.jobs():
        next_day.settle(payment_id=args["payment_id"])
    sweep_payments(session, now=next_day.now)

    order = till.order(placed.number)
    assert (order.state, order.cancel_reason) == (OrderState.CANCELLED, CancelReason.UNPAID)
    assert till.stripe.sessions[session_id].status is SessionStatus.EXPIRED
    assert till.mails() == ["order_received", "order_cancelled"]


def test_an_order_without_any_attempt_ends_after_a_day_too(session: Session, till: Till) -> None:
    placed = till.place()

    sweep_payments(session, now=till.now + timedelta(hours=23, minutes=59))
    assert till.order(placed.number).state is OrderState.RECEIVED
    sweep_payments(session, now=till.now + timedelta(hours=24))

    assert till.order(placed.number).cancel_reason is CancelReason.UNPAID


def test_stripe_not_answering_leaves_everything_as_it_was(till: Till) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    till.stripe.fail_next("read_session")

    with pytest.raises(StripeUnavailable):
        till.settle(session_id=session_id)

    assert till.payments()[0].state is PaymentState.OPEN
    assert till.mails() == ["order_received"]
    assert till.settle(session_id=session_id) is PaymentState.CAPTURED
    assert till.order(placed.number).state is OrderState.ACCEPTED
