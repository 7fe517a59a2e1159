"""The gateway's words about kept and declined cards against the stand-in process, through the real SDK."""

from datetime import UTC, datetime, timedelta

import pytest

from app.payments.rules.facts import FeeWish, IntentStatus
from app.payments.stripe_gateway import CardRefused, KeyMismatch, StripeGateway, StripeRefusal
from dev.stripe_standin.server import StandinProcess
from tests.payments.test_stripe_gateway import DECLINED, gateway, payer, standin, wish

__all__ = ["gateway", "payer", "standin"]


def kept_method(gateway: StripeGateway, standin: StandinProcess, payer: str, card: str) -> str:
    """The id of a card that was kept with a payment on the card page."""
    page = gateway.create_session(wish(payer, keeps_card=True), key=f"keep-{payer}-{card}")
    standin.pay(page.id, card)
    intent = gateway.read_session(page.id).intent
    assert intent is not None
    return intent.kept_method_id


def fee(payer: str, method_id: str, **changed: object) -> FeeWish:
    values = {
        "order_number": "S-FEE",
        "attempt": "11",
        "stripe_customer_id": payer,
        "payment_method_id": method_id,
        "amount_cents": 3_451,
        "currency": "EUR",
    }
    return FeeWish(**{**values, **changed})  # type: ignore[arg-type]


def test_a_kept_card_is_reserved_once_under_its_key_found_by_its_metadata_and_let_go_twice(
    gateway: StripeGateway, standin: StandinProcess, payer: str
) -> None:
    method_id = kept_method(gateway, standin, payer, "4242424242424242")
    method = gateway.read_method(method_id)

    first = gateway.charge_kept_card(fee(payer, method_id), key=f"fee-{payer}")
    again = gateway.charge_kept_card(fee(payer, method_id), key=f"fee-{payer}")

    assert (method.stripe_customer_id, method.brand, method.last4) == (payer, "visa", "4242")
    assert (method.expires_month, method.expires_year > 2026) == (12, True)
    assert first == again == gateway.find_intent(payer, attempt="11", order_number="S-FEE")
    assert (first.status, first.amount_cents, first.card_last4) == (IntentStatus.AUTHORISED, 3_451, "4242")
    assert first.kept_method_id == "", "charging it keeps nothing anew"
    assert first.capture_before_at is not None
    assert first.capture_before_at < datetime.now(UTC) + timedelta(days=7)
    assert gateway.find_intent(payer, attempt="12", order_number="S-FEE") is None
    with pytest.raises(KeyMismatch):
        gateway.charge_kept_card(fee(payer, method_id, amount_cents=3_452), key=f"fee-{payer}")
    for _ in range(2):
        gateway.detach(method_id)
    assert gateway.read_method(method_id).stripe_customer_id is None
    with pytest.raises(StripeRefusal) as gone:
        gateway.charge_kept_card(fee(payer, method_id, attempt="13"), key=f"gone-{payer}")
    assert not isinstance(gone.value, CardRefused)


@pytest.mark.parametrize(
    ("card", "code"),
    [("4000002760003184", "authentication_required"), ("4000002500003155", "")],
)
def test_a_bank_that_wants_its_holder_refuses_unless_the_card_was_set_up_with_them(
    gateway: StripeGateway, standin: StandinProcess, payer: str, card: str, code: str
) -> None:
    method_id = kept_method(gateway, standin, payer, card)
    asked = fee(payer, method_id)

    if not code:
        reserved = gateway.charge_kept_card(asked, key=f"sca-{payer}")
        assert reserved.status is IntentStatus.AUTHORISED
        return
    for _ in range(2):
        with pytest.raises(CardRefused) as refused:
            gateway.charge_kept_card(asked, key=f"sca-{payer}")
        assert refused.value.code == code
    found = gateway.find_intent(payer, attempt="11", order_number="S-FEE")
    assert found is not None
    assert (found.status, found.failure_code) == (IntentStatus.WAITING, code)


def test_each_declined_try_on_a_page_is_told_once_with_its_charge(
    gateway: StripeGateway, standin: StandinProcess, payer: str
) -> None:
    page = gateway.create_session(wish(payer), key=f"declines-{payer}")
    for _ in range(3):
        standin.pay(page.id, DECLINED)
    intent = gateway.read_session(page.id).intent
    assert intent is not None

    declines = gateway.declines_of(intent.id)

    assert [one.code for one in declines] == ["card_declined"] * 3
    assert len({one.charge_id for one in declines}) == 3
    assert declines[0].charge_id == intent.charge_id
    assert abs((declines[0].at - datetime.now(UTC)).total_seconds()) < 60
    standin.pay(page.id)
    assert len(gateway.declines_of(intent.id)) == 3
