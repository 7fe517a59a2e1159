"""Events arrive signed, again after failures, and disturbed as told."""

import pytest
import stripe

from dev.stripe_standin.server import DEFAULT_SECRET, StandinProcess
from dev.stripe_standin.webhooks import signature
from tests.dev.stripe_standin.receiver import Receiver
from tests.dev.stripe_standin.shopping import Shop


def test_a_signature_verifies_with_the_sdk_and_only_with_its_secret() -> None:
    header = signature('{"object":"event","id":"evt_1"}', DEFAULT_SECRET, at=1_000_000_000_000)

    body = '{"object":"event","id":"evt_1"}'
    assert stripe.Webhook.construct_event(body, header, DEFAULT_SECRET).id == "evt_1"
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body + " ", header, DEFAULT_SECRET)
    with pytest.raises(stripe.SignatureVerificationError):
        stripe.Webhook.construct_event(body, header, "whsec_other_secret")


def test_an_authorised_session_is_told_of(shop: Shop, standin: StandinProcess, receiver: Receiver) -> None:
    intent = shop.authorised()
    standin.settle()

    assert sorted(receiver.types()) == [
        "checkout.session.completed",
        "payment_intent.amount_capturable_updated",
    ]
    completed = next(one for one in receiver.events if one["type"] == "checkout.session.completed")
    assert completed["data"]["object"]["payment_intent"] == intent.id
    assert shop.v1.events.retrieve(completed["id"]).pending_webhooks == 0


def test_an_event_comes_again_until_it_is_taken(
    shop: Shop, standin: StandinProcess, receiver: Receiver
) -> None:
    receiver.answers = [500, 503]
    shop.v1.checkout.sessions.expire(shop.session().id)
    standin.settle()

    assert receiver.types() == ["checkout.session.expired"]
    tries = standin.deliveries(type="checkout.session.expired")
    assert [(one["attempt"], one["status"], one["outcome"]) for one in tries] == [
        (1, 500, "failed"),
        (2, 503, "failed"),
        (3, 200, "delivered"),
    ]


def test_an_unreachable_receiver_gets_it_later(shop: Shop, standin: StandinProcess) -> None:
    standin.set_webhook("http://127.0.0.1:1/none", retry_pauses_s=[0.02])
    session = shop.session()
    shop.v1.checkout.sessions.expire(session.id)
    standin.settle()
    assert [one["outcome"] for one in standin.deliveries()] == ["failed", "failed"]
    receiver = Receiver(DEFAULT_SECRET)

    try:
        standin.set_webhook(receiver.url)
        standin.resend(standin.deliveries()[0]["event"])
        standin.settle()
    finally:
        receiver.stop()

    assert receiver.types() == ["checkout.session.expired"]


def test_held_events_come_in_the_wanted_order(
    shop: Shop, standin: StandinProcess, receiver: Receiver
) -> None:
    standin.hold()
    shop.captured()
    held = standin.held()
    assert receiver.types() == []
    assert len(held) == 4

    wanted = [held[2], held[0], held[3], held[1]]
    assert standin.release(events=wanted) == wanted
    standin.settle()

    assert [one["id"] for one in receiver.events] == wanted


def test_held_events_can_come_backwards(shop: Shop, standin: StandinProcess, receiver: Receiver) -> None:
    standin.hold()
    shop.captured()
    held = standin.held()

    standin.release(order="reverse")
    standin.settle()

    assert [one["id"] for one in receiver.events] == held[::-1]


def test_dropped_events_never_come(shop: Shop, standin: StandinProcess, receiver: Receiver) -> None:
    standin.disturb(drop_count=-1)
    shop.captured()
    standin.settle()

    assert receiver.types() == []
    assert {one["outcome"] for one in standin.deliveries()} == {"dropped"}


def test_duplicates_come_as_often_as_told(shop: Shop, standin: StandinProcess, receiver: Receiver) -> None:
    standin.disturb(duplicate_count=4, types=["checkout.session.*"])
    shop.authorised()
    standin.settle()

    assert receiver.types().count("checkout.session.completed") == 5
    assert receiver.types().count("payment_intent.amount_capturable_updated") == 1


def test_an_event_can_be_sent_again_a_hundred_times(
    shop: Shop, standin: StandinProcess, receiver: Receiver
) -> None:
    shop.authorised()
    standin.settle()
    first = receiver.events[0]["id"]

    standin.resend(first, times=100)
    standin.settle(within_s=20)

    assert [one["id"] for one in receiver.events].count(first) == 101


def test_an_endpoint_without_a_secret_is_refused(standin: StandinProcess) -> None:
    with pytest.raises(Exception, match="422"):
        standin.set_webhook("http://127.0.0.1:1/", "")

    assert standin.get("webhooks")["endpoints"] == []


def test_a_released_authorisation_is_told_as_refunded_and_cancelled(
    shop: Shop, standin: StandinProcess, receiver: Receiver
) -> None:
    held = shop.authorised()
    shop.v1.payment_intents.cancel(held.id)
    standin.settle()

    refunded = next(one for one in receiver.events if one["type"] == "charge.refunded")
    assert refunded["data"]["object"]["amount_captured"] == 0
    assert "payment_intent.canceled" in receiver.types()
