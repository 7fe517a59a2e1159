"""Cards, captures, cancellations and fees, driven by the real SDK."""

import time

import pytest
import stripe

from dev.stripe_standin.server import StandinProcess
from tests.dev.stripe_standin.shopping import Shop, plain

DECLINED = [
    ("4000000000000002", "card_declined", "generic_decline"),
    ("4000000000009995", "card_declined", "insufficient_funds"),
    ("4000000000009979", "card_declined", "stolen_card"),
    ("4000000000000069", "expired_card", "expired_card"),
    ("4000000000000127", "incorrect_cvc", "incorrect_cvc"),
    ("4000000000000119", "processing_error", "processing_error"),
    ("4100000000000019", "card_declined", "fraudulent"),
    ("4000000000000341", "card_declined", "generic_decline"),
    ("4000008260003178", "card_declined", "insufficient_funds"),
]
ACCEPTED = [
    ("4242424242424242", "visa", "credit"),
    ("5555555555554444", "mastercard", "credit"),
    ("378282246310005", "amex", "credit"),
    ("4000056655665556", "visa", "debit"),
    ("5105105105105100", "mastercard", "prepaid"),
    ("4000002760003184", "visa", "credit"),
    ("4000002500003155", "visa", "credit"),
]


def test_a_card_is_held_first_and_charged_only_on_capture(shop: Shop, standin: StandinProcess) -> None:
    session = shop.session()
    assert (session.status, session.payment_intent) == ("open", None)

    standin.pay(session.id)
    held = shop.intent(session.id)

    assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 11_900, 0)
    assert plain(held.metadata) == {"order": "1", "attempt": "1"}
    assert isinstance(held.latest_charge, stripe.Charge)
    assert not held.latest_charge.captured
    assert standin.books()["totals"] == {
        "authorised": 11_900,
        "capturable": 11_900,
        "captured": 0,
        "released": 0,
        "refunded": 0,
        "charged_back": 0,
    }
    assert shop.v1.checkout.sessions.retrieve(session.id).payment_status == "unpaid"

    captured = shop.v1.payment_intents.capture(held.id)

    assert (captured.status, captured.amount_received, captured.amount_capturable) == ("succeeded", 11_900, 0)
    assert standin.books()["totals"]["captured"] == 11_900
    done = shop.v1.checkout.sessions.retrieve(session.id)
    assert (done.status, done.payment_status, done.url) == ("complete", "paid", None)


@pytest.mark.parametrize("number, brand, funding", ACCEPTED)
def test_good_cards_show_their_kind(shop: Shop, number: str, brand: str, funding: str) -> None:
    charge = shop.authorised(number).latest_charge

    assert isinstance(charge, stripe.Charge)
    assert charge.payment_method_details is not None
    card = charge.payment_method_details.card
    assert card is not None
    assert (card.brand, card.funding, card.last4) == (brand, funding, number[-4:])


@pytest.mark.parametrize("number, code, decline_code", DECLINED)
def test_a_declined_card_leaves_the_session_open_for_another(
    shop: Shop, standin: StandinProcess, number: str, code: str, decline_code: str
) -> None:
    session = shop.session()

    declined = standin.pay(session.id, number)

    assert (declined["status"], declined["session_status"]) == ("requires_payment_method", "open")
    assert (declined["error"]["code"], declined["error"]["decline_code"]) == (code, decline_code)
    assert standin.books()["totals"]["authorised"] == 0

    assert standin.pay(session.id)["session_status"] == "complete"
    assert len(standin.books()["intents"]) == 1
    assert standin.books()["intents"][0]["attempts_count"] == 2


def test_the_same_card_has_the_same_fingerprint_for_every_customer(
    shop: Shop, standin: StandinProcess
) -> None:
    shop.authorised(customer=shop.customer().id)
    shop.authorised(customer=shop.customer().id)
    shop.authorised("5555555555554444")

    first, second, other = (one["fingerprint"] for one in standin.books()["intents"])
    assert first == second != other


def test_cards_of_one_test_number_with_different_owners_have_different_fingerprints(
    shop: Shop, standin: StandinProcess
) -> None:
    for owner in ("anna", "anna", "bert", ""):
        standin.pay(shop.session().id, owner=owner)

    anna, again, bert, nobody = (one["fingerprint"] for one in standin.books()["intents"])
    assert anna == again
    assert len({anna, bert, nobody}) == 3


