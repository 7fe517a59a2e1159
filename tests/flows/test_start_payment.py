"""Starting a payment: one open card page per order, whatever breaks in between."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session

from app.core.db import Database
from app.core.errors import NotFound, Refused
from app.flows.cancel_order import cancel_order
from app.ordering.rules.states import OrderState
from app.payments.rules.facts import SessionStatus
from app.payments.rules.states import PaymentState
from app.payments.stripe_gateway import StripeUnavailable
from tests import make
from tests.flows.till import Till, open_till


@pytest.fixture
def till(session: Session, database: Database, now: datetime) -> Till:
    return open_till(session, database, now=now)


def test_a_card_page_asks_for_the_orders_gross_amount_in_its_lines(session: Session, till: Till) -> None:
    placed = till.place()

    url = till.start(placed.number)

    wish = till.stripe.wishes[till.session_at(url)]
    assert [item.gross_cents for item in wish.items] == [8_736, 2_329]
    assert sum(item.gross_cents for item in wish.items) == till.order(placed.number).gross_cents
    assert (wish.order_number, wish.attempt) == (placed.number, str(till.payments()[0].id))
    assert wish.expires_at == till.now + timedelta(hours=23, minutes=59)


def test_starting_twice_leads_to_the_same_page(till: Till) -> None:
    placed = till.place()

    assert till.start(placed.number) == till.start(placed.number)
    assert len(till.payments()) == len(till.stripe.sessions) == 1


@pytest.mark.parametrize("verb", ["make_customer", "create_session"])
@pytest.mark.parametrize("is_after_work", [False, True])
def test_an_answer_that_was_lost_goes_on_with_the_same_attempt(
    till: Till, verb: str, is_after_work: bool
) -> None:
    placed = till.place()
    till.stripe.fail_next(verb, is_after_work=is_after_work)

    with pytest.raises(StripeUnavailable):
        till.start(placed.number)
    till.start(placed.number)

    assert [payment.state for payment in till.payments()] == [PaymentState.OPEN]
    assert (len(till.stripe.sessions), len(till.stripe.payers)) == (1, 1)


def test_a_stored_failure_that_made_the_page_is_found_by_its_metadata(till: Till) -> None:
    placed = till.place()
    till.stripe.fail_next("create_session", is_after_work=True, is_stored=True)
    with pytest.raises(StripeUnavailable):
        till.start(placed.number)

    till.start(placed.number)

    assert len(till.stripe.sessions) == 1
    assert [payment.state for payment in till.payments()] == [PaymentState.OPEN]


def test_a_stored_failure_that_made_nothing_gets_a_new_attempt(till: Till) -> None:
    placed = till.place()
    till.stripe.fail_next("create_session", is_stored=True)
    with pytest.raises(StripeUnavailable):
        till.start(placed.number)

    till.start(placed.number)

    assert [payment.state for payment in till.payments()] == [PaymentState.EXPIRED, PaymentState.OPEN]
    assert len(till.stripe.sessions) == 1


def test_an_expired_page_gets_a_new_attempt(till: Till) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.expire(session_id)

    again = till.session_at(till.start(placed.number))

    assert again != session_id
    assert [payment.state for payment in till.payments()] == [PaymentState.EXPIRED, PaymentState.OPEN]


def test_a_page_that_was_just_paid_leads_to_the_return_page(till: Till) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)

    assert till.start(placed.number) == f"https://shop.example/checkout/return?session_id={session_id}"


def test_the_company_is_made_known_to_stripe_once(till: Till) -> None:
    first = till.place()
    till.start(first.number)
    second = till.place(key="key-2")
    till.start(second.number)

    assert len(till.stripe.payers) == 1


def test_another_companys_order_cannot_be_paid(session: Session, till: Till) -> None:
    placed = till.place()
    other = make.customer(session)
    stranger = make.contact(session, of=other)

    with pytest.raises(NotFound):
        till.start(placed.number, customer_id=other.id, contact_id=stranger.id)

    assert till.payments() == []


def test_a_cancelled_order_cannot_be_paid(session: Session, till: Till) -> None:
    placed = till.place()
    customer_id = till.customer.id or 0
    cancel_order(session, order_number=placed.number, customer_id=customer_id, actor_name="Kim", now=till.now)

    with pytest.raises(Refused) as raised:
        till.start(placed.number)

    assert raised.value.code == "order.not_payable"


def test_an_order_is_not_payable_from_its_deadline_on(till: Till) -> None:
    placed = till.place()

    with pytest.raises(Refused):
        till.at(till.now + timedelta(hours=24)).start(placed.number)
    assert till.at(till.now + timedelta(hours=24, seconds=-1)).start(placed.number)


def test_an_order_cancelled_while_stripe_was_asked_gets_its_page_closed(session: Session, till: Till) -> None:
    placed = till.place()

    def give_up() -> None:
        with till.database.session() as other:
            cancel_order(
                other,
                order_number=placed.number,
                customer_id=till.customer.id or 0,
                actor_name="Kim",
                now=till.now,
            )

    till.stripe.before["create_session"] = give_up
    with pytest.raises(Refused):
        till.start(placed.number)

    for args in till.jobs():
        till.settle(**args)
    assert [one.status for one in till.stripe.sessions.values()] == [SessionStatus.EXPIRED]
    assert till.order(placed.number).state is OrderState.CANCELLED
    assert [payment.state for payment in till.payments()] == [PaymentState.EXPIRED]


def test_a_company_that_is_no_longer_admitted_gets_no_card_page(till: Till) -> None:
    placed = till.place()
    till.turn_into_a()

    with pytest.raises(Refused) as refused:
        till.start(placed.number)

    assert refused.value.code == "order.not_admitted"
    assert (till.stripe.sessions, till.payments()) == ({}, [])
    assert till.order(placed.number).state is OrderState.RECEIVED
