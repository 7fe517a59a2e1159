"""Bots that try stolen cards: stopped by limits and by the breaker, while old customers pay without noticing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, select

from app.audit.models import AuditEntry
from app.core.db import Database
from app.core.errors import Invalid, Refused
from app.core.transaction import transaction
from app.flows.change_policy import change_policy
from app.flows.place_order import place_order
from app.flows.watch_card_testing import let_first_payments_go, open_waiting_pages, watch_declines
from app.ordering.rules.states import OrderState
from app.payments.models_cards import CardBreaker, CardDecline, CardWait
from app.payments.rules.card_limits import MOST_DECLINES_WHILE_CAREFUL, Trip
from app.payments.rules.facts import SessionStatus
from app.payments.rules.states import PaymentState
from app.payments.stripe_gateway import StripeUnavailable
from app.policy.rules.policy import Policy
from tests import make
from tests.flows.holding import STAFF
from tests.flows.till import ADDRESS, CALENDAR, Till, open_till

POLICY = Policy()


@pytest.fixture
def till(session: Session, database: Database, now: datetime) -> Till:
    return open_till(session, database, now=now)


def new_company(session: Session, till: Till) -> Till:
    """A fresh company with an unpaid service order's worth of trouble, at the same Stripe."""
    with transaction(session):
        customer = make.customer(session)
        contact = make.contact(session, of=customer)
        session.expunge_all()
    return Till(till.database, till.now, customer, contact, till.stripe)


def order_of(session: Session, till: Till) -> str:
    with transaction(session):
        order = make.order(session, of=till.customer, by=till.contact, bundle=None, placed_at=till.now)
        number = order.number
        session.expunge_all()
    return number


def work(till: Till) -> None:
    """What the worker does about declines: looks at them all."""
    with till.database.session() as session:
        for args in till.jobs("watch_declines"):
            watch_declines(session, till.stripe, now=till.now, **args)  # type: ignore[arg-type]


def try_cards(session: Session, till: Till, *, count: int) -> int:
    """A bot that tries cards on page after page; how many tries came through before it got no page any more."""
    tried_count = 0
    while tried_count < count:
        try:
            session_id = till.session_at(till.start(order_of(session, till)))
        except Refused:
            return tried_count
        while tried_count < count and till.stripe.sessions[session_id].status is SessionStatus.OPEN:
            till.stripe.decline(session_id, at=till.now)
            tried_count += 1
            till.settle(session_id=session_id)
            work(till)
        till.settle(session_id=session_id)
    return tried_count


def rows(till: Till, model: Any) -> list[Any]:
    with till.database.read_session() as session:
        return list(session.exec(select(model).order_by(model.id)))


def test_a_bot_with_200_cards_from_one_company_tries_as_many_as_an_hour_allows(
    session: Session, till: Till
) -> None:
    bot, other = new_company(session, till), new_company(session, till)

    tried_count = try_cards(session, bot, count=200)

    assert tried_count == POLICY.card_declines_per_hour == len(rows(till, CardDecline))
    with pytest.raises(Refused) as refused:
        bot.start(order_of(session, bot))
    assert refused.value.code == "payment.too_many_declines"
    assert refused.value.values["retry_after_seconds"] == 3_600
    assert rows(till, CardBreaker) == [], "one company alone makes nobody else wait"
    assert other.start(order_of(session, other))


def test_a_bot_with_200_cards_from_fresh_companies_trips_the_breaker_and_old_customers_pay_on(
    session: Session, till: Till
) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    till.settle(session_id=session_id)

    tried_count = sum(try_cards(session, new_company(session, till), count=4) for _ in range(50))

    (breaker,) = rows(till, CardBreaker)
    assert (breaker.trip, breaker.declined_count) == (Trip.RATE, POLICY.card_breaker_declines)
    assert tried_count < POLICY.card_breaker_declines + POLICY.card_declines_per_hour
    again = order_of(session, till)
    session_id = till.session_at(till.start(again))
    till.stripe.decline(session_id, at=till.now)
    till.settle(session_id=session_id)
    work(till)
    assert till.stripe.sessions[session_id].status is SessionStatus.OPEN
    till.stripe.pay(session_id)
    assert till.order(placed.number).state is OrderState.ACCEPTED
    assert till.stripe.sessions[session_id].intent is not None


