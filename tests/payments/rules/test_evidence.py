"""The evidence that our books propose."""

from dataclasses import replace
from datetime import UTC, date, datetime

import stripe.params

from app.payments.rules.evidence import (
    FILE_KINDS,
    LONGEST_SHORT_TEXT,
    TEXTS,
    Mailed,
    OrderFacts,
    faults_of_texts,
    proposed_texts,
)

AT = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
FACTS = OrderFacts(
    number="S-ABCD2345",
    company_name="Probst Werkstatt GmbH",
    contact_name="Kim Probst",
    email="kim@probst.example",
    address="Gartenweg 3, 04109 Leipzig, DE",
    placed_at=AT,
    paid_at=AT,
    card="visa ending 4242",
    gross_cents=112_300,
    refunded_cents=0,
    items=["3 x Seal pack, EUR 75.00 net"],
    terms_name="2026-01",
    terms_accepted_at=AT,
    is_service=False,
    done_on=date(2026, 3, 10),
    carrier="Post",
    tracking_code="T-1",
    promised_on=date(2026, 3, 12),
    mails=[Mailed("order_dispatched", AT)],
)


def test_order_terms_shipment_and_tracking_are_proposed_field_by_field() -> None:
    texts = proposed_texts(FACTS)

    assert (texts["shipping_carrier"], texts["shipping_tracking_number"]) == ("Post", "T-1")
    assert texts["shipping_date"] == "2026-03-10"
    assert "version 2026-01" in texts["refund_policy_disclosure"]
    story = texts["uncategorized_text"]
    for said in (
        "S-ABCD2345",
        "EUR 1,123.00",
        "visa ending 4242",
        "tracking code T-1",
        "order dispatched",
        "none.",
    ):
        assert said in story


def test_what_has_not_left_is_not_said_to_have_left() -> None:
    texts = proposed_texts(replace(FACTS, done_on=None))

    assert not {"shipping_date", "shipping_address"} & set(texts)
    assert "promised for 2026-03-12" in texts["uncategorized_text"]
    assert "left us" not in texts["uncategorized_text"]


def test_a_service_has_a_day_and_no_parcel() -> None:
    texts = proposed_texts(replace(FACTS, is_service=True, carrier="", tracking_code=""))

    assert texts["service_date"] == "2026-03-10"
    assert "shipping_address" not in texts


def test_the_fields_are_those_of_the_installed_sdk() -> None:
    known = stripe.params.DisputeUpdateParamsEvidence.__annotations__

    assert set(TEXTS) | set(FILE_KINDS) <= set(known)
    assert set(proposed_texts(FACTS)) <= set(TEXTS)


def test_a_text_that_stripe_would_refuse_is_named() -> None:
    assert faults_of_texts(proposed_texts(FACTS)) == []
    assert [one.field for one in faults_of_texts({"customer_name": "x" * (LONGEST_SHORT_TEXT + 1)})] == [
        "customer_name"
    ]
