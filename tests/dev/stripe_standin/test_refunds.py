"""Refunds and disputes keep to the money that is there."""

import io

import pytest
import stripe

from dev.stripe_standin.server import ControlError, StandinProcess
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


def upload(shop: Shop, content: bytes, name: str = "proof.pdf") -> stripe.File:
    file = io.BytesIO(content)
    file.name = name
    return shop.v1.files.create({"purpose": "dispute_evidence", "file": file})


def test_evidence_takes_files_that_were_uploaded_and_goes_to_the_bank_once(
    shop: Shop, standin: StandinProcess
) -> None:
    dispute_id = standin.dispute(shop.captured().id)["id"]
    proof = upload(shop, b"%PDF-1.7\n" + bytes(1_000))

    sent = shop.v1.disputes.update(
        dispute_id,
        {"evidence": {"shipping_documentation": proof.id, "uncategorized_text": "It left."}, "submit": True},
    )
    with pytest.raises(stripe.InvalidRequestError, match="submitted already"):
        shop.v1.disputes.update(dispute_id, {"evidence": {"uncategorized_text": "more"}, "submit": True})

    assert (proof.filename, proof.size, proof.type) == ("proof.pdf", 1_009, "pdf")
    assert shop.v1.files.retrieve(proof.id).purpose == "dispute_evidence"
    assert (sent.status, sent.evidence_details.submission_count) == ("under_review", 1)
    assert sent.evidence.shipping_documentation == proof.id


def test_evidence_that_stripe_would_refuse_is_refused(shop: Shop, standin: StandinProcess) -> None:
    dispute_id = standin.dispute(shop.captured().id)["id"]
    large = [upload(shop, b"%PDF-" + bytes(2_300_000)).id for _ in range(2)]
    faulty: list[tuple[dict[str, str], str]] = [
        ({"receipt": large[0], "uncategorized_file": large[1]}, "4.5 MB"),
        ({"receipt": "file_unknown"}, "No such file"),
        ({"uncategorized_text": "x" * 150_001}, "150,000"),
    ]

    for evidence, why in faulty:
        with pytest.raises(stripe.InvalidRequestError, match=why):
            shop.v1.disputes.update(dispute_id, {"evidence": evidence, "submit": True})  # type: ignore[typeddict-item]
    for content, why in ((b"GIF89a", "PDF, JPEG or PNG"), (b"%PDF-" + bytes(5_000_000), "5 MB")):
        with pytest.raises(stripe.InvalidRequestError, match=why):
            upload(shop, content)

    assert shop.v1.disputes.retrieve(dispute_id).evidence_details.submission_count == 0


def test_an_inquiry_that_becomes_a_dispute_takes_the_money_then(shop: Shop, standin: StandinProcess) -> None:
    inquiry = standin.dispute(shop.captured().id, status="warning_needs_response")
    assert standin.books()["totals"]["charged_back"] == 0

    dispute = standin.escalate_dispute(inquiry["id"])

    assert (dispute["status"], dispute["is_charge_refundable"]) == ("needs_response", False)
    assert standin.books()["totals"]["charged_back"] == 11_900
    with pytest.raises(ControlError, match="Only an inquiry"):
        standin.escalate_dispute(inquiry["id"])
