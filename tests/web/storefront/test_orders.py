"""A company's orders as a browser meets them; another company's do not exist."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, delete, select

from app.catalogue.models import Bundle
from app.catalogue.rules.kinds import BundleState
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import Contact
from app.ordering.models import Agreement, CartLine, Order, TermsVersion
from app.ordering.rules.states import CancelReason, OrderState
from app.ordering.service import add_event
from app.payments.rules.facts import SessionStatus
from app.shop import Shop
from app.web.admin import words
from app.web.storefront.orders import EVENTS, OURS_ALONE
from tests import make
from tests.flows import agreed
from tests.flows.till import Till, open_till
from tests.papers import pages_of


@pytest.fixture
def till(session: Session, shop: Shop) -> Till:
    opened = open_till(session, shop.db, now=utc_now())
    shop.stripe = opened.stripe  # type: ignore[assignment]
    return opened


@pytest.fixture
def client(till: Till, browser: Callable[..., Any]) -> Any:
    return browser(till.contact)


@pytest.fixture
def stranger(session: Session, browser: Callable[..., Any]) -> Any:
    return browser(make.contact(session, of=make.customer(session)))


def told(answer: Any) -> str:
    """The page without what the asker sent along: its own address, and the number of the request."""
    text = answer.text.replace(answer.headers["x-request-id"], "")
    return str(text.replace(answer.request.url.path, ""))


def test_the_list_shows_newest_first_and_is_searched_by_number_and_reference(till: Till, client: Any) -> None:
    first = till.place(key="key-1", purchase_reference="Halle 100%").number
    second = till.place(key="key-2", purchase_reference="Lager").number

    text = client.get("/orders").text
    assert text.index(second) < text.index(first)
    assert first not in client.get("/orders?q=lager").text
    assert first in client.get("/orders?q=100%25").text
    assert second not in client.get("/orders?q=100%25").text
    assert second in client.get(f"/orders?q={second[2:6].lower()}").text
    assert "Previous page" in client.get("/orders?page=2").text
    assert client.get("/orders?page=999999999999").status_code == 200
    assert "No order fits" in client.get("/orders?q=nothing-like-it").text


def test_an_order_tells_its_story_in_words(till: Till, client: Any) -> None:
    number = till.place(purchase_reference="PO 1").number
    session_id = till.session_at(till.start(number))
    till.stripe.decline(session_id)
    till.settle(session_id=session_id)

    text = client.get(f"/orders/{number}").text

    for said in (
        "Order received",
        "Card page opened",
        "Card declined",
        "The card was declined",
        "Pay by card",
    ):
        assert said in text, said
    assert "€110.65" in text
    assert "version 2026-01" in text
    assert "Gartenweg 3" in text
    assert "Germany" in text


def test_whatever_staff_read_on_a_timeline_has_words_for_the_customer_too() -> None:
    assert words.EVENTS.keys() - OURS_ALONE <= EVENTS.keys()


def test_an_unpaid_order_can_be_cancelled_and_its_card_page_closes(till: Till, client: Any) -> None:
    placed, session_id = till.placed_and_open()

    answer = client.submit(f"/orders/{placed.number}/cancel", page="/orders")

    assert answer.headers["location"] == f"/orders/{placed.number}"
    order = till.order(placed.number)
    assert (order.state, order.cancel_reason) == (OrderState.CANCELLED, CancelReason.BY_CUSTOMER)
    for args in till.jobs():
        till.settle(**args)
    assert till.stripe.sessions[session_id].status is SessionStatus.EXPIRED
    page = client.get(f"/orders/{placed.number}").text
    assert "Your company cancelled it" in page
    assert "Pay by card" not in page


def test_the_page_of_a_replaced_order_leads_to_the_one_that_took_its_place(till: Till, client: Any) -> None:
    first = till.place(key="key-1").number
    second = till.place(key="key-2").number

    old, new = client.get(f"/orders/{first}").text, client.get(f"/orders/{second}").text

    assert "A later order took its place. Nothing was charged." in old
    assert f'<a href="/orders/{second}">To order {second}</a>' in old
    assert "took its place" not in new


def test_a_paid_order_is_not_cancelled(till: Till, client: Any) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    till.settle(session_id=session_id)

    answer = client.submit(f"/orders/{placed.number}/cancel", page="/orders")

    assert answer.headers["location"].endswith("notice=not_cancelled")
    assert till.order(placed.number).state is OrderState.ACCEPTED


def test_paying_twice_leads_to_the_same_card_page(till: Till, client: Any) -> None:
    number = till.place().number

    pages = {client.submit(f"/orders/{number}/pay", page="/orders").headers["location"] for _ in range(2)}

    assert len(pages) == 1
    assert len(till.payments()) == 1


def test_a_card_page_that_stripe_does_not_know_any_more_leads_back_to_the_order(
    till: Till, client: Any
) -> None:
    placed, _ = till.placed_and_open()
    till.stripe.sessions.clear()

    answer = client.submit(f"/orders/{placed.number}/pay", page="/orders")

    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"/orders/{placed.number}?notice=unreachable",
    )


def test_paying_again_what_was_just_paid_settles_instead(till: Till, client: Any) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)

    answer = client.submit(f"/orders/{placed.number}/pay", page="/orders")

    assert answer.headers["location"] == f"http://testserver/checkout/return?session_id={session_id}"
    client.get(answer.headers["location"])
    assert till.order(placed.number).state is OrderState.ACCEPTED
    assert len(till.stripe.sessions) == 1


def test_ordering_again_fills_the_cart_once_and_leaves_out_what_is_no_longer_sold(
    session: Session, till: Till, client: Any
) -> None:
    number = till.place().number
    bought = till.cart()
    with transaction(session):
        for line in session.exec(select(CartLine)):
            session.delete(line)

    for _ in range(2):
        answer = client.submit(f"/orders/{number}/reorder", page="/orders")
    assert answer.headers["location"] == "/cart"
    assert till.cart() == bought

    first, second = bought
    with transaction(session):
        bundles = {one.id: one for one in session.exec(select(Bundle))}
        ends_at = till.now + timedelta(days=30)
        for bundle_id, step in ((first, 2), (second, 5)):
            agreed.agreement(
                session,
                of=till.customer,
                bundle=bundles[bundle_id],
                order_step=step,
                ends_on=ends_at.date(),
                ends_at=ends_at,
            )
    answer = client.submit(f"/orders/{number}/reorder", page="/orders")
    assert till.cart() == {first: 4, second: 5}
    assert answer.headers["location"].endswith("notice=raised")
    text = client.get(answer.headers["location"]).text
    assert "4 in your cart, you ordered 3. It is sold in steps of 2 now." in text
    assert "5 in your cart, you ordered 2. At least 5 can be ordered now." in text
    assert client.submit(f"/orders/{number}/reorder", page="/orders").headers["location"] == "/cart"

    with transaction(session):
        session.execute(delete(Agreement))
        retired = session.exec(select(Bundle).order_by(col(Bundle.id)).limit(1)).one()
        retired.state = BundleState.RETIRED
        for line in session.exec(select(CartLine)):
            session.delete(line)
        gone = retired.id
    answer = client.submit(f"/orders/{number}/reorder", page="/orders")
    assert answer.headers["location"].endswith("notice=left_out")
    assert till.cart() == {bundle: quantity for bundle, quantity in bought.items() if bundle != gone}
    assert "no longer sold" in client.get(answer.headers["location"]).text


@pytest.mark.parametrize("act", ["pay", "cancel", "reorder"])
def test_another_companys_order_cannot_be_touched(till: Till, stranger: Any, act: str) -> None:
    number = till.place().number

    foreign = stranger.submit(f"/orders/{number}/{act}", page="/orders")
    missing = stranger.submit(f"/orders/S-NOBODY99/{act}", page="/orders")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert told(foreign) == told(missing)
    assert till.order(number).state is OrderState.RECEIVED
    assert till.payments() == []


def test_another_companys_order_looks_like_a_missing_one(till: Till, stranger: Any) -> None:
    number = till.place().number

    foreign, missing = stranger.get(f"/orders/{number}"), stranger.get("/orders/S-NOBODY99")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert number not in stranger.get("/orders").text


def test_an_overdue_order_offers_no_payment_any_more(session: Session, till: Till, client: Any) -> None:
    number = till.place().number
    with transaction(session):
        order = session.exec(select(Order)).one()
        order.placed_at = order.placed_at.replace(year=order.placed_at.year - 1)

    assert "Not paid in time" in client.get(f"/orders/{number}").text
    assert client.submit(f"/orders/{number}/pay", page="/orders").headers["location"] == f"/orders/{number}"
    assert till.payments() == []


def test_the_contract_is_kept_as_a_paper_with_contents_sums_and_the_terms_that_were_accepted(
    session: Session, till: Till, client: Any
) -> None:
    number = till.place(purchase_reference="PO 1").number
    with transaction(session):
        newer = TermsVersion(name="2026-02", text_de="Neu.", text_en="It is new.", created_at=utc_now())
        session.add(newer)

    answer = client.get(f"/orders/{number}/contract.pdf")

    assert answer.headers["content-type"] == "application/pdf"
    assert "no-store" in answer.headers["cache-control"]
    order, terms = pages_of(answer.content)
    text = " ".join(order)
    assert "This is what was ordered; we have not accepted it yet." in text
    assert order[order.index("Goods, net") :][:6] == [
        "Goods, net",
        "€95.00",
        "Net",
        "€95.00",
        "VAT 19\xa0% on €75.00",
        "€14.25",
    ]
    assert "Total with VAT €110.65" in text
    assert any(piece.startswith("– 1 piece ") for piece in order)
    assert "PO 1" in order
    assert "Managing directors:" in text
    assert "It holds." in terms
    assert "It is new." not in terms
    assert f'href="/orders/{number}/contract.pdf"' in client.get(f"/orders/{number}").text


def test_the_contract_keeps_the_day_and_the_address_that_storage_or_a_change_moved_later(
    session: Session, till: Till, client: Any
) -> None:
    number = till.place().number
    (before, _) = pages_of(client.get(f"/orders/{number}/contract.pdf").content)
    with transaction(session):
        order = session.exec(select(Order)).one()
        for weeks in (1, 2):
            old, order.promised_on = order.promised_on, order.promised_on + timedelta(weeks=weeks)
            add_event(session, order.id or 0, "kept_back", now=utc_now(), old=old.isoformat())
        went_to = "Probst Werkstatt GmbH, Kim Probst, Gartenweg 3, 04109 Leipzig, DE"
        add_event(session, order.id or 0, "address_changed", now=utc_now(), went_to=went_to)
        order.street = "Hafenweg 9"

    (after, _) = pages_of(client.get(f"/orders/{number}/contract.pdf").content)

    day = before.index("With you by") + 1
    assert before[day] in after
    assert "Gartenweg 3, 04109" in " ".join(after)
    assert "Germany" in after
    assert "Hafenweg 9" not in " ".join(after)


def test_the_contract_of_another_company_does_not_exist(till: Till, client: Any, stranger: Any) -> None:
    number = till.place().number

    theirs = stranger.get(f"/orders/{number}/contract.pdf")

    assert theirs.status_code == 404
    assert told(theirs) == told(stranger.get("/orders/S-NOTHING/contract.pdf")).replace("S-NOTHING", number)


@pytest.mark.parametrize(
    "language, told_now, told_before",
    [
        ("en", "Delayed: with you by Thursday, 12 March 2026.", "We had promised Tuesday, 10 March 2026."),
        (
            "de",
            "Verspätet: bei Ihnen bis Donnerstag, 12. März 2026.",
            "Zugesagt war Dienstag, 10. März 2026.",
        ),
    ],
)
def test_a_late_order_says_the_new_date_and_what_was_promised(
    till: Till, client: Any, session: Session, language: str, told_now: str, told_before: str
) -> None:
    number = till.place().number
    with transaction(session):
        order = session.exec(select(Order).where(Order.number == number)).one()
        order.promised_on, order.expected_on = date(2026, 3, 10), date(2026, 3, 12)
        session.get_one(Contact, till.contact.id).language = language

    page = client.get(f"/orders/{number}").text
    listed = client.get("/orders").text

    assert told_now in page
    assert told_before in page
    assert ("12 Mar 2026" if language == "en" else "12.03.2026") in listed
    assert ("delayed" if language == "en" else "verspätet") in listed