def test_failed_authentication_is_no_payment(shop: Shop, standin: StandinProcess) -> None:
    session = shop.session()

    answer = standin.pay(session.id, "4000002760003184", authentication="fail")

    assert (answer["status"], answer["session_status"]) == ("requires_payment_method", "open")
    assert answer["error"]["code"] == "payment_intent_authentication_failure"
    assert standin.books()["totals"]["authorised"] == 0


def test_capturing_more_than_is_held_is_refused_and_takes_nothing(
    shop: Shop, standin: StandinProcess
) -> None:
    held = shop.authorised()

    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.payment_intents.capture(held.id, {"amount_to_capture": 11_901})

    assert refused.value.code == "amount_too_large"
    assert standin.books()["totals"]["captured"] == 0


def test_capturing_less_releases_the_rest_and_works_once(shop: Shop, standin: StandinProcess) -> None:
    held = shop.authorised()
    shop.v1.payment_intents.capture(held.id, {"amount_to_capture": 10_000})

    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.payment_intents.capture(held.id, {"amount_to_capture": 1_900})

    assert refused.value.code == "payment_intent_unexpected_state"
    totals = standin.books()["totals"]
    assert (totals["captured"], totals["released"], totals["capturable"]) == (10_000, 1_900, 0)


def test_a_cancelled_authorisation_never_becomes_money(shop: Shop, standin: StandinProcess) -> None:
    held = shop.authorised()

    cancelled = shop.v1.payment_intents.cancel(held.id, {"cancellation_reason": "abandoned"})

    assert (cancelled.status, cancelled.amount_capturable) == ("canceled", 0)
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.payment_intents.capture(held.id)
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.payment_intents.cancel(held.id)
    assert standin.books()["totals"] | {"captured": 0, "released": 11_900} == standin.books()["totals"]


def test_an_uncaptured_authorisation_runs_out_after_seven_days(shop: Shop, standin: StandinProcess) -> None:
    held = shop.authorised()
    assert isinstance(held.latest_charge, stripe.Charge)
    details = held.latest_charge.payment_method_details
    assert details is not None
    assert details.card is not None
    assert details.card.capture_before == held.latest_charge.created + 7 * 24 * 3600

    standin.set_clock(7 * 24 * 3600 + 1)

    expired = shop.v1.payment_intents.retrieve(held.id)
    assert (expired.status, expired.cancellation_reason) == ("canceled", "automatic")
    assert "charge.expired" in [event.type for event in shop.v1.events.list().data]


def test_a_saved_card_pays_a_fee_without_the_customer(shop: Shop, standin: StandinProcess) -> None:
    customer = shop.customer().id
    shop.captured("4000002500003155", customer=customer)
    method = shop.v1.customers.payment_methods.list(customer).data[0]

    fee = shop.v1.payment_intents.create(
        {
            "amount": 2_500,
            "currency": "eur",
            "customer": customer,
            "payment_method": method.id,
            "off_session": True,
            "confirm": True,
            "metadata": {"fee": "1"},
        }
    )

    assert (fee.status, fee.amount_received) == ("succeeded", 2_500)
    assert standin.books()["totals"]["captured"] == 14_400


def test_a_fee_on_a_card_that_wants_authentication_fails_with_the_intent_inside(shop: Shop) -> None:
    customer = shop.customer().id
    shop.captured("4000002760003184", customer=customer)
    method = shop.v1.customers.payment_methods.list(customer).data[0]

    with pytest.raises(stripe.CardError) as declined:
        shop.v1.payment_intents.create(
            {
                "amount": 2_500,
                "currency": "eur",
                "customer": customer,
                "payment_method": method.id,
                "off_session": True,
                "confirm": True,
            }
        )

    assert (declined.value.http_status, declined.value.code) == (402, "authentication_required")
    body = declined.value.json_body
    assert isinstance(body, dict)
    intent = body["error"]["payment_intent"]
    assert intent["status"] == "requires_payment_method"
    assert shop.v1.payment_intents.retrieve(intent["id"]).amount_received == 0


def test_a_forced_decline_hits_the_next_charge_only(shop: Shop, standin: StandinProcess) -> None:
    standin.decline_next(code="insufficient_funds")
    session = shop.session()

    assert standin.pay(session.id)["error"]["decline_code"] == "insufficient_funds"
    assert standin.pay(session.id)["status"] == "requires_capture"


def test_a_card_of_one_customer_does_not_pay_for_another(shop: Shop) -> None:
    owner, stranger = shop.customer().id, shop.customer().id
    shop.captured(customer=owner)
    method = shop.v1.customers.payment_methods.list(owner).data[0]

    with pytest.raises(stripe.InvalidRequestError, match="belongs to a customer"):
        shop.v1.payment_intents.create(
            {
                "amount": 100,
                "currency": "eur",
                "customer": stranger,
                "payment_method": method.id,
                "confirm": True,
                "off_session": True,
            }
        )


