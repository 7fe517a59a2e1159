"""A card is kept, used, charged and removed as customers and staff do it."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.customers.models import Contact, Customer
from app.ordering.models import Order
from app.payments.models import Payer, Payment
from app.payments.models_cards import CardConsent, SavedCard
from app.payments.rules.saved_cards import CardEnd
from app.payments.rules.states import PaymentState, PaymentWay
from app.shop import Shop
from app.staff.rules.roles import Role
from tests import make, make_services
from tests.fakes import FakeStripe
from tests.faults.conftest import form_values
from tests.web.conftest import Browser


@pytest.fixture
def stripe(shop: Shop) -> FakeStripe:
    made = FakeStripe()
    shop.stripe = made  # type: ignore[assignment]
    return made


@pytest.fixture
def company(session: Session) -> Customer:
    make.terms(session)
    return make.customer(session)


@pytest.fixture
def person(session: Session, company: Customer) -> Contact:
    return make.contact(session, of=company)


@pytest.fixture
def card(session: Session, stripe: FakeStripe, company: Customer, person: Contact) -> SavedCard:
    """The company keeps a card: Visa, 4242, with a consent."""
    return keep(session, stripe, company, person)


def keep(session: Session, stripe: FakeStripe, company: Customer, person: Contact) -> SavedCard:
    order = make.order(session, of=company, by=person, bundle=None)
    method = stripe.keep(f"cus_{company.id}")
    make.saved(
        session,
        Payer(customer_id=company.id or 0, stripe_customer_id=f"cus_{company.id}", created_at=make.NOW),
    )
    consent = CardConsent(
        customer_id=company.id or 0, contact_id=person.id or 0, order_id=order.id or 0, version="2026-11",
        language="en", text="We keep it.", given_at=make.NOW,
    )  # fmt: skip
    make.saved(session, consent)
    return make.saved(
        session,
        SavedCard(
            customer_id=company.id or 0, consent_id=consent.id or 0, payment_method_id=method.id, brand="visa",
            last4="4242", expires_month=12, expires_year=2099, saved_at=make.NOW, changed_at=make.NOW,
        ),
    )  # fmt: skip


def fees(session: Session) -> list[Payment]:
    session.rollback()
    return list(session.exec(select(Payment).where(col(Payment.way) == PaymentWay.OFF_SESSION)))


def ticked(html: str, action: str, **more: Any) -> dict[str, str]:
    return {**form_values(html, action=action), "accept_terms": "1", "is_business": "1", **more}


def test_the_box_at_the_checkout_is_not_ticked_and_only_then_is_nothing_agreed(
    session: Session, stripe: FakeStripe, company: Customer, person: Contact, browser: Callable[..., Browser]
) -> None:
    make.cart_line(session, of=company, bundle=make.bundle(session), quantity=3)
    visitor = browser(person)
    page = visitor.get("/checkout").text

    assert 'name="keeps_card" type="checkbox" value="1" aria-describedby' in page
    assert "Each charge is told by e-mail with its amount" in page
    visitor.post("/checkout", data=ticked(page, "/checkout"))
    session.rollback()
    assert session.exec(select(CardConsent)).all() == []
    visitor.post("/checkout", data=ticked(visitor.get("/checkout").text, "/checkout", keeps_card="1"))

    session.rollback()
    (consent,) = session.exec(select(CardConsent)).all()
    assert "Each charge is told by e-mail with its amount" in consent.text
    assert [wish.keeps_card for wish in stripe.wishes.values()] == [False, True]


def test_one_button_says_the_amount_and_charges_the_kept_card_at_once(
    session: Session, stripe: FakeStripe, card: SavedCard, person: Contact, browser: Callable[..., Browser]
) -> None:
    service = make_services.service(session)
    action = f"/services/{service.id}"
    visitor = browser(person)
    page = visitor.get(action).text
    gross_cents = str(service.price_cents * 119 // 100)

    assert "by card ••4242" in page
    assert f'name="kept_card_cents" value="{gross_cents}"' in page
    assert "keeps_card" not in page
    asked = ticked(page, action, quantity="1", kept_card_cents=gross_cents)
    first = visitor.post(action, data=asked)
    again = visitor.post(action, data=asked)

    assert first.headers["location"].endswith("?notice=back")
    assert again.status_code == 303
    assert [(one.state, one.amount_cents) for one in fees(session)] == [
        (PaymentState.CAPTURED, int(gross_cents))
    ]
    assert len(stripe.fee_wishes) == 1


def test_a_button_that_names_another_amount_orders_nothing_and_says_what_is_true(
    session: Session, stripe: FakeStripe, card: SavedCard, person: Contact, browser: Callable[..., Browser]
) -> None:
    service = make_services.service(session)
    action = f"/services/{service.id}"
    visitor = browser(person)
    one, two = (service.price_cents * count * 119 // 100 for count in (1, 2))

    asked = ticked(visitor.get(action).text, action, quantity="2", kept_card_cents=str(one))
    answer = visitor.post(action, data=asked)

    assert answer.status_code == 409
    assert f'name="kept_card_cents" value="{two}"' in answer.text
    assert (fees(session), stripe.fee_wishes) == ([], [])


def test_a_refused_card_leads_to_the_order_that_can_still_be_paid(
    session: Session, stripe: FakeStripe, card: SavedCard, person: Contact, browser: Callable[..., Browser]
) -> None:
    stripe.refusing[card.payment_method_id] = "authentication_required"
    service = make_services.service(session)
    action = f"/services/{service.id}"
    visitor = browser(person)
    cents = str(service.price_cents * 119 // 100)

    answer = visitor.post(
        action, data=ticked(visitor.get(action).text, action, quantity="1", kept_card_cents=cents)
    )
    page = visitor.get(answer.headers["location"]).text

    assert "Your kept card was not charged." in page
    assert "Pay by card" in page


def test_the_account_shows_the_card_and_removes_it_and_no_other_companys(
    session: Session, stripe: FakeStripe, card: SavedCard, person: Contact, browser: Callable[..., Browser]
) -> None:
    other = make.customer(session)
    stranger = browser(make.contact(session, of=other))
    visitor = browser(person)

    assert "Visa •••• 4242" in visitor.get("/account").text
    assert "4242" not in stranger.get("/account").text
    stranger.submit("/account/card/remove")
    session.rollback()
    assert session.exec(select(SavedCard)).one().ended_at is None
    visitor.submit("/account/card/remove")

    session.rollback()
    assert session.exec(select(SavedCard)).one().end_reason is CardEnd.REMOVED
    assert "No card is kept." in visitor.get("/account?saved=card").text


def test_finance_charges_a_fee_twice_pressed_once_and_others_do_not(
    session: Session, stripe: FakeStripe, card: SavedCard, company: Customer, browser: Callable[..., Browser]
) -> None:
    path = f"/admin/customers/{company.number}/fee"
    finance = browser(make.staff_member(session, role=Role.FINANCE))
    desk = browser(make.staff_member(session, role=Role.OPERATIONS))
    service_id = str(make_services.service(session).id)
    page = finance.get(path).text
    asked = {**form_values(page, action=path), "service_id": service_id, "reason": "15 minutes on the phone"}

    assert "Charging a card needs the right to payments." in desk.get(path).text
    assert desk.submit(path, asked).status_code == 403
    assert finance.post(path, data={**asked, "reason": ""}).status_code == 422
    assert fees(session) == []
    answers = [finance.post(path, data=asked) for _ in range(2)]

    session.rollback()
    number = session.exec(select(Order.number).order_by(col(Order.id).desc())).first()
    assert [one.headers["location"] for one in answers] == [f"/admin/orders/{number}?done=fee_charged"] * 2
    assert len(fees(session)) == 1


def test_without_a_card_there_is_nothing_to_charge(
    session: Session, company: Customer, browser: Callable[..., Browser]
) -> None:
    path = f"/admin/customers/{company.number}/fee"
    finance = browser(make.staff_member(session, role=Role.FINANCE))

    assert "No card is kept" in finance.get(path).text
    asked = {"service_id": str(make_services.service(session).id), "quantity": "1", "reason": "x"}
    assert finance.submit(path, asked).status_code == 409
    assert fees(session) == []