@pytest.fixture
def careful(session: Session, till: Till) -> CardBreaker:
    """The breaker is tripped."""
    return make.saved(
        session, CardBreaker(trip=Trip.RATE, declined_count=10, reserved_count=1, tripped_at=till.now)
    )


def test_a_first_payment_waits_a_stated_time_once_and_gets_a_mail_when_it_is_over(
    session: Session, till: Till, careful: CardBreaker
) -> None:
    new = new_company(session, till)
    number, other = order_of(session, new), order_of(session, new)

    for one in (number, number):
        with pytest.raises(Refused) as refused:
            new.start(one)
        assert (refused.value.code, refused.value.values["minutes"]) == ("payment.first_payment_waits", 60)
    later = new.at(new.now + timedelta(minutes=59))
    with pytest.raises(Refused) as refused:
        later.start(other)
    assert refused.value.values["minutes"] == 1
    assert open_waiting_pages(session, now=later.now) == 0
    open_ = new.at(new.now + timedelta(minutes=60))

    assert open_waiting_pages(session, now=open_.now) == 2
    assert open_waiting_pages(session, now=open_.now) == 0
    assert till.mails() == ["card_page_open", "card_page_open"]
    assert open_.start(number)
    assert [one.told_at for one in rows(till, CardWait)] == [open_.now] * 2


def test_a_company_whose_wait_is_over_has_two_declines_and_then_no_page_for_a_day(
    session: Session, till: Till, careful: CardBreaker
) -> None:
    new = new_company(session, till)
    with pytest.raises(Refused):
        new.start(order_of(session, new))

    tried_count = try_cards(session, new.at(new.now + timedelta(minutes=60)), count=50)

    assert tried_count == MOST_DECLINES_WHILE_CAREFUL
    late = new.at(new.now + timedelta(hours=24))
    number = order_of(session, late)
    with pytest.raises(Refused) as refused:
        late.start(number)
    assert refused.value.code == "payment.too_many_declines"


def test_the_breaker_clears_by_itself_and_then_everybody_pays(
    session: Session, till: Till, careful: CardBreaker
) -> None:
    new = new_company(session, till)
    number = order_of(session, new)
    waits = new.at(new.now + timedelta(minutes=50))
    with pytest.raises(Refused):
        waits.start(number)

    assert open_waiting_pages(session, now=till.now + timedelta(minutes=59)) == 0
    assert open_waiting_pages(session, now=till.now + timedelta(minutes=60)) == 1

    (breaker,) = rows(till, CardBreaker)
    assert (breaker.is_tripped, breaker.cleared_by) == (False, "schlicht")
    assert new.at(till.now + timedelta(minutes=60)).start(number)


def test_a_person_lets_first_payments_go_with_a_reason_and_both_are_logged(
    session: Session, till: Till, careful: CardBreaker
) -> None:
    new = new_company(session, till)
    number = order_of(session, new)
    with pytest.raises(Refused):
        new.start(number)

    with pytest.raises(Invalid):
        let_first_payments_go(session, reason=" ", actor=STAFF, now=till.now)
    assert rows(till, CardBreaker)[0].is_tripped
    assert let_first_payments_go(session, reason="it was our own test", actor=STAFF, now=till.now)
    assert not let_first_payments_go(session, reason="again", actor=STAFF, now=till.now)

    assert till.mails() == ["card_page_open"]
    assert new.start(number)
    entries = [(one.action, one.actor_name, one.reason) for one in rows(till, AuditEntry)]
    assert ("card_breaker.cleared", STAFF.name, "it was our own test") in entries


