import copy
from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.core.transaction import transaction
from app.insights.books import compare_books
from app.ordering.rules.states import OrderState
from app.payments.models import Payment, Refund
from app.payments.rules.states import PaymentState, RefundState
from tests import make
from tests.make import NOW

Books = dict[str, list[dict[str, Any]]]

INTENT = {
    "id": "pi_1",
    "captured": 2_975,
    "refunded": 0,
    "capturable": 0,
    "currency": "eur",
    "session": "cs_1",
}
PAGE = {"id": "cs_1", "status": "complete", "metadata": {"order": "S-1", "attempt": "1"}}
WAITING = {**INTENT, "id": "pi_2", "captured": 0, "capturable": 2_975, "session": "cs_2"}
OPEN_PAGE = {"id": "cs_2", "status": "open", "metadata": {"order": "S-2", "attempt": "2"}}


@pytest.fixture
def books() -> Books:
    """What the service says of one paid order, S-1, and one whose card is authorised, S-2."""
    return copy.deepcopy({"intents": [INTENT, WAITING], "sessions": [PAGE, OPEN_PAGE]})


@pytest.fixture
def shop_rows(session: Session) -> Session:
    """What the shop says of the same."""
    with transaction(session):
        customer = make.customer(session)
        contact = make.contact(session, of=customer)
        bundle = make.bundle(session)
        paid = {"state": OrderState.ACCEPTED, "accepted_at": NOW, "number": "S-1"}
        first = make.order(session, of=customer, by=contact, bundle=bundle, **paid)
        second = make.order(session, of=customer, by=contact, bundle=bundle, number="S-2")
        _payment(
            session, first.id, PaymentState.CAPTURED, session_id="cs_1", intent_id="pi_1", settled_at=NOW
        )
        _payment(session, second.id, PaymentState.OPEN, session_id="cs_2")
    return session


def _payment(session: Session, order_id: int | None, state: PaymentState, **values: Any) -> None:
    moments = dict.fromkeys(("created_at", "changed_at", "checked_at", "expires_at"), NOW)
    make.saved(
        session, Payment(order_id=order_id, state=state, token="t", amount_cents=2_975, **moments, **values)
    )


def test_books_that_agree_bring_no_finding(shop_rows: Session, books: Books) -> None:
    assert compare_books(shop_rows, books) == []


def _without_payment(books: Books) -> None:
    books["intents"].append({**INTENT, "id": "pi_9", "session": "cs_9"})


def _never_taken(books: Books) -> None:
    books["intents"][0]["captured"] = 0


def _taken_in_part(books: Books) -> None:
    books["intents"][0]["captured"] = 2_974


def _given_back(books: Books) -> None:
    books["intents"][0]["refunded"] = 2_975


def _other_currency(books: Books) -> None:
    books["intents"][0]["currency"] = "usd"


def _forgotten(books: Books) -> None:
    del books["intents"][0]


def _taken_without_our_word(books: Books) -> None:
    books["intents"][1].update(captured=2_975, capturable=0)


def _reserved_for_nobody(books: Books) -> None:
    books["intents"].append({**WAITING, "id": "pi_9", "session": "cs_9"})


def _page_of_nobody(books: Books) -> None:
    books["sessions"].append({**OPEN_PAGE, "id": "cs_9", "metadata": {"order": "S-9", "attempt": "9"}})


def _two_pages_of_one_attempt(books: Books) -> None:
    books["sessions"].append({**OPEN_PAGE, "id": "cs_9"})


def _page_of_another_order(books: Books) -> None:
    books["sessions"][1]["metadata"]["order"] = "S-1"


@pytest.mark.parametrize(
    ("differ", "row_id", "words"),
    [
        (_without_payment, "pi_9", "no payment of ours is about them"),
        (_never_taken, "1", "the books say 0"),
        (_taken_in_part, "1", "the books say 2974"),
        (_given_back, "1", "the books say 0"),
        (_other_currency, "1", "captured with 2975 cents"),
        (_forgotten, "1", "the books say 0"),
        (_taken_without_our_word, "pi_2", "for order S-2, but payment 2 is open"),
        (_reserved_for_nobody, "pi_9", "2975 cents are still reserved, but our payment is unknown"),
        (_page_of_nobody, "cs_9", "is none of ours"),
        (_two_pages_of_one_attempt, "S-2", "has 2 open card pages"),
        (_page_of_another_order, "cs_2", "names another order"),
    ],
)
def test_what_the_books_say_otherwise_is_reported(
    shop_rows: Session, books: Books, differ: Callable[[Books], None], row_id: str, words: str
) -> None:
    differ(books)

    findings = compare_books(shop_rows, books)

    assert any(finding.id == row_id and words in finding.sentence for finding in findings), findings
    assert {finding.invariant for finding in findings} == {"books"}


def test_money_of_a_released_payment_that_was_taken_is_reported(session: Session) -> None:
    with transaction(session):
        customer = make.customer(session)
        bundle = make.bundle(session)
        order = make.order(
            session, of=customer, by=make.contact(session, of=customer), bundle=bundle, number="S-1"
        )
        _payment(
            session, order.id, PaymentState.RELEASED, session_id="cs_1", intent_id="pi_1", settled_at=NOW
        )

    taken = compare_books(session, {"intents": [INTENT], "sessions": [PAGE]})
    refunded = compare_books(session, {"intents": [{**INTENT, "refunded": 2_975}], "sessions": [PAGE]})

    assert sorted(finding.id for finding in taken) == ["1", "pi_1"]
    assert refunded == []


def test_the_past_orders_of_the_demo_are_in_no_books(session: Session) -> None:
    with transaction(session):
        customer = make.customer(session)
        bundle = make.bundle(session)
        order = make.order(session, of=customer, by=make.contact(session, of=customer), bundle=bundle)
        _payment(session, order.id, PaymentState.CAPTURED, session_id="demo_cs_1", intent_id="demo_pi_1")

    assert compare_books(session, {"intents": [], "sessions": []}) == []


@pytest.mark.parametrize(
    ("state", "booked", "is_right"),
    [
        (RefundState.DONE, 1_000, True),
        (RefundState.DONE, 0, False),
        (RefundState.ASKED, 0, True),
        (RefundState.ASKED, 1_000, True),
        (RefundState.ASKED, 1_001, False),
        (RefundState.FAILED, 1_000, False),
    ],
)
def test_what_went_back_is_in_the_books_and_what_is_on_its_way_may_be(
    shop_rows: Session, books: Books, state: RefundState, booked: int, is_right: bool
) -> None:
    payment = shop_rows.exec(select(Payment).where(col(Payment.intent_id) == "pi_1")).one()
    refund = Refund(
        payment_id=payment.id, order_id=payment.order_id, amount_cents=1_000, cause="x", state=state, token="t",
        asked_by="Robin", asked_at=NOW,
    )  # fmt: skip
    shop_rows.rollback()
    make.saved(shop_rows, refund)
    books["intents"][0]["refunded"] = booked

    assert (compare_books(shop_rows, books) == []) is is_right
