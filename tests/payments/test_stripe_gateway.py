"""The gateway against the stand-in process, through the real SDK."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import stripe

from app.payments.rules.facts import (
    CardItem,
    DisputeFacts,
    IntentStatus,
    RefundStatus,
    SessionFacts,
    SessionStatus,
    SessionWish,
)
from app.payments.stripe_gateway import (
    KeyMismatch,
    StripeGateway,
    StripeRefusal,
    StripeUnavailable,
)
from dev.stripe_standin.server import API_KEY, DEFAULT_SECRET, StandinProcess

DECLINED = "4000000000000002"


@pytest.fixture(scope="module")
def standin() -> Iterator[StandinProcess]:
    with StandinProcess() as process:
        yield process


@pytest.fixture
def gateway(standin: StandinProcess) -> StripeGateway:
    standin.clear_faults()
    return StripeGateway(
        api_key=API_KEY, webhook_secret=DEFAULT_SECRET, api_base=standin.url, answer_seconds=2.0
    )


@pytest.fixture
def payer(gateway: StripeGateway, request: pytest.FixtureRequest) -> str:
    return gateway.make_customer(
        name="Probst GmbH", email="kim@probst.example", number="K-1", key=f"customer-{request.node.name}"
    )


def wish(payer: str, **changed: object) -> SessionWish:
    values = {
        "order_number": "S-ABCD2345",
        "attempt": "7",
        "stripe_customer_id": payer,
        "items": (CardItem("3 × Seal pack", 8_925), CardItem("Low-quantity surcharge", 1_178)),
        "currency": "EUR",
        "language": "de",
        "expires_at": (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0),
        "return_url": "http://127.0.0.1:8000/checkout/return?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://127.0.0.1:8000/orders/S-ABCD2345",
    }
    return SessionWish(**{**values, **changed})  # type: ignore[arg-type]


@pytest.fixture
def page(gateway: StripeGateway, payer: str, request: pytest.FixtureRequest) -> SessionFacts:
    return gateway.create_session(wish(payer), key=f"session-{request.node.name}")


def test_a_card_page_is_open_and_carries_our_metadata(page: SessionFacts) -> None:
    assert page.status is SessionStatus.OPEN
    assert page.url is not None
    assert (page.order_number, page.attempt, page.intent) == ("S-ABCD2345", "7", None)


def test_the_same_key_gives_the_same_page_and_another_wish_a_mismatch(
    gateway: StripeGateway, payer: str
) -> None:
    asked = wish(payer)
    first = gateway.create_session(asked, key="same-key")

    assert gateway.create_session(asked, key="same-key").id == first.id
    with pytest.raises(KeyMismatch):
        gateway.create_session(wish(payer, attempt="8"), key="same-key")


def test_paying_reserves_and_capturing_takes_the_money_once(
    standin: StandinProcess, gateway: StripeGateway, page: SessionFacts
) -> None:
    standin.pay(page.id)

    reserved = gateway.read_session(page.id)
    assert reserved.status is SessionStatus.COMPLETE
    assert reserved.intent is not None
    assert (reserved.intent.status, reserved.intent.amount_cents) == (IntentStatus.AUTHORISED, 10_103)
    assert (reserved.intent.order_number, reserved.intent.attempt) == ("S-ABCD2345", "7")
    assert (reserved.intent.card_brand, reserved.intent.card_last4) == ("visa", "4242")
    assert reserved.intent.card_fingerprint
    assert reserved.intent.capture_before_at is not None
    assert reserved.intent.capture_before_at > datetime.now(UTC)
    for key in ("capture-1", "capture-1", "another-key"):
        taken = gateway.capture(reserved.intent.id, amount_cents=10_103, key=f"{page.id}-{key}")
        assert taken.status is IntentStatus.CAPTURED


def test_no_card_stays_behind_for_a_later_charge(
    standin: StandinProcess, page: SessionFacts, payer: str
) -> None:
    standin.pay(page.id)

    client = stripe.StripeClient(API_KEY, base_addresses={"api": standin.url})
    assert client.v1.customers.payment_methods.list(payer).data == []


def test_a_decline_leaves_the_page_open_with_the_reason(
    standin: StandinProcess, gateway: StripeGateway, page: SessionFacts
) -> None:
    standin.pay(page.id, DECLINED)

    facts = gateway.read_session(page.id)
    assert facts.status is SessionStatus.OPEN
    assert facts.intent is not None
    assert (facts.intent.status, facts.intent.failure_code) == (IntentStatus.WAITING, "generic_decline")


def test_released_money_is_gone_and_cannot_be_captured(
    standin: StandinProcess, gateway: StripeGateway, page: SessionFacts
) -> None:
    standin.pay(page.id)
    intent = gateway.read_session(page.id).intent
    assert intent is not None

    assert gateway.release(intent.id, key=f"{page.id}-release").status is IntentStatus.CANCELED
    assert gateway.capture(intent.id, amount_cents=10_103, key=f"{page.id}-c").status is IntentStatus.CANCELED


def test_what_was_captured_cannot_be_released_but_is_refunded_once(
    standin: StandinProcess, gateway: StripeGateway, page: SessionFacts
) -> None:
    standin.pay(page.id)
    intent = gateway.read_session(page.id).intent
    assert intent is not None
    gateway.capture(intent.id, amount_cents=10_103, key=f"{page.id}-capture")

    assert gateway.release(intent.id, key=f"{page.id}-release").status is IntentStatus.CAPTURED
    gateway.refund(intent.id, key=f"{page.id}-refund")
    gateway.refund(intent.id, key=f"{page.id}-refund-again")

    (booked,) = [one for one in standin.books()["intents"] if one["id"] == intent.id]
    assert booked["refunded"] == 10_103


def test_expiring_closes_an_open_page_and_leaves_a_paid_one(
    standin: StandinProcess, gateway: StripeGateway, payer: str
) -> None:
    left, paid = (gateway.create_session(wish(payer), key=f"expire-{n}") for n in range(2))
    standin.pay(paid.id)

    assert gateway.expire_session(left.id).status is SessionStatus.EXPIRED
    assert gateway.expire_session(left.id).status is SessionStatus.EXPIRED
    assert gateway.expire_session(paid.id).status is SessionStatus.COMPLETE


def test_a_page_whose_answer_was_lost_is_found_by_its_metadata(
    standin: StandinProcess, gateway: StripeGateway, payer: str
) -> None:
    asked = wish(payer, attempt="4711")
    standin.fail_next("POST /v1/checkout/sessions", "drop", is_after_work=True)
    with pytest.raises(StripeUnavailable):
        gateway.create_session(asked, key="lost")

    found = gateway.find_session(payer, attempt="4711", order_number="S-ABCD2345")
    assert found is not None
    assert gateway.create_session(asked, key="lost").id == found.id
    assert gateway.find_session(payer, attempt="4711", order_number="S-OTHER") is None


def test_a_stored_500_is_told_apart_from_a_passing_one(
    standin: StandinProcess, gateway: StripeGateway, payer: str
) -> None:
    standin.fail_next("POST /v1/checkout/sessions", "500")
    with pytest.raises(StripeUnavailable) as first:
        gateway.create_session(wish(payer), key="stored")
    with pytest.raises(StripeUnavailable) as second:
        gateway.create_session(wish(payer), key="stored")
    standin.fail_next("POST /v1/checkout/sessions", "429")
    with pytest.raises(StripeUnavailable) as third:
        gateway.create_session(wish(payer), key="passing")

    assert [one.value.is_stored for one in (first, second, third)] == [False, True, False]
    assert gateway.create_session(wish(payer), key="passing").status is SessionStatus.OPEN


def test_a_silent_stripe_is_given_up_within_the_time(standin: StandinProcess, gateway: StripeGateway) -> None:
    standin.fail_next("GET /v1/payment_intents", "hang", hang_s=5)
    started = datetime.now(UTC)

    with pytest.raises(StripeUnavailable):
        gateway.hurried(answer_seconds=0.5).read_intent("pi_any")

    assert (datetime.now(UTC) - started).total_seconds() < 2


def test_an_unknown_object_is_a_refusal(gateway: StripeGateway) -> None:
    with pytest.raises(StripeRefusal) as raised:
        gateway.read_session("cs_test_nobody")

    assert raised.value.code == "resource_missing"


def test_without_a_server_there_is_no_answer() -> None:
    nowhere = StripeGateway(api_key=API_KEY, webhook_secret=DEFAULT_SECRET, api_base="http://127.0.0.1:9")

    with pytest.raises(StripeUnavailable):
        nowhere.read_intent("pi_any")


def test_an_empty_webhook_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        StripeGateway(api_key=API_KEY, webhook_secret="")


def test_a_signed_event_about_a_thing_without_an_id_is_taken(gateway: StripeGateway) -> None:
    body = json.dumps(
        {
            "id": "evt_1",
            "type": "balance.available",
            "livemode": False,
            "data": {"object": {"object": "balance"}},
        }
    )
    at = int(datetime.now(UTC).timestamp())
    signature = stripe.WebhookSignature._compute_signature(f"{at}.{body}", DEFAULT_SECRET)

    event = gateway.read_event(body.encode(), signature=f"t={at},v1={signature}")

    assert (event.event_type, event.object_id) == ("balance.available", "")


def captured(gateway: StripeGateway, standin: StandinProcess, page: SessionFacts) -> str:
    """The intent of a page that was paid and charged."""
    standin.pay(page.id)
    intent = gateway.read_session(page.id).intent
    assert intent is not None
    gateway.capture(intent.id, amount_cents=intent.amount_cents, key=f"{page.id}-capture")
    return intent.id


def test_a_part_goes_back_once_however_often_it_is_asked_for_and_is_found_by_its_mark(
    gateway: StripeGateway, standin: StandinProcess, page: SessionFacts
) -> None:
    intent_id = captured(gateway, standin, page)
    asked = {"amount_cents": 4_321, "mark": "t-12-0", "order_number": "S-ABCD2345", "key": f"{page.id}-back"}

    first = gateway.pay_back(intent_id, **asked)
    again = gateway.pay_back(intent_id, **asked)

    found = gateway.find_refund(intent_id, mark="t-12-", amount_cents=4_321)
    assert first == again == found == gateway.read_refund(first.id)
    assert (first.status, first.amount_cents, first.mark) == (RefundStatus.WAY, 4_321, "t-12-0")
    assert gateway.find_refund(intent_id, mark="t-1-", amount_cents=4_321) is None
    assert gateway.find_refund(intent_id, mark="t-12-", amount_cents=4_320) is None
    booked = next(one for one in standin.books()["intents"] if one["id"] == intent_id)
    assert booked["refunded"] == 4_321


def test_more_than_is_left_and_money_that_was_charged_back_do_not_go_back(
    gateway: StripeGateway, standin: StandinProcess, page: SessionFacts
) -> None:
    intent_id = captured(gateway, standin, page)
    gateway.pay_back(intent_id, amount_cents=10_000, mark="1", order_number="S-1", key=f"{page.id}-1")

    with pytest.raises(StripeRefusal):
        gateway.pay_back(intent_id, amount_cents=104, mark="2", order_number="S-1", key=f"{page.id}-2")
    standin.dispute(intent_id, reason="product_not_received")
    with pytest.raises(StripeRefusal) as refusal:
        gateway.pay_back(intent_id, amount_cents=103, mark="3", order_number="S-1", key=f"{page.id}-3")

    assert refusal.value.code == "charge_disputed"


def test_a_refund_that_the_bank_sends_back_says_that_it_failed(
    gateway: StripeGateway, standin: StandinProcess, page: SessionFacts
) -> None:
    intent_id = captured(gateway, standin, page)
    refund = gateway.pay_back(intent_id, amount_cents=900, mark="1", order_number="S-1", key=f"{page.id}-1")

    standin.fail_refund(refund.id)

    failed = gateway.read_refund(refund.id)
    assert failed.status is RefundStatus.FAILED
    assert failed.failure_code != ""


def test_a_dispute_is_read_with_its_state_and_intent(
    standin: StandinProcess, gateway: StripeGateway, page: SessionFacts
) -> None:
    standin.pay(page.id)
    intent = gateway.read_session(page.id).intent
    assert intent is not None
    gateway.capture(intent.id, amount_cents=10_103, key=f"{page.id}-capture")
    dispute_id = standin.dispute(intent.id, reason="product_not_received")["id"]

    read = gateway.read_dispute(dispute_id)
    assert replace(read, opened_at=None, due_at=None) == DisputeFacts(
        dispute_id, "needs_response", "product_not_received", intent.id, 10_103
    )
    assert read.opened_at
    assert read.due_at
    assert read.due_at - read.opened_at == timedelta(days=9)
    standin.close_dispute(dispute_id, is_won=True)
    assert gateway.read_dispute(dispute_id).status == "won"
    with pytest.raises(StripeRefusal):
        gateway.read_dispute("dp_unknown")


def test_evidence_goes_to_the_bank_once_with_its_files(
    gateway: StripeGateway, standin: StandinProcess, page: SessionFacts
) -> None:
    dispute_id = standin.dispute(captured(gateway, standin, page))["id"]
    pdf = b"%PDF-1.7 proof"
    files = [gateway.upload_evidence(pdf, name="proof.pdf", key=f"{page.id}-file") for _ in range(2)]
    evidence = {"shipping_documentation": files[0], "uncategorized_text": "It left."}

    sent = [gateway.submit_evidence(dispute_id, evidence, key=f"{page.id}-submit") for _ in range(2)]
    with pytest.raises(StripeRefusal) as refusal:
        gateway.submit_evidence(dispute_id, evidence, key=f"{page.id}-submit-again")

    assert files[0] == files[1]
    assert [(one.status, one.is_submitted) for one in sent] == [("under_review", True)] * 2
    assert refusal.value.code == "dispute_evidence_submitted"


def test_what_webhooks_may_have_kept_from_us_is_read_by_its_ids(
    gateway: StripeGateway, standin: StandinProcess, page: SessionFacts
) -> None:
    intent_id = captured(gateway, standin, page)
    refund = gateway.pay_back(intent_id, amount_cents=900, mark="1", order_number="S-1", key=f"{page.id}-1")
    warning_id = standin.warn(intent_id)["id"]
    dispute_id = standin.dispute(intent_id, status="warning_needs_response")["id"]

    recent = gateway.read_recent()
    warning = gateway.read_warning(warning_id)

    assert (recent.refund_ids[0], recent.dispute_ids[0], recent.warning_ids[0]) == (
        refund.id,
        dispute_id,
        warning_id,
    )
    assert refund.intent_id == intent_id
    assert (warning.intent_id, warning.fraud_type, warning.is_open) == (
        intent_id,
        "made_with_stolen_card",
        True,
    )
    charge = stripe.StripeClient(API_KEY, base_addresses={"api": standin.url}).v1.charges.list(
        {"payment_intent": intent_id}
    )
    assert gateway.refunds_of_charge(charge.data[0].id) == (refund.id,)