def test_declines_are_counted_once_however_often_and_late_they_are_told(session: Session, till: Till) -> None:
    new = new_company(session, till)
    session_id = new.session_at(new.start(order_of(session, new)))
    for _ in range(3):
        new.stripe.decline(session_id, at=new.now)
    for _ in range(3):
        new.settle(session_id=session_id)
        work(new)

    assert len(rows(till, CardDecline)) == 3
    assert len(new.jobs("watch_declines")) == 1


def test_a_page_that_could_not_be_closed_is_closed_at_the_next_try(session: Session, till: Till) -> None:
    new = new_company(session, till)
    session_id = new.session_at(new.start(order_of(session, new)))
    for _ in range(POLICY.card_declines_per_hour):
        new.stripe.decline(session_id, at=new.now)
    new.settle(session_id=session_id)
    new.stripe.fail_next("expire_session")

    with pytest.raises(StripeUnavailable):
        work(new)
    work(new)

    assert new.stripe.sessions[session_id].status is SessionStatus.EXPIRED
    new.settle(session_id=session_id)
    assert [one.state for one in new.payments()] == [PaymentState.EXPIRED]


def test_pages_of_one_company_are_counted_over_its_orders_and_an_open_one_is_used_again(
    session: Session, till: Till
) -> None:
    new = new_company(session, till)
    with transaction(session):
        session.expunge_all()
    change_policy(
        session,
        Policy(card_pages_per_hour=3, card_pages_per_day=3),
        based_on=0,
        reason="test",
        actor=STAFF,
        now=till.now,
    )
    numbers = [order_of(session, new) for _ in range(4)]

    for number in numbers[:3]:
        assert new.start(number) == new.start(number)
    with pytest.raises(Refused) as refused:
        new.start(numbers[3])

    assert refused.value.code == "payment.too_many_pages"
    assert len(new.payments()) == 3


def test_an_order_more_than_the_hour_allows_is_not_placed(session: Session, till: Till) -> None:
    change_policy(
        session, Policy(unpaid_orders_per_hour=3), based_on=0, reason="test", actor=STAFF, now=till.now
    )
    for number in range(3):
        till.place(key=f"key-{number}")

    with pytest.raises(Refused) as refused:
        till.place(key="key-3")

    assert (refused.value.code, refused.value.values["minutes"]) == ("throttled", 60)
    assert till.place(key="key-2").is_new is False
    assert till.at(till.now + timedelta(hours=1)).place(key="key-3").is_new


def test_an_order_begins_its_payment_at_once_only_where_nothing_must_be_looked_at_before(
    session: Session, till: Till
) -> None:
    def begins(key: str) -> bool:
        with till.database.session() as other:
            checkout = {"customer_id": till.customer.id or 0, "contact_id": till.contact.id or 0}
            placed = place_order(
                other,
                checkout_key=key,
                shown=till.shown(),
                address=ADDRESS,
                purchase_reference="",
                language="en",
                calendar=CALENDAR,
                now=till.now,
                is_paying=True,
                **checkout,
            )
        return placed.attempt is not None

    first, second = begins("key-1"), begins("key-2")
    session_id = till.session_at(till.start(till.place(key="key-2").number))
    till.stripe.decline(session_id, at=till.now)
    till.settle(session_id=session_id)
    work(till)

    assert (first, second, begins("key-3")) == (False, True, False)


def test_a_usual_payment_asks_one_query_about_tries_and_none_of_the_policy(
    session: Session, till: Till
) -> None:
    new = new_company(session, till)
    number = order_of(session, new)
    asked: list[str] = []

    def listen(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    event.listen(till.database.writing, "before_cursor_execute", listen)
    try:
        new.start(number)
    finally:
        event.remove(till.database.writing, "before_cursor_execute", listen)

    assert len([one for one in asked if "card_declines" in one]) == 1
    assert [one for one in asked if "policy_versions" in one or "card_waits" in one] == []
