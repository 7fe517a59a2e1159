"""A card is kept only with consent, once per company, and nothing more than names it is stored."""

from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session, select

from app.core.db import Database
from app.core.errors import Refused
from app.flows.keep_card import remove_card, warn_of_expiry
from app.flows.receive_stripe_event import receive_stripe_event
from app.mail.models import Mail
from app.payments.rules.facts import EventFacts
from app.payments.rules.saved_cards import CONSENT, CONSENT_VERSION, CardEnd
from tests.flows.till import Till, open_till
from tests.flows.wallet import begin, cards, consents, pay_and_keep, refill, work


@pytest.fixture
def till(session: Session, database: Database, now: datetime) -> Till:
    return open_till(session, database, now=now)


def test_without_the_box_nothing_is_asked_of_stripe_and_nothing_is_kept(till: Till) -> None:
    _, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    till.settle(session_id=session_id)
    work(till)

    assert not till.stripe.wishes[session_id].keeps_card
    assert (cards(till), consents(till), till.stripe.methods) == ([], [], {})


def test_with_the_box_the_card_is_kept_after_the_capture_with_the_words_that_were_agreed_to(
    till: Till,
) -> None:
    number = pay_and_keep(till)

    (card,), (consent,) = cards(till), consents(till)
    assert (card.brand, card.last4, card.expires_month, card.expires_year) == ("visa", "4242", 12, 2030)
    assert (consent.version, consent.text, consent.given_at) == (CONSENT_VERSION, CONSENT, till.now)
    assert (consent.contact_id, consent.order_id) == (till.contact.id, till.order(number).id)
    assert card.consent_id == consent.id
    assert till.stripe.detached == []


def test_a_card_whose_money_was_given_back_is_not_kept(till: Till) -> None:
    placed = till.place(keeps_card=True)
    session_id = till.session_at(till.start(placed.number))
    till.stripe.pay(session_id)
    till.turn_into_a()
    till.settle(session_id=session_id)
    work(till)

    assert cards(till) == []
    assert till.stripe.detached == list(till.stripe.methods)


def test_a_newer_card_takes_the_place_of_the_older_one(till: Till) -> None:
    pay_and_keep(till, key="keep-1")
    pay_and_keep(till, key="keep-2")

    older, newer = cards(till)
    assert (older.end_reason, newer.end_reason) == (CardEnd.REPLACED, None)
    assert till.stripe.detached == [older.payment_method_id]
    assert [one.ended_at is None for one in consents(till)] == [False, True]


def test_who_removes_the_card_ends_every_consent_and_stripe_lets_it_go(session: Session, till: Till) -> None:
    pay_and_keep(till)
    refill(till)
    placed = till.place(key="under-way", keeps_card=True)
    session_id = till.session_at(till.start(placed.number))
    company = {"customer_id": till.customer.id or 0, "contact_id": till.contact.id or 0}

    assert remove_card(session, now=till.now, **company)
    assert not remove_card(session, now=till.now, **company)
    till.stripe.pay(session_id)
    till.settle(session_id=session_id)
    work(till)

    assert [(one.end_reason, one.ended_by) for one in cards(till)] == [(CardEnd.REMOVED, till.contact.name)]
    assert all(one.ended_at for one in consents(till))
    assert sorted(till.stripe.detached) == sorted(till.stripe.methods)
    refill(till)
    number = till.place(key="later").number
    with pytest.raises(Refused) as refused:
        begin(till, number)
    assert refused.value.code == "card.none"


@pytest.mark.parametrize("how", ["detached", "automatically_updated"])
def test_what_stripe_tells_of_a_kept_card_is_followed(session: Session, till: Till, how: str) -> None:
    pay_and_keep(till)
    method_id = cards(till)[0].payment_method_id
    if how == "detached":
        till.stripe.let_go(method_id)
    else:
        till.stripe.renew(method_id, last4="4444", expires_year=2034)

    for number in range(2):
        event = EventFacts(f"evt_{number}", f"payment_method.{how}", method_id)
        receive_stripe_event(session, event, now=till.now)
    receive_stripe_event(session, EventFacts("evt_9", f"payment_method.{how}", "pm_foreign"), now=till.now)
    work(till)

    (card,) = cards(till)
    if how == "detached":
        assert (card.end_reason, card.ended_by) == (CardEnd.DETACHED, "schlicht")
    else:
        assert (card.last4, card.expires_year, card.end_reason) == ("4444", 2034, None)


def test_a_card_that_expires_soon_is_told_once_a_month_and_an_expired_one_is_not_charged(
    session: Session, till: Till
) -> None:
    pay_and_keep(till)
    told = [
        warn_of_expiry(session, today=day, now=till.now)
        for day in (date(2030, 11, 30), date(2030, 12, 1), date(2030, 12, 31), date(2031, 1, 1))
    ]

    assert told == [0, 1, 1, 0]
    session.rollback()
    mails = session.exec(select(Mail).where(Mail.kind == "card_expires")).all()
    assert [(one.to_address, one.values["expires"]) for one in mails] == [(till.contact.email, "12/2030")]
    late = till.at(datetime.combine(date(2031, 1, 1), till.now.timetz()))
    refill(late)
    number = late.place(key="late").number
    with pytest.raises(Refused) as refused:
        begin(late, number)
    assert refused.value.code == "card.none"
    assert late.now - till.now > timedelta(days=1)
