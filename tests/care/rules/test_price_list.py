"""What a service costs, to the cent, and what may stand on the price list."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.care.rules.price_list import (
    GREATEST_PRICE_CENTS,
    LEAST_PRICE_CENTS,
    VAT_RATES_BP,
    ServiceText,
    faults_of_service,
    service_totals,
    shown_mark,
)
from app.care.rules.storage import Keeping
from app.core.money import share_bp

SERVICE = ServiceText("Copy of an invoice", "Once more.", "per invoice", 490, 1_900)
TEXTS = {
    "code": "invoice-copy",
    "name_de": "Kopie",
    "name_en": "Copy",
    "text_de": "",
    "text_en": "",
    "unit_de": "",
    "unit_en": "",
}


@settings(max_examples=200)
@given(
    price_cents=st.integers(LEAST_PRICE_CENTS, GREATEST_PRICE_CENTS),
    rate_bp=st.sampled_from(VAT_RATES_BP),
    quantity=st.integers(1, 50),
)
def test_a_service_alone_adds_up_to_the_cent_at_its_own_rate(
    price_cents: int, rate_bp: int, quantity: int
) -> None:
    totals = service_totals(replace(SERVICE, price_cents=price_cents, vat_rate_bp=rate_bp), quantity)

    assert totals.goods_net_cents == 0
    assert (
        totals.charges_net_cents
        == sum(charge.net_cents for charge in totals.charges)
        == quantity * price_cents
    )
    assert [tax.vat_rate_bp for tax in totals.taxes] == [rate_bp]
    assert sum(tax.net_cents for tax in totals.taxes) == totals.net_cents
    assert totals.gross_cents == quantity * price_cents + share_bp(quantity * price_cents, rate_bp)


def test_a_service_is_one_charge_with_its_name_and_number() -> None:
    (charge,) = service_totals(SERVICE, 3).charges

    assert (charge.name, charge.quantity, charge.net_cents, charge.vat_rate_bp) == (
        SERVICE.name,
        3,
        1_470,
        1_900,
    )


def test_the_mark_of_what_was_shown_differs_with_all_that_a_customer_agrees_to() -> None:
    shown = shown_mark(SERVICE, quantity=None, terms_version_id=1)
    others = [
        *(
            shown_mark(replace(SERVICE, **{name: "x"}), quantity=None, terms_version_id=1)
            for name in ("name", "text")
        ),
        shown_mark(replace(SERVICE, unit="per week"), quantity=None, terms_version_id=1),
        shown_mark(replace(SERVICE, price_cents=491), quantity=None, terms_version_id=1),
        shown_mark(replace(SERVICE, vat_rate_bp=700), quantity=None, terms_version_id=1),
        shown_mark(SERVICE, quantity=2, terms_version_id=1),
        shown_mark(SERVICE, quantity=None, terms_version_id=2),
        *(
            shown_mark(
                SERVICE, quantity=None, terms_version_id=1, keepings=[Keeping(*[date(2026, 3, day)] * 4)]
            )
            for day in (10, 17)
        ),
    ]

    assert shown == shown_mark(SERVICE, quantity=None, terms_version_id=1)
    assert len({shown, *others}) == len(others) + 1


@pytest.mark.parametrize(
    ("values", "amounts", "field"),
    [
        ({"code": ""}, {}, "code"),
        ({"code": "Invoice Copy"}, {}, "code"),
        ({"name_de": ""}, {}, "name_de"),
        ({"name_en": "x" * 201}, {}, "name_en"),
        ({"text_de": "x" * 1001}, {}, "text_de"),
        ({"unit_en": "x" * 65}, {}, "unit_en"),
        ({}, {"price_cents": 49}, "price_cents"),
        ({}, {"price_cents": 1_000_001}, "price_cents"),
        ({}, {"vat_rate_bp": 1_600}, "vat_rate_bp"),
        ({}, {"minutes": -1}, "minutes"),
        ({}, {"minutes": 481}, "minutes"),
    ],
)
def test_each_wrong_value_of_the_price_list_is_named(
    values: dict[str, str], amounts: dict[str, int], field: str
) -> None:
    right = {"price_cents": 490, "vat_rate_bp": 1_900, "minutes": 5}

    assert [fault.field for fault in faults_of_service({**TEXTS, **values}, **{**right, **amounts})] == [
        field
    ]
    assert faults_of_service(TEXTS, **right) == []
