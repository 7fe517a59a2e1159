"""Every answer has the SDK's own type."""

from typing import Any

import pytest
import stripe
from stripe._api_version import _ApiVersion

from dev.stripe_standin.server import API_KEY, StandinProcess
from dev.stripe_standin.world import API_VERSION
from tests.dev.stripe_standin.sdk_types import problems
from tests.dev.stripe_standin.shopping import Shop

PATHS = (
    "/v1/customers",
    "/v1/checkout/sessions?expand[]=data.payment_intent",
    "/v1/payment_intents?expand[]=data.latest_charge.balance_transaction&expand[]=data.customer",
    "/v1/charges?expand[]=data.refunds",
    "/v1/refunds?expand[]=data.charge",
    "/v1/disputes",
    "/v1/radar/early_fraud_warnings",
    "/v1/balance_transactions?expand[]=data.source",
    "/v1/events?limit=100",
)


def raw(standin: StandinProcess, path: str) -> dict[str, Any]:
    answer = standin.http.get(standin.url + path, headers={"Authorization": f"Bearer {API_KEY}"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def fill_the_books(shop: Shop, standin: StandinProcess) -> None:
    customer = shop.customer().id
    shop.session()
    declined = shop.session(customer=customer)
    standin.pay(declined.id, "4000000000009995")
    waiting = shop.session(customer=customer)
    standin.pay(waiting.id, "4000002760003184", authentication="leave")
    shop.v1.checkout.sessions.expire(shop.session().id)
    shop.v1.payment_intents.cancel(shop.authorised(customer=customer).id)
    shop.v1.refunds.create({"payment_intent": shop.captured(customer=customer).id, "amount": 100})
    for card in ("4000000000000259", "4000000000001976", "4000000000005423"):
        shop.captured(card, customer=customer)


def test_the_standin_speaks_the_version_of_the_installed_sdk(standin: StandinProcess) -> None:
    assert API_VERSION == _ApiVersion.CURRENT
    assert standin.get("health")["api_version"] == _ApiVersion.CURRENT


def test_each_listed_object_fits_the_resource_type_of_the_sdk(shop: Shop, standin: StandinProcess) -> None:
    fill_the_books(shop, standin)

    for path in PATHS:
        answer = raw(standin, path)

        assert answer["data"], path
        assert problems(answer) == [], path


def test_each_event_carries_an_object_that_fits_its_type(shop: Shop, standin: StandinProcess) -> None:
    fill_the_books(shop, standin)

    events = raw(standin, "/v1/events?limit=100")["data"]

    kinds = {event["data"]["object"]["object"] for event in events}
    assert {"payment_intent", "charge", "checkout.session", "refund", "dispute", "payment_method"} <= kinds
    for event in events:
        assert problems(event["data"]["object"]) == [], event["type"]


def test_saved_cards_and_line_items_fit_their_types(shop: Shop, standin: StandinProcess) -> None:
    customer = shop.customer().id
    intent = shop.captured(customer=customer)

    methods = raw(standin, f"/v1/customers/{customer}/payment_methods")
    session = raw(standin, f"/v1/checkout/sessions?payment_intent={intent.id}&expand[]=data.line_items")

    assert [one["card"]["last4"] for one in methods["data"]] == ["4242"]
    assert problems(methods) == []
    assert session["data"][0]["line_items"]["data"][0]["description"] == "Wartungspaket"
    assert problems(session) == []


def test_the_check_itself_finds_a_wrong_field() -> None:
    answer = {
        "object": "refund",
        "amount": "12",
        "surprise": 1,
        "id": "re_1",
        "created": 1,
        "currency": "eur",
    }

    found = problems(answer)

    assert any(problem.startswith("refund.surprise: not in") for problem in found)
    assert any(problem.startswith("refund.amount: '12' is no") for problem in found)
    assert problems({"object": "refund", "id": "re_1", "created": 1, "currency": "eur"}) == [
        "refund.amount: missing"
    ]


def test_lists_come_newest_first_in_pages(shop: Shop, client: stripe.StripeClient) -> None:
    made = [shop.customer().id for _ in range(5)]

    first = client.v1.customers.list({"limit": 2})
    rest = client.v1.customers.list({"limit": 10, "starting_after": first.data[-1].id})

    assert [one.id for one in first.data] == [made[4], made[3]]
    assert first.has_more
    assert [one.id for one in rest.data] == [made[2], made[1], made[0]]
    assert not rest.has_more


def test_a_payment_is_found_by_its_metadata(shop: Shop) -> None:
    wanted = shop.authorised(payment_intent_data={"metadata": {"order": "77"}, "capture_method": "manual"})
    shop.authorised()

    found = shop.v1.payment_intents.search({"query": "metadata['order']:'77' AND status:'requires_capture'"})

    assert [one.id for one in found.data] == [wanted.id]


def test_what_is_not_expanded_is_not_there(shop: Shop) -> None:
    session = shop.session()

    with pytest.raises(AttributeError):
        _ = session.line_items
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        shop.v1.checkout.sessions.retrieve(session.id, {"expand": ["client_reference_id"]})
