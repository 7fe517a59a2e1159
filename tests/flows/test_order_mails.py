"""The mails of an order as people read them, rendered from the rows that the flows wrote."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from app.core.db import Database
from app.core.rendering import make_environments
from app.core.transaction import transaction
from app.flows.cancel_order import cancel_order
from app.flows.sweep_payments import sweep_payments
from app.mail.models import Mail
from app.mail.rendering import Text, render
from app.payments.models import Payment
from app.payments.rules.states import PaymentState
from app.settings import Settings
from tests.flows.till import Till, open_till


@pytest.fixture
def till(session: Session, database: Database, now: datetime) -> Till:
    return open_till(session, database, now=now)


def read(till: Till, settings: Settings, kind: str, *, language: str = "en") -> Text:
    """The newest mail of a kind, in a language."""
    with till.database.read_session() as session:
        query = select(Mail).where(col(Mail.kind) == kind).order_by(col(Mail.id).desc()).limit(1)
        mail = session.exec(query).one()
    return render(mail, make_environments(timezone="Europe/Berlin")[language], settings=settings)


def test_the_receipt_says_that_it_is_no_acceptance_and_repeats_the_order(
    till: Till, settings: Settings
) -> None:
    placed = till.place(purchase_reference="PO 4711")

    text = read(till, settings, "order_received")

    assert text.subject == f"Order {placed.number} received"
    for words in (
        "This is a receipt only, not yet an acceptance",
        "€75.00",
        "VAT 19",
        "Total with VAT: €110.65",
        "PO 4711",
        "Gartenweg 3",
        "Thursday, 12 March 2026",
        "version 2026-01",
        f"http://testserver/orders/{placed.number}",
        "Kessler Industriebedarf",
    ):
        assert words in text.body, words


def test_the_acceptance_says_what_was_charged_and_when_it_comes(till: Till, settings: Settings) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    till.settle(session_id=session_id)

    text = read(till, settings, "order_accepted")

    assert text.subject == f"Order {placed.number} accepted"
    assert "Your card was charged €110.65." in text.body
    assert "With you by Thursday, 12 March 2026." in text.body
    assert "later than shown" not in text.body


def test_a_released_payment_is_told_neutrally(till: Till, settings: Settings) -> None:
    _, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    till.turn_into_a()
    till.settle(session_id=session_id)

    text = read(till, settings, "authorisation_released")

    assert "your card is not charged for it" in text.body
    for telling in ("admit", "main brand", "segment", "A-customer", "not_admitted"):
        assert telling not in text.subject + text.body.split("-- \n")[0]


def test_a_company_that_is_shut_out_reads_all_in_the_mail_and_is_promised_no_page(
    till: Till, settings: Settings
) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    till.turn_into_a()
    till.settle(session_id=session_id)

    text = read(till, settings, "authorisation_released")

    assert placed.number in text.body
    assert "The order is cancelled with this" in text.body
    assert "Total with VAT: €110.65" in text.body
    assert "http://testserver" not in text.body


def test_an_order_that_can_still_be_paid_after_a_release_says_where(till: Till, settings: Settings) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    till.settle(session_id=session_id)
    with till.database.read_session() as session:
        mail = session.exec(select(Mail).where(col(Mail.kind) == "order_accepted")).one()
    values = {**mail.values, "amount_cents": 11_065, "is_cancelled": False, "is_payable": True}
    shown = Mail.model_construct(**{**mail.model_dump(), "kind": "authorisation_released", "values": values})

    body = render(shown, make_environments(timezone="Europe/Berlin")["en"], settings=settings).body

    assert f"http://testserver/orders/{placed.number}" in body
    assert "cancelled" not in body


def test_an_order_that_takes_anothers_place_names_it(till: Till, settings: Settings) -> None:
    first = till.place(key="key-1")
    assert "takes the place" not in read(till, settings, "order_received").body

    till.place(key="key-2")

    body = read(till, settings, "order_received").body
    assert f"your unpaid order {first.number}, which is cancelled; nothing was charged" in body


def test_a_decline_invites_to_another_card(till: Till, settings: Settings) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.decline(session_id)
    till.settle(session_id=session_id)

    text = read(till, settings, "payment_failed")

    assert text.subject == f"Order {placed.number}: the card was declined"
    assert "Nothing was charged, and the order is kept." in text.body
    assert "another card until 03/03/2026, 10:00:" in text.body


def test_a_second_payment_that_is_released_says_that_the_order_stands(
    session: Session, till: Till, settings: Settings
) -> None:
    placed, first = till.placed_and_open()
    with transaction(session):
        session.exec(select(Payment)).one().state = PaymentState.EXPIRED
    second = till.session_at(till.start(placed.number))
    for session_id in (second, first):
        till.stripe.pay(session_id)
        till.settle(session_id=session_id)

    body = read(till, settings, "authorisation_released").body

    assert f"stays as it is. You need do nothing:\nhttp://testserver/orders/{placed.number}" in body
    assert "cancelled" not in body


def test_a_payment_for_an_order_that_had_ended_says_so(
    session: Session, till: Till, settings: Settings
) -> None:
    placed, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    customer_id = till.customer.id or 0
    cancel_order(session, order_number=placed.number, customer_id=customer_id, actor_name="Kim", now=till.now)
    for args in till.jobs():
        till.settle(**args)

    body = read(till, settings, "authorisation_released").body

    assert "The order had ended before. Nothing of it is delivered." in body


def test_an_unpaid_order_is_cancelled_in_words(session: Session, till: Till, settings: Settings) -> None:
    till.place()
    sweep_payments(session, now=till.now + timedelta(hours=25))

    assert "was not paid within 24 hours" in read(till, settings, "order_cancelled").body


@pytest.mark.parametrize("language", ["de", "en"])
def test_each_mail_of_an_order_renders_in_each_language(
    till: Till, settings: Settings, language: str
) -> None:
    _, session_id = till.placed_and_open()
    till.stripe.decline(session_id)
    till.settle(session_id=session_id)
    till.stripe.pay(session_id)
    till.settle(session_id=session_id)

    for kind in set(till.mails()):
        text = read(till, settings, kind, language=language)
        assert text.subject
        assert "\n" not in text.subject
        assert "\n\n\n\n" not in text.body
