"""What a company may say of where its invoices go."""

from typing import Any

import pytest

from app.invoices.rules.billing import BillingDetails, faults_of_billing

WHOLE = {
    "name": "Huber & Söhne OG",
    "street": "Ring 1",
    "postal_code": "1010",
    "city": "Wien",
    "country": "AT",
}


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"email": "rechnung@brunner.example", "buyer_reference": "04011000-12345-03"},
        WHOLE,
        {**WHOLE, "wants_xrechnung": True},
    ],
)
def test_what_is_whole_or_empty_is_right(values: dict[str, Any]) -> None:
    assert faults_of_billing(BillingDetails(**values)) == ()


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"street": "Ring 1"}, {"name", "postal_code", "city", "country"}),
        ({"name": "Brunner GmbH"}, {"street", "postal_code", "city", "country"}),
        ({**WHOLE, "city": ""}, {"city"}),
        ({**WHOLE, "postal_code": "04177"}, {"postal_code"}),
        ({**WHOLE, "country": "XX"}, {"country"}),
        ({"email": "no address"}, {"email"}),
        ({"email": "a@b.example\nBcc: c@d.example"}, {"email"}),
        ({"buyer_reference": "x" * 65}, {"buyer_reference"}),
        ({"buyer_reference": "a\nb"}, {"buyer_reference"}),
        ({**WHOLE, "name": "siehe www.elsewhere.example"}, {"name"}),
        ({**WHOLE, "name": "x" * 301}, {"name"}),
    ],
)
def test_each_fault_names_its_field_once(values: dict[str, Any], fields: set[str]) -> None:
    found = faults_of_billing(BillingDetails(**values))

    assert {fault.field for fault in found} == fields
    assert len(found) == len(fields)
