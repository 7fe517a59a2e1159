"""One key, one piece of work, one answer; and what a lost answer leaves behind."""

import threading
from typing import Any

import pytest
import stripe

from dev.stripe_standin.server import API_KEY, StandinProcess
from tests.dev.stripe_standin.shopping import Shop, plain


def test_the_same_key_gives_the_same_answer_and_does_nothing_new(shop: Shop) -> None:
    first = shop.session(key="attempt-1")
    again = shop.session(key="attempt-1")

    assert again.id == first.id
    assert again.last_response is not None
    assert first.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert len(shop.v1.checkout.sessions.list().data) == 1


def test_the_same_key_with_other_parameters_is_refused(shop: Shop) -> None:
    shop.session(key="attempt-1", amount_cents=100)

    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        shop.session(key="attempt-1", amount_cents=101)

    assert [one.amount_total for one in shop.v1.checkout.sessions.list().data] == [100]


def test_the_same_key_at_another_endpoint_is_refused(shop: Shop) -> None:
    shop.v1.customers.create({}, {"idempotency_key": "k"})

    with pytest.raises(stripe.IdempotencyError):
        shop.v1.checkout.sessions.expire(shop.session().id, {}, {"idempotency_key": "k"})


def test_a_refused_request_does_not_use_up_its_key(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        shop.session(key="attempt-1", mode="pay")

    assert shop.session(key="attempt-1").status == "open"


def test_a_decline_is_replayed_without_a_second_charge(shop: Shop, standin: StandinProcess) -> None:
    params: Any = {
        "amount": 500,
        "currency": "eur",
        "payment_method": "pm_card_visa_chargeDeclined",
        "confirm": True,
    }
    for _ in range(2):
        with pytest.raises(stripe.CardError):
            shop.v1.payment_intents.create(params, {"idempotency_key": "fee-1"})

    assert [one["attempts_count"] for one in standin.books()["intents"]] == [1]


def test_a_key_is_forgotten_after_a_day(shop: Shop, standin: StandinProcess) -> None:
    first = shop.v1.customers.create({}, {"idempotency_key": "k"})

    standin.set_clock(24 * 3600 + 60)

    assert shop.v1.customers.create({}, {"idempotency_key": "k"}).id != first.id


def test_two_requests_with_one_key_at_once_make_one_session(shop: Shop, standin: StandinProcess) -> None:
    standin.fail_next("POST /v1/checkout/sessions", "latency", latency_ms=400)
    outcomes: list[Any] = []

    def ask() -> None:
        try:
            outcomes.append(shop.session(key="attempt-1").id)
        except stripe.APIError as refused:
            outcomes.append((refused.http_status, refused.error.code if refused.error else None))

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (409, "idempotency_key_in_use") in outcomes
    assert len(shop.v1.checkout.sessions.list().data) == 1


def test_a_lost_answer_was_still_work_and_the_same_key_finds_it(shop: Shop, standin: StandinProcess) -> None:
    held = shop.authorised()
    standin.fail_next(r"POST /v1/payment_intents/\w+/capture", "drop")

    with pytest.raises(stripe.APIConnectionError):
        shop.v1.payment_intents.capture(held.id, {}, {"idempotency_key": "capture-1"})
    assert standin.books()["totals"]["captured"] == 11_900

    again = shop.v1.payment_intents.capture(held.id, {}, {"idempotency_key": "capture-1"})
    assert again.status == "succeeded"
    assert again.last_response is not None
    assert again.last_response.headers["Idempotent-Replayed"] == "true"
    assert standin.books()["totals"]["captured"] == 11_900


def test_the_sdk_itself_retries_a_lost_answer_into_one_session(standin: StandinProcess, shop: Shop) -> None:
    standin.fail_next("POST /v1/customers", "drop")
    patient = stripe.StripeClient(API_KEY, base_addresses={"api": standin.url}, max_network_retries=2)

    made = patient.v1.customers.create({"email": "one@demo.example"})

    assert [one.id for one in shop.v1.customers.list().data] == [made.id]


def test_a_hanging_answer_was_still_work(shop: Shop, standin: StandinProcess) -> None:
    standin.fail_next("POST /v1/customers", "hang", hang_s=5)
    impatient = stripe.StripeClient(
        API_KEY,
        base_addresses={"api": standin.url},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=0.3),
    )

    with pytest.raises(stripe.APIConnectionError):
        impatient.v1.customers.create({}, {"idempotency_key": "k"})

    assert len(shop.v1.customers.list().data) == 1


def test_a_stored_500_stays_a_500_under_its_key(shop: Shop, standin: StandinProcess) -> None:
    standin.fail_next("POST /v1/checkout/sessions", "500")

    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            shop.session(key="attempt-1")
        assert failed.value.http_status == 500

    assert shop.v1.checkout.sessions.list().data == []
    assert shop.session(key="attempt-2").status == "open"


def test_a_500_after_the_work_hides_a_session_that_exists(shop: Shop, standin: StandinProcess) -> None:
    standin.fail_next("POST /v1/checkout/sessions", "500", is_after_work=True)

    with pytest.raises(stripe.APIError):
        shop.session(key="attempt-1")

    assert [plain(one.metadata) for one in shop.v1.checkout.sessions.list().data] == [
        {"order": "1", "attempt": "1"}
    ]


@pytest.mark.parametrize("kind, error", [("409", stripe.StripeError), ("429", stripe.RateLimitError)])
def test_a_conflict_or_a_limit_is_not_kept(
    shop: Shop, standin: StandinProcess, kind: str, error: type[stripe.StripeError]
) -> None:
    standin.fail_next("POST /v1/customers", kind, retry_after_s=1)

    with pytest.raises(error) as refused:
        shop.v1.customers.create({}, {"idempotency_key": "k"})
    assert refused.value.http_status == int(kind)
    assert refused.value.headers is not None
    assert refused.value.headers["Retry-After"] == "1"

    shop.v1.customers.create({}, {"idempotency_key": "k"})
    assert len(shop.v1.customers.list().data) == 1
