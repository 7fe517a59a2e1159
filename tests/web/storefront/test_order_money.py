"""What a customer reads of their money on an order's page: paid, paid back, disputed, or to be paid again."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, select

from app.core.clock import utc_now
from app.core.i18n import LANGUAGES
from app.payments.models import Payment
from app.payments.rules.keys import is_test_key
from app.payments.rules.states import RefundState
from app.shop import Shop
from tests import make_money
from tests.flows.till import Till, open_till


@pytest.fixture
def till(session: Session, shop: Shop) -> Till:
    opened = open_till(session, shop.db, now=utc_now())
    shop.stripe = opened.stripe  # type: ignore[assignment]
    return opened


@pytest.fixture
def client(till: Till, browser: Callable[..., Any]) -> Any:
    return browser(till.contact)


def paid(till: Till) -> str:
    placed, page = till.placed_and_open()
    till.stripe.pay(page)
    till.settle(session_id=page)
    return placed.number


def test_a_paid_order_lists_what_went_back_of_it_and_where_it_stands(
    session: Session, till: Till, client: Any
) -> None:
    number = paid(till)
    payment = session.exec(select(Payment)).one()
    session.rollback()
    for cents, state in ((1_500, RefundState.DONE), (700, RefundState.ASKED), (300, RefundState.FAILED)):
        make_money.refund(session, of=payment, amount_cents=cents, state=state, failure="")

    page = client.get(f"/orders/{number}").text

    for said in (
        *("•••• 4242", "€15.00 of €110.65", "paid back to your card", "on its way to your card"),
        *("€7.00", "refused by the bank, a person looks into it"),
    ):
        assert said in page


@pytest.mark.parametrize(
    "status, said",
    [
        ("needs_response", "disputes this payment and has the money"),
        ("lost", "took this payment back."),
        ("warning_needs_response", "asks us about this payment."),
        ("won", None),
    ],
)
def test_a_disputed_payment_is_said_in_words(
    session: Session, till: Till, client: Any, status: str, said: str | None
) -> None:
    number = paid(till)
    make_money.dispute(session, about=till.order(number), status=status)

    page = client.get(f"/orders/{number}").text

    assert said is None or said in page
    assert ("disputes this payment" in page) == (status == "needs_response")


def test_a_reservation_that_ended_asks_to_pay_again(session: Session, till: Till, client: Any) -> None:
    placed, page_id = till.placed_and_open()
    till.stripe.cancel_at_stripe(till.stripe.pay(page_id))
    till.settle(session_id=page_id)

    page = client.get(f"/orders/{placed.number}").text

    assert "The reservation on your card ended" in page
    assert f'action="/orders/{placed.number}/pay"' in page


def test_what_a_card_network_warns_of_is_not_for_whoever_holds_the_account(
    session: Session, till: Till, client: Any
) -> None:
    number = paid(till)
    payment = session.exec(select(Payment)).one()
    session.rollback()
    make_money.warning(session, about=payment)

    assert "raud" not in client.get(f"/orders/{number}").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_banner_tells_test_from_live_on_every_page(shop: Shop, language: str) -> None:
    template = shop.environments[language].get_template("layouts/_notice.html")
    words = {"en": "no real money", "de": "kein echtes Geld"}[language]

    cases = ((False, True), (True, True), (False, False))
    shown = [template.render(is_demo=demo, is_test=test) for demo, test in cases]

    assert [words in text for text in shown] == [True, True, False]
    keys = ("sk_test_1", "rk_test_1", "sk_live_1", "rk_live_1")
    assert [is_test_key(key) for key in keys] == [True, True, False, False]
