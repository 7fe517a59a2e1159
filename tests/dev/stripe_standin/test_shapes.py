"""Requests are held against the SDK's own parameter types."""

from typing import Any

import pytest
import stripe
from hypothesis import assume, given
from hypothesis import strategies as st
from stripe.params.checkout import SessionCreateParams

from dev.stripe_standin.endpoints import ENDPOINTS
from dev.stripe_standin.errors import StripeError
from dev.stripe_standin.forms import decode
from dev.stripe_standin.shapes import check, plan_of
from tests.dev.stripe_standin.shopping import Shop, plain

REFUSED: list[tuple[dict[str, Any], str | None, str]] = [
    ({"payment_method_types": ["card"]}, "parameter_unknown", "payment_method_types"),
    ({"surprise": "1"}, "parameter_unknown", "surprise"),
    ({"payment_intent_data": {"surprise": "1"}}, "parameter_unknown", "payment_intent_data[surprise]"),
    (
        {"line_items": [{"quantity": 1, "price_data": {"unit_amount": 100, "product_data": {"name": "x"}}}]},
        "parameter_missing",
        "line_items[0][price_data][currency]",
    ),
    ({"line_items": [{"quantity": "one"}]}, "parameter_invalid_integer", "line_items[0][quantity]"),
    ({"mode": "pay"}, None, "mode"),
    ({"payment_intent_data": {"capture_method": "later"}}, None, "payment_intent_data[capture_method]"),
    ({"allowed_payment_method_types": ["cash"]}, None, "allowed_payment_method_types[0]"),
    ({"allow_promotion_codes": "yes"}, None, "allow_promotion_codes"),
    ({"metadata": "text"}, None, "metadata"),
    ({"client_reference_id": ""}, "parameter_invalid_empty", "client_reference_id"),
    ({"locale": ["de"]}, None, "locale"),
]


@pytest.mark.parametrize("change, code, param", REFUSED)
def test_an_undocumented_request_is_a_400_that_names_the_parameter(
    shop: Shop, change: dict[str, Any], code: str | None, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.session(**change)

    assert refused.value.http_status == 400
    assert (refused.value.code, refused.value.param) == (code, param)
    assert shop.v1.checkout.sessions.list().data == []


def test_a_parameter_that_is_only_an_option_of_the_sdk_never_travels(shop: Shop) -> None:
    assert plan_of(SessionCreateParams).fields is not None
    assert "idempotency_key" not in (plan_of(SessionCreateParams).fields or {})


def test_each_endpoint_has_a_parameter_type_that_resolves() -> None:
    for endpoint in ENDPOINTS:
        assert plan_of(endpoint.params_type).fields is not None, endpoint.path


def test_numbers_and_booleans_arrive_as_such() -> None:
    text = "expires_at=17&allow_promotion_codes=true&line_items[0][quantity]=3&metadata[n]=4"

    assert check(decode(text), SessionCreateParams) == {
        "expires_at": 17,
        "allow_promotion_codes": True,
        "line_items": [{"quantity": 3}],
        "metadata": {"n": "4"},
    }


@given(st.dictionaries(st.text("abcdefgh_", min_size=1, max_size=12), st.just("x"), min_size=1, max_size=4))
def test_no_undocumented_name_gets_through(form: dict[str, str]) -> None:
    known = set(plan_of(SessionCreateParams).fields or {})
    assume(not set(form) & known)

    with pytest.raises(StripeError) as refused:
        check(dict(form), SessionCreateParams)

    assert (refused.value.status, refused.value.code) == (400, "parameter_unknown")
    assert not refused.value.is_stored


def test_a_parameter_that_the_standin_does_not_act_on_is_refused_aloud(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="does not simulate discounts"):
        shop.session(discounts=[{"coupon": "c"}])


def test_metadata_beyond_the_limits_is_refused(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        shop.session(metadata={"note": "x" * 501})
    with pytest.raises(stripe.InvalidRequestError):
        shop.session(metadata={f"k{number}": "1" for number in range(51)})
    assert plain(shop.session(metadata={"note": "x" * 500}).metadata) == {"note": "x" * 500}


def test_a_live_key_another_version_and_an_unknown_address_are_refused(
    client: stripe.StripeClient, shop: Shop
) -> None:
    live = stripe.StripeClient("sk_live_1", base_addresses={"api": shop.standin.url}, max_network_retries=0)
    with pytest.raises(stripe.AuthenticationError):
        live.v1.customers.list()
    with pytest.raises(stripe.InvalidRequestError, match="Invalid Stripe API version"):
        client.v1.customers.list({}, {"stripe_version": "2020-08-27"})
    with pytest.raises(stripe.InvalidRequestError, match="Unrecognized request URL"):
        client.v1.payouts.list()