def test_a_detached_card_is_gone_for_ever(shop: Shop) -> None:
    customer = shop.customer().id
    shop.captured(customer=customer)
    method = shop.v1.customers.payment_methods.list(customer).data[0]

    shop.v1.payment_methods.detach(method.id)

    assert shop.v1.customers.payment_methods.list(customer).data == []
    with pytest.raises(stripe.InvalidRequestError):
        shop.v1.payment_methods.attach(method.id, {"customer": customer})


def test_an_expired_session_takes_no_card(shop: Shop, standin: StandinProcess) -> None:
    session = shop.session()
    expired = shop.v1.checkout.sessions.expire(session.id)

    assert (expired.status, expired.url) == ("expired", None)
    with pytest.raises(Exception, match="status of `expired`"):
        standin.pay(session.id)
    assert standin.books()["intents"] == []


def test_a_paid_session_cannot_be_expired_any_more(shop: Shop, standin: StandinProcess) -> None:
    session = shop.session()
    standin.pay(session.id)

    with pytest.raises(stripe.InvalidRequestError, match="status of `complete`"):
        shop.v1.checkout.sessions.expire(session.id)

    assert shop.intent(session.id).status == "requires_capture"


def test_expiring_during_authentication_gives_the_payment_up(shop: Shop, standin: StandinProcess) -> None:
    session = shop.session()
    waiting = standin.pay(session.id, "4000002760003184", authentication="leave")
    assert waiting["status"] == "requires_action"

    shop.v1.checkout.sessions.expire(session.id)

    with pytest.raises(Exception, match="does not wait for authentication"):
        standin.authenticate(waiting["payment_intent"])
    assert shop.v1.payment_intents.retrieve(waiting["payment_intent"]).status == "canceled"
    assert standin.books()["totals"]["authorised"] == 0


def test_an_intent_of_an_open_session_is_ended_through_the_session_only(
    shop: Shop, standin: StandinProcess
) -> None:
    session = shop.session()
    waiting = standin.pay(session.id, "4000002760003184", authentication="leave")

    with pytest.raises(stripe.InvalidRequestError, match="Expire the Checkout Session instead"):
        shop.v1.payment_intents.cancel(waiting["payment_intent"])


def test_a_session_lives_thirty_minutes_to_a_day(shop: Shop, standin: StandinProcess) -> None:
    now = int(time.time())
    for outside in (now + 30 * 60 - 5, now + 24 * 3600 + 60):
        with pytest.raises(stripe.InvalidRequestError) as refused:
            shop.session(expires_at=outside)
        assert refused.value.param == "expires_at"
    session = shop.session(expires_at=now + 31 * 60)

    standin.set_clock(32 * 60)

    assert shop.v1.checkout.sessions.retrieve(session.id).status == "expired"


def test_a_blocked_kind_of_card_is_refused_on_the_page(shop: Shop, standin: StandinProcess) -> None:
    session = shop.session(
        payment_method_options={"card": {"restrictions": {"funding_types_blocked": ["prepaid"]}}}
    )

    with pytest.raises(Exception, match="does not accept prepaid cards"):
        standin.pay(session.id, "5105105105105100")
    assert standin.pay(session.id, "4000056655665556")["session_status"] == "complete"


def test_the_fee_of_the_card_is_on_the_balance(shop: Shop) -> None:
    intent = shop.captured()

    found = shop.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge.balance_transaction"]})

    assert isinstance(found.latest_charge, stripe.Charge)
    entry = found.latest_charge.balance_transaction
    assert isinstance(entry, stripe.BalanceTransaction)
    assert (entry.amount, entry.fee, entry.net) == (11_900, 203, 11_697)


def test_a_replaced_card_keeps_its_id_and_changes_its_fingerprint(
    shop: Shop, standin: StandinProcess
) -> None:
    customer = shop.customer().id
    shop.captured(customer=customer)
    before = shop.v1.customers.payment_methods.list(customer).data[0]

    standin.renew_card(before.id, "378282246310005")

    after = shop.v1.customers.payment_methods.list(customer).data[0]
    assert after.id == before.id
    assert after.card is not None
    assert before.card is not None
    assert (after.card.last4, after.card.brand) == ("0005", "amex")
    assert after.card.fingerprint != before.card.fingerprint
    assert shop.v1.events.list().data[0].type == "payment_method.automatically_updated"
