"""A kept card is charged once, by one button or by staff with a reason; any word against it is told by one e-mail."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.core.db import Database
from app.core.errors import Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.flows.cancel_order import cancel_order
from app.flows.keep_card import remove_card
from app.flows.sweep_payments import sweep_payments
from app.mail.models import Mail
from app.ordering.rules.states import OrderState
from app.ordering.service_freeze import freeze_sales
from app.payments.models import Payment
from app.payments.models_cards import CardDecline
from app.payments.rules.facts import IntentStatus
from app.payments.rules.states import PaymentState, PaymentWay
from app.payments.stripe_gateway import StripeUnavailable
from tests import make
from tests.flows.services import Counter
from tests.flows.till import Till, open_till
from tests.flows.wallet import begin, cards, charge, fee, pay_and_keep, phone_help, work


@pytest.fixture
def till(session: Session, database: Database, now: datetime) -> Till:
    opened = open_till(session, database, now=now)
    pay_and_keep(opened)
    return opened


@pytest.fixture
def counter(till: Till) -> Counter:
    return Counter(till)


def fees(till: Till) -> list[Payment]:
    return [one for one in till.payments() if one.way is PaymentWay.OFF_SESSION]


def mail(session: Session, kind: str) -> Mail:
    session.rollback()
    return session.exec(select(Mail).where(col(Mail.kind) == kind)).one()


def test_one_button_charges_the_kept_card_through_the_same_gate_and_capture(
    till: Till, counter: Counter
) -> None:
    number = phone_help(counter)

    state = charge(till, begin(till, number))

    (payment,) = fees(till)
    assert state is payment.state is PaymentState.CAPTURED
    assert till.order(number).state is OrderState.ACCEPTED
    (wish,) = till.stripe.fee_wishes
    assert (wish.payment_method_id, wish.amount_cents) == (
        cards(till)[0].payment_method_id,
        till.order(number).gross_cents,
    )
    assert till.mails()[-1] == "order_accepted"


def test_pressed_twice_it_charges_once(till: Till, counter: Counter) -> None:
    number = phone_help(counter)
    payment_id = begin(till, number)

    with pytest.raises(Refused) as refused:
        begin(till, number)
    with pytest.raises(Refused):
        till.start(number)
    for _ in range(2):
        charge(till, payment_id)

    assert refused.value.code == "order.just_paying"
    assert len(till.stripe.fee_wishes) == 1


@pytest.mark.parametrize("code", ["generic_decline", "authentication_required", "expired_card"])
def test_a_word_against_the_card_is_not_tried_again_but_told_once_with_a_link(
    session: Session, till: Till, counter: Counter, code: str
) -> None:
    till.stripe.refusing[cards(till)[0].payment_method_id] = code
    number = phone_help(counter)
    payment_id = begin(till, number)

    for _ in range(3):
        charge(till, payment_id)
        with till.database.session() as other:
            sweep_payments(other, now=till.now + timedelta(hours=1))
    work(till)

    assert [(one.state, one.failure_code) for one in fees(till)] == [(PaymentState.EXPIRED, code)]
    assert len(till.stripe.fee_wishes) == 1
    assert till.order(number).state is OrderState.RECEIVED
    assert mail(session, "fee_failed").values["card"] == "Visa •••• 4242"
    with pytest.raises(Refused) as refused:
        begin(till, number)
    assert (refused.value.code, len(fees(till))) == ("card.none", 1)
    session.rollback()
    assert [one.code for one in session.exec(select(CardDecline))] == [code]
    assert counter.pay(number) is PaymentState.CAPTURED


def test_a_card_that_stripe_let_go_is_not_kept_any_longer(till: Till, counter: Counter) -> None:
    till.stripe.let_go(cards(till)[0].payment_method_id)

    charge(till, begin(till, phone_help(counter)))
    work(till)

    assert [one.state for one in fees(till)] == [PaymentState.EXPIRED]
    assert cards(till)[0].ended_at is not None
    assert till.mails()[-1] == "fee_failed"


@pytest.mark.parametrize("is_after_work", [False, True])
@pytest.mark.parametrize("is_stored", [False, True])
@pytest.mark.parametrize("waits", [timedelta(), timedelta(hours=2)])
def test_an_answer_that_was_lost_charges_once(
    till: Till, counter: Counter, is_after_work: bool, is_stored: bool, waits: timedelta
) -> None:
    payment_id = begin(till, phone_help(counter))
    till.stripe.fail_next("charge_kept_card", is_after_work=is_after_work, is_stored=is_stored)
    later = till.at(till.now + waits)

    for _ in range(3):
        try:
            charge(till, payment_id)
        except StripeUnavailable:
            till = later
    state = charge(till, payment_id)

    assert state is PaymentState.CAPTURED
    assert list(till.stripe.books().values()).count(IntentStatus.CAPTURED) == 2
    assert len(till.stripe.fees) == 1


@pytest.mark.parametrize("how", ["cancelled", "removed", "kept out"])
def test_what_ended_before_stripe_was_asked_is_not_charged(
    session: Session, till: Till, counter: Counter, how: str
) -> None:
    number = phone_help(counter)
    payment_id = begin(till, number)
    company = {"customer_id": till.customer.id or 0}
    if how == "cancelled":
        cancel_order(session, order_number=number, actor_name="Kim", now=till.now, **company)
    elif how == "removed":
        remove_card(session, contact_id=till.contact.id or 0, now=till.now, **company)
    else:
        till.turn_into_a()

    charge(till, payment_id)

    assert till.stripe.fees == {}
    assert [one.state for one in fees(till)] == [PaymentState.EXPIRED]


def test_a_company_kept_out_after_the_reservation_gets_its_money_back(till: Till, counter: Counter) -> None:
    payment_id = begin(till, phone_help(counter))
    till.stripe.before["read_intent"] = till.turn_into_a

    assert charge(till, payment_id) is PaymentState.RELEASED
    assert [one.status for one in till.stripe.fees.values()] == [IntentStatus.CANCELED]


def test_a_card_that_is_removed_after_the_reservation_is_not_charged(till: Till, counter: Counter) -> None:
    def remove() -> None:
        with till.database.session() as opened:
            company = {"customer_id": till.customer.id or 0, "contact_id": till.contact.id or 0}
            remove_card(opened, now=till.now, **company)

    number = phone_help(counter)
    payment_id = begin(till, number)
    till.stripe.before["read_intent"] = remove

    assert charge(till, payment_id) is PaymentState.RELEASED

    assert [one.status for one in till.stripe.fees.values()] == [IntentStatus.CANCELED]
    assert fees(till)[0].release_reason == "card_not_kept"
    assert till.order(number).state is OrderState.RECEIVED
    assert till.mails()[-1] == "authorisation_released"


def test_a_charge_that_a_crash_left_is_found_by_the_sweep_and_goes_on(
    session: Session, till: Till, counter: Counter
) -> None:
    payment_id = begin(till, phone_help(counter))

    sweep_payments(session, now=till.now + timedelta(minutes=2))

    assert [args["payment_id"] for args in till.jobs("charge_kept_card")] == [payment_id]


def test_staff_charge_a_listed_fee_with_a_reason_and_the_company_reads_it_once(
    session: Session, till: Till, counter: Counter
) -> None:
    before = till.mails()

    number = fee(counter)
    assert fee(counter) == number
    for args in till.jobs("charge_kept_card"):
        charge(till, args["payment_id"])

    order = till.order(number)
    assert (order.state, order.gross_cents) == (
        OrderState.DISPATCHED,
        counter.service("phone-help").price_cents * 119 // 100,
    )
    assert till.mails() == [*before, "fee_charged"]
    told = mail(session, "fee_charged").values
    assert (told["reason"], told["card"], told["gross_cents"]) == (
        "Help with a seal on 24 November",
        "Visa •••• 4242",
        order.gross_cents,
    )
    assert counter.kept(number).done_by == "Fina Nanz"
    assert order.terms_accepted_at == till.now
    assert len(till.stripe.fee_wishes) == 1


def test_a_fee_that_the_card_refuses_can_be_paid_by_card_page(
    session: Session, till: Till, counter: Counter
) -> None:
    till.stripe.refusing[cards(till)[0].payment_method_id] = "insufficient_funds"
    number = fee(counter)
    charge(till, till.jobs("charge_kept_card")[0]["payment_id"])

    assert mail(session, "fee_failed").values["reason"] == "Help with a seal on 24 November"
    assert counter.pay(number) is PaymentState.CAPTURED
    assert till.mails()[-1] == "order_accepted"


@pytest.mark.parametrize(
    ("changed", "error", "code"),
    [
        ({"reason": " "}, Invalid, "card.fee_invalid"),
        ({"quantity": 0}, Invalid, "card.fee_invalid"),
        ({"quantity": 9}, Invalid, "card.fee_invalid"),
        ({"service_id": 999}, NotFound, "service.not_found"),
        ({"customer_number": "K-0"}, NotFound, "customer.not_found"),
    ],
)
def test_a_fee_outside_of_the_list_or_without_a_reason_is_refused_and_charges_nothing(
    till: Till, counter: Counter, changed: dict[str, Any], error: type[Exception], code: str
) -> None:
    with pytest.raises(error) as raised:
        fee(counter, **changed)

    assert raised.value.code == code  # type: ignore[attr-defined]
    assert (fees(till), till.jobs("charge_kept_card")) == ([], [])


@pytest.mark.parametrize("how", ["no consent", "kept out"])
def test_a_fee_needs_a_consent_that_lasts_and_a_company_that_is_admitted(
    session: Session, till: Till, counter: Counter, how: str
) -> None:
    if how == "no consent":
        remove_card(session, customer_id=till.customer.id or 0, contact_id=till.contact.id or 0, now=till.now)
    else:
        till.turn_into_a()

    with pytest.raises(Refused):
        fee(counter)

    assert fees(till) == []


@pytest.mark.parametrize("how", ["the company's button", "a fee of staff"])
def test_no_new_charge_begins_while_sales_are_frozen(
    session: Session, till: Till, counter: Counter, how: str
) -> None:
    number = phone_help(counter)
    with transaction(session):
        freeze_sales(session, backup_made_at=till.now, now=till.now)

    with pytest.raises(Refused) as refused:
        begin(till, number) if how == "the company's button" else fee(counter)

    assert refused.value.code == "order.sales_frozen"
    assert (fees(till), till.jobs("charge_kept_card")) == ([], [])


def test_another_companys_order_is_not_paid_with_this_card(
    session: Session, till: Till, counter: Counter
) -> None:
    with transaction(session):
        other = make.customer(session)
        person = make.contact(session, of=other)
        number = make.order(session, of=other, by=person, bundle=None, placed_at=till.now).number

    with pytest.raises(NotFound):
        begin(till, number)
