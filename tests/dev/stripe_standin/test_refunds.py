"""Refunds and disputes keep to the money that is there."""

import pytest
import stripe

from dev.stripe_standin.server import StandinProcess
from tests.dev.stripe_standin.shopping import Shop


def test_refunds_never_exceed_what_was_captured(shop: Shop, standin: StandinProcess) -> None:
    intent = shop.captured()
    shop.v1.refunds.create({"payment_intent": intent.id, "amount": 11_000})

    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        shop.v1.refunds.create({"payment_intent": intent.id, "amount": 901})
    shop.v1.refunds.create({"payment_intent": intent.id})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.refunds.create({"payment_intent": intent.id})

    assert refused.value.code == "charge_already_refunded"
    assert standin.books()["totals"]["refunded"] == 11_900


def test_an_authorisation_cannot_be_refunded(shop: Shop, standin: StandinProcess) -> None:
    held = shop.authorised()

    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge"):
        shop.v1.refunds.create({"payment_intent": held.id})

    assert standin.books()["totals"]["refunded"] == 0


def test_a_disputed_charge_cannot_be_refunded_until_it_is_won(shop: Shop, standin: StandinProcess) -> None:
    intent = shop.captured("4000000000000259")
    dispute = shop.v1.disputes.list({"payment_intent": intent.id}).data[0]
    assert (dispute.status, dispute.amount) == ("needs_response", 11_900)
    assert standin.books()["totals"]["charged_back"] == 11_900

    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.refunds.create({"payment_intent": intent.id})
    assert refused.value.code == "charge_disputed"

    assert standin.close_dispute(dispute.id, is_won=True)["status"] == "won"
    assert standin.books()["totals"]["charged_back"] == 0
    assert shop.v1.refunds.create({"payment_intent": intent.id}).amount == 11_900


def test_losing_evidence_loses_and_says_so_in_events(shop: Shop, standin: StandinProcess) -> None:
    intent = shop.captured()
    dispute = standin.dispute(intent.id, reason="product_not_received")

    lost = shop.v1.disputes.update(
        dispute["id"], {"evidence": {"uncategorized_text": "losing_evidence"}, "submit": True}
    )

    assert lost.status == "lost"
    told = [event.type for event in shop.v1.events.list().data if event.type.startswith("charge.dispute")]
    assert told == [
        "charge.dispute.closed",
        "charge.dispute.updated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.created",
    ]


def test_an_inquiry_takes_no_money_and_can_be_refunded(shop: Shop, standin: StandinProcess) -> None:
    intent = shop.captured("4000000000001976")

    assert shop.v1.disputes.list().data[0].status == "warning_needs_response"
    assert standin.books()["totals"]["charged_back"] == 0
    assert shop.v1.refunds.create({"payment_intent": intent.id}).status == "succeeded"


def test_an_early_fraud_warning_ends_with_the_full_refund(shop: Shop) -> None:
    intent = shop.captured("4000000000005423")
    assert shop.v1.radar.early_fraud_warnings.list().data[0].actionable

    shop.v1.refunds.create({"payment_intent": intent.id})

    assert not shop.v1.radar.early_fraud_warnings.list().data[0].actionable


def test_a_failed_refund_gives_the_money_back_to_us(shop: Shop, standin: StandinProcess) -> None:
    intent = shop.captured()
    refund = shop.v1.refunds.create({"payment_intent": intent.id, "amount": 900})

    standin.fail_refund(refund.id)

    assert shop.v1.refunds.retrieve(refund.id).status == "failed"
    assert standin.books()["totals"]["refunded"] == 0
    assert shop.v1.events.list().data[0].type == "refund.failed"


def test_a_warning_can_come_for_any_captured_payment(shop: Shop, standin: StandinProcess) -> None:
    intent = shop.captured()

    warning = standin.warn(intent.id)

    assert shop.v1.radar.early_fraud_warnings.list({"payment_intent": intent.id}).data[0].id == warning["id"]
    assert shop.v1.events.list().data[0].type == "radar.early_fraud_warning.created"
