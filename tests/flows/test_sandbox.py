"""The same way through a payment at the stand-in, and at a Stripe sandbox where SHOP_TEST_STRIPE_KEY names one.

The card page cannot be driven at Stripe: there the money is reserved by confirming an intent with a test card.
"""

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import stripe

from app.core.clock import utc_now
from app.payments.rules.books import Difference, OurBooks
from app.payments.rules.facts import CardItem, IntentStatus, RefundStatus, SessionStatus, SessionWish
from app.payments.rules.reconciliation import compare
from app.payments.stripe_gateway import StripeGateway, StripeRefusal
from dev.stripe_standin.server import API_KEY, DEFAULT_SECRET, StandinProcess

SANDBOX_KEY = os.environ.get("SHOP_TEST_STRIPE_KEY", "")
GROSS = 11_900


class LiveKey(RuntimeError):
    """A key that moves real money was named for a test."""


def check_test_key(key: str) -> str:
    """The key, where it is one of a sandbox. Raises LiveKey for any other."""
    if not key.startswith(("sk_test_", "rk_test_")):
        raise LiveKey("SHOP_TEST_STRIPE_KEY must be a test key (sk_test_… or rk_test_…)")
    return key


@dataclass(frozen=True)
class Account:
    """A Stripe account, or what stands for it: the shop's way to it, and that of whoever acts beside the shop."""

    gateway: StripeGateway
    client: stripe.StripeClient

    def payer(self) -> str:
        return self.gateway.make_customer(
            name="Probst Werkstatt GmbH", email="kim@demo.example", number="K-1", key=key()
        )

    def reserved(self, payer: str, number: str) -> str:
        """Money of a test card that is reserved under our mark; the intent's id."""
        intent = self.client.v1.payment_intents.create(
            {
                "amount": GROSS,
                "currency": "eur",
                "customer": payer,
                "capture_method": "manual",
                "payment_method": "pm_card_visa",
                "allowed_payment_method_types": ["card"],
                "confirm": True,
                "off_session": True,
                "metadata": {"order": number, "attempt": "1"},
            }
        )
        return intent.id


def key() -> str:
    return f"schlicht-test-{secrets.token_hex(8)}"


@pytest.fixture(scope="module", params=["stand-in", *(["sandbox"] if SANDBOX_KEY else [])])
def account(request: pytest.FixtureRequest) -> Iterator[Account]:
    if request.param == "sandbox":
        secret = check_test_key(SANDBOX_KEY)
        yield Account(
            StripeGateway(api_key=secret, webhook_secret="whsec_of_no_endpoint", answer_seconds=20.0),
            stripe.StripeClient(secret, max_network_retries=2),
        )
        return
    with StandinProcess() as standin:
        yield Account(
            StripeGateway(api_key=API_KEY, webhook_secret=DEFAULT_SECRET, api_base=standin.url),
            stripe.StripeClient(API_KEY, base_addresses={"api": standin.url}),
        )


def test_money_is_reserved_taken_once_paid_back_in_part_and_all_of_it_stands_in_the_lists(
    account: Account,
) -> None:
    number, gateway = f"S-{secrets.token_hex(4)}", account.gateway
    intent_id = account.reserved(account.payer(), number)

    held = gateway.read_intent(intent_id)
    assert (held.status, held.amount_cents, held.order_number) == (IntentStatus.AUTHORISED, GROSS, number)
    assert (held.card_last4, bool(held.card_fingerprint)) == ("4242", True)
    assert held.capture_before_at is not None
    assert held.capture_before_at > utc_now() + timedelta(days=3)
    capture_key = key()
    for _ in range(2):
        taken = gateway.capture(intent_id, amount_cents=GROSS, key=capture_key)
        assert taken.status is IntentStatus.CAPTURED
    assert gateway.release(intent_id, key=key()).status is IntentStatus.CAPTURED
    back = gateway.pay_back(intent_id, amount_cents=900, mark="tok-1-0", order_number=number, key=key())
    found = gateway.find_refund(intent_id, mark="tok-1-", amount_cents=900)
    assert found is not None
    assert (found.id, found.status) == (back.id, RefundStatus.WAY)
    with pytest.raises(StripeRefusal):
        gateway.pay_back(intent_id, amount_cents=GROSS, mark="tok-2-0", order_number=number, key=key())

    now = utc_now()
    books = gateway.read_books(since=now - timedelta(minutes=10), until=now + timedelta(minutes=10))
    intent = next(one for one in books.intents if one.id == intent_id)
    assert (intent.status, intent.received_cents, intent.order_number) == (
        IntentStatus.CAPTURED,
        GROSS,
        number,
    )
    assert [one.amount_cents for one in books.refunds if one.intent_id == intent_id] == [900]
    (charge,) = [one for one in books.charges if one.intent_id == intent_id]
    assert charge.captured_cents == GROSS
    assert [one.fee_cents > 0 for one in books.fees if one.source_id == charge.id] == [True]
    kinds = {one.kind for one in compare(OurBooks(), books) if one.object_id == intent_id}
    assert kinds == {Difference.UNKNOWN_ORDER}


def test_reserved_money_that_is_given_back_cannot_be_taken(account: Account) -> None:
    intent_id = account.reserved(account.payer(), f"S-{secrets.token_hex(4)}")

    assert account.gateway.release(intent_id, key=key()).status is IntentStatus.CANCELED
    after = account.gateway.capture(intent_id, amount_cents=GROSS, key=key())

    assert after.status is IntentStatus.CANCELED


def test_a_card_page_opens_once_is_found_by_our_mark_and_closes(account: Account) -> None:
    payer, number = account.payer(), f"S-{secrets.token_hex(4)}"
    wish = SessionWish(
        order_number=number,
        attempt="7",
        stripe_customer_id=payer,
        items=(CardItem("3 × Pflegesatz", 9_900), CardItem("Mindermengenzuschlag", 2_000)),
        currency="EUR",
        language="de",
        expires_at=(datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0),
        return_url="https://shop.example/checkout/return?session_id={CHECKOUT_SESSION_ID}",
        cancel_url=f"https://shop.example/orders/{number}",
    )
    once = key()

    page, again = (account.gateway.create_session(wish, key=once) for _ in range(2))

    assert (page.id, page.status, bool(page.url)) == (again.id, SessionStatus.OPEN, True)
    found = account.gateway.find_session(payer, attempt="7", order_number=number)
    assert found is not None
    assert (found.id, found.intent) == (page.id, None)
    assert account.gateway.expire_session(page.id).status is SessionStatus.EXPIRED
    assert account.gateway.expire_session(page.id).status is SessionStatus.EXPIRED


def test_a_declined_card_takes_nothing(account: Account) -> None:
    with pytest.raises(stripe.CardError) as declined:
        account.client.v1.payment_intents.create(
            {
                "amount": GROSS,
                "currency": "eur",
                "payment_method": "pm_card_visa_chargeDeclinedInsufficientFunds",
                "allowed_payment_method_types": ["card"],
                "capture_method": "manual",
                "confirm": True,
            }
        )

    assert declined.value.error.decline_code == "insufficient_funds"


@pytest.mark.parametrize("secret", ["sk_live_1", "rk_live_1", "pk_test_1", "x"])
def test_a_key_that_moves_real_money_runs_no_test(secret: str) -> None:
    with pytest.raises(LiveKey):
        check_test_key(secret)
