"""Whoever asks in German reads German on every page of the shop, and the page says so."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session

from app.core.clock import utc_now
from app.core.db import Database
from app.core.transaction import transaction
from app.customers.rules.admission import ScreeningState
from app.mainbrand.rules.segments import Segment
from app.ordering.rules.states import CancelReason, OrderState
from app.web.access import REGISTRY, Access
from tests import make, make_services
from tests.flows.standing import asked_standing
from tests.web.conftest import Browser
from tests.web.reading import english_in, texts_of

NO_PAGES = {
    *("/robots.txt", "/favicon.ico", "/healthz", "/readyz", "/bundles/{slug}/image", "/checkout/return"),
    *("/api/v1/openapi.json", "/terms/{name}.pdf", "/orders/{number}/contract.pdf"),
    "/complaints/{number}/photos/{photo_id}",
    *("/orders/{number}/invoice.pdf", "/orders/{number}/invoice.xml"),
    *("/orders/{number}/corrections/{document}.pdf", "/orders/{number}/corrections/{document}.xml"),
}
SHOP = (Access.PUBLIC, Access.KNOWN, Access.ADMITTED, Access.OWN)
PAGES = sorted(
    path
    for (method, path), entry in REGISTRY.items()
    if method == "GET" and entry.access in SHOP and path not in NO_PAGES
)
STANDINGS: dict[str, dict[str, Any]] = {
    "in review": {"screening": ScreeningState.REVIEW, "segment": Segment.UNRATED},
    "A-customer": {"screening": ScreeningState.BLOCKED, "segment": Segment.A},
    "refused": {"screening": ScreeningState.REFUSED, "segment": Segment.UNRATED},
    "suspended": {"suspended_at": make.NOW, "suspended_reason": "Zu viele Anrufe."},
    "moved up": {"moved_up_at": make.NOW},
}


@pytest.fixture
def german(browser: Callable[..., Browser]) -> Callable[..., Browser]:
    """Makes browsers whose people prefer German."""

    def open_browser(*signed_in: Any) -> Browser:
        made = browser(*signed_in)
        made.headers["accept-language"] = "de"
        return made

    return open_browser


@pytest.fixture
def company(session: Session) -> dict[str, Any]:
    """An admitted company with a cart and an order in each state, and where its things are found."""
    customer = make.customer(session)
    contact = make.contact(session, of=customer, language="de")
    bundle = make.bundle(session)
    make.cart_line(session, of=customer, bundle=bundle, quantity=1)
    states = [
        {"state": OrderState.RECEIVED, "placed_at": utc_now()},
        {"state": OrderState.ACCEPTED, "accepted_at": make.NOW},
        {"state": OrderState.CANCELLED, "cancelled_at": make.NOW, "cancel_reason": CancelReason.UNPAID},
    ]
    orders = [make.order(session, of=customer, by=contact, bundle=bundle, **values) for values in states]
    standing, _ = asked_standing(session, of=customer, by=contact, bundle=bundle, token="x")
    return {
        "contact": contact,
        "standing": standing.id,
        "slug": bundle.slug,
        "orders": [order.number for order in orders],
        "token": "x",
        "service_id": make_services.service(session).id,
        "offer_id": make_services.service_offer(session, of=customer).id,
    }


def test_no_page_shows_a_german_reader_english(
    company: dict[str, Any], german: Callable[..., Browser]
) -> None:
    client = german(company["contact"])
    ids = {name: company[name] for name in ("token", "service_id", "offer_id")}
    ids["standing_order_id"] = company["standing"]
    paths = [
        path.format(number=number, slug=company["slug"], **ids)
        for path in PAGES
        for number in (company["orders"] if "{number}" in path else [""])
    ]
    english = {}
    for path in paths:
        answer = client.get(path)
        if answer.status_code != 303:
            assert '<html lang="de"' in answer.text, path
            assert len(texts_of(answer.text)) > 10, path
            english[path] = english_in(answer.text)

    assert len(english) > 20
    assert {path: found for path, found in english.items() if found} == {}


@pytest.mark.parametrize("standing", STANDINGS)
@pytest.mark.parametrize("path", ["/status", "/catalogue", "/orders"])
def test_whoever_must_stay_outside_reads_why_in_german(
    session: Session, german: Callable[..., Browser], standing: str, path: str
) -> None:
    contact = make.contact(session, of=make.customer(session, **STANDINGS[standing]), language="de")

    answer = german(contact).get(path)

    assert answer.status_code in (200, 403)
    assert english_in(answer.text) == set()


@pytest.mark.parametrize("path", ["/register", "/login", "/password/forgot"])
def test_an_empty_form_is_answered_in_german(german: Callable[..., Browser], path: str) -> None:
    answer = german().submit(path)

    assert answer.status_code == 422
    assert "Bitte prüfen Sie Ihre Angaben" in answer.text
    assert english_in(answer.text) == set()


def test_an_empty_checkout_form_and_a_wrong_quantity_are_answered_in_german(
    company: dict[str, Any], database: Database, session: Session, german: Callable[..., Browser]
) -> None:
    with transaction(session):
        make.terms(session)
    client = german(company["contact"])

    answers = [client.submit("/checkout"), client.submit("/cart/lines", {"bundle_id": "1", "quantity": "x"})]

    for answer in answers:
        assert answer.status_code in (409, 422)
        assert english_in(answer.text) == set()


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/verify/x", 404), ("/imprint", 405)])
def test_an_error_is_told_in_german(german: Callable[..., Browser], path: str, status: int) -> None:
    client = german()

    answer = client.submit(path) if status == 405 else client.get(path)

    assert answer.status_code == status
    assert english_in(answer.text) == set()


def test_a_problem_told_to_a_program_is_german_too(german: Callable[..., Browser]) -> None:
    answer = german().get("/nothing", headers={"accept": "application/json"})

    assert answer.json()["title"] == "Hier gibt es nichts"


def test_the_reader_would_find_english_and_raw_states() -> None:
    found = english_in('<p>Your order <b>accepted</b><code>the order</code> <i title="of">Paket</i></p>')

    assert found == {"accepted", "of"}


def test_whoever_prefers_english_reads_english(browser: Callable[..., Browser]) -> None:
    client = browser()

    page = client.get("/login").text

    assert '<html lang="en"' in page
    assert "Forgot your password?" in page
