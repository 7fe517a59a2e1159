"""Whose payment is held, for how long, and what ends a hold without a person."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.core.db import Database
from app.core.errors import Refused
from app.core.transaction import transaction
from app.customers.models import CARD, Customer, Screening
from app.customers.rules.admission import ScreeningState
from app.flows.cancel_order import cancel_order
from app.flows.decide_screening import decide
from app.flows.screen_customer import screen_all
from app.flows.sweep_payments import sweep_payments
from app.mainbrand.rules.segments import Segment
from app.ordering.rules.states import CancelReason, OrderState
from app.payments.models import Payment, PaymentHold
from app.payments.rules.facts import IntentStatus
from app.payments.rules.states import PaymentState
from tests import make
from tests.flows.holding import HELD_MAILS, STAFF, held, other_company, pay, settle_all
from tests.flows.till import Till, open_till


@pytest.fixture
def till(session: Session, database: Database, now: datetime) -> Till:
    return open_till(session, database, now=now)


@pytest.mark.parametrize(
    ("standing", "why"),
    [
        ({"screening": ScreeningState.BLOCKED}, "blocked"),
        ({"screening": ScreeningState.REFUSED}, "refused"),
        ({"segment": Segment.A}, "main_brand"),
        ({"segment": Segment.B}, "main_brand"),
        ({"main_segment": Segment.A}, "main_brand"),
        ({"moved_up_at": make.NOW}, "moved_up"),
    ],
)
def test_the_card_of_a_company_that_is_shut_out_holds_the_payment_for_a_person(
    session: Session, till: Till, standing: dict[str, Any], why: str
) -> None:
    other = other_company(session, **standing)
    number, session_id = pay(till)
    before = till.cart()

    states = [till.settle(session_id=session_id) for _ in range(3)]

    session.rollback()
    case, hold = session.exec(select(Screening)).one(), session.exec(select(PaymentHold)).one()
    assert states == [PaymentState.HELD] * 3
    assert set(till.stripe.books().values()) == {IntentStatus.AUTHORISED}
    assert not {"capture", "release"} & set(till.stripe.calls)
    assert (till.order(number).state, till.cart()) == (OrderState.RECEIVED, before)
    assert till.mails() == HELD_MAILS
    assert till.events(number) == ["placed", "payment_started", "payment_held"]
    assert (case.trigger, case.outcome, case.decision) == (CARD, ScreeningState.REVIEW, None)
    assert case.customer_id == till.customer.id
    assert hold.screening_id == case.id
    assert hold.sharers == [
        {"customer_id": other.id, "number": other.number, "company_name": other.company_name, "why": why}
    ]
    assert hold.release_by_at == till.now + timedelta(hours=72)
    assert [(one.action, one.object_name) for one in session.exec(select(AuditEntry))] == [
        ("payment.held", number)
    ]


@pytest.mark.parametrize(
    "standing",
    [
        {},
        {"screening": ScreeningState.REVIEW},
        {"suspended_at": make.NOW},
        {"main_segment": Segment.C},
        {"screening": ScreeningState.BLOCKED, "card": "fp-of-another-card"},
    ],
)
def test_a_card_that_nobody_shut_out_used_is_charged(
    session: Session, till: Till, standing: dict[str, Any]
) -> None:
    other_company(session, **standing)
    _, session_id = pay(till)

    assert till.settle(session_id=session_id) is PaymentState.CAPTURED


def test_a_card_without_a_fingerprint_matches_no_other_without_one(session: Session, till: Till) -> None:
    other_company(session, card="", screening=ScreeningState.BLOCKED)
    _, session_id = pay(till, card_fingerprint="")

    assert till.settle(session_id=session_id) is PaymentState.CAPTURED


def test_a_company_that_pays_twice_with_its_own_card_is_no_match(session: Session, till: Till) -> None:
    _, first = pay(till)
    till.settle(session_id=first)
    with transaction(session):
        make.cart_line(
            session, of=session.get_one(Customer, till.customer.id), bundle=make.bundle(session), quantity=3
        )
    placed, second = till.placed_and_open(key="key-2")
    till.stripe.pay(second)

    assert till.settle(session_id=second) is PaymentState.CAPTURED
    assert till.order(placed.number).state is OrderState.ACCEPTED


def test_a_company_that_was_shut_out_while_the_customer_paid_counts(session: Session, till: Till) -> None:
    other = other_company(session)
    _, session_id = pay(till)

    def shut_out() -> None:
        with till.database.session() as meanwhile, transaction(meanwhile):
            meanwhile.get_one(Customer, other.id).segment = Segment.A

    till.stripe.before["read_session"] = shut_out

    assert till.settle(session_id=session_id) is PaymentState.HELD


def test_a_company_that_turns_a_while_its_payment_is_held_is_released_without_a_decision(
    session: Session, till: Till
) -> None:
    number, case = held(session, till)
    till.turn_into_a()
    later = till.at(till.now + timedelta(minutes=11))

    assert sweep_payments(session, now=later.now) == 1
    settle_all(later)

    session.rollback()
    session.refresh(case)
    assert till.order(number).cancel_reason is CancelReason.NOT_ADMITTED
    assert list(till.stripe.books().values()) == [IntentStatus.CANCELED]
    assert case.decision is None


def test_a_new_comparison_with_the_main_brands_list_leaves_the_case_about_a_card_open(
    session: Session, till: Till
) -> None:
    _, case = held(session, till)
    company = session.get_one(Customer, till.customer.id)
    account = make.main_account(session, name_key=company.name_key, postal_code=company.postal_code)

    screen_all(session, now=till.now)

    session.rollback()
    session.refresh(case)
    newest = session.exec(select(Screening).order_by(col(Screening.id).desc()).limit(1)).one()
    assert (newest.trigger, newest.matches[0]["account_id"]) == ("import", account.id)
    assert case.decision is None
    decide(session, case.id or 0, decision=ScreeningState.CLEAR, reason="known", actor=STAFF, now=till.now)


def test_a_hold_that_nobody_decides_ends_in_time_and_the_case_stays(session: Session, till: Till) -> None:
    number, case = held(session, till)
    just_before = till.at(till.now + timedelta(hours=72) - timedelta(seconds=1))
    then = till.at(till.now + timedelta(hours=72))

    sweep_payments(session, now=just_before.now)
    assert just_before.settle(payment_id=till.payments()[-1].id) is PaymentState.HELD
    assert then.settle(payment_id=till.payments()[-1].id) is PaymentState.RELEASED

    session.rollback()
    session.refresh(case)
    entry = session.exec(select(AuditEntry).where(col(AuditEntry.action) == "payment.released")).one()
    order = till.order(number)
    assert (order.state, order.cancel_reason) == (OrderState.CANCELLED, CancelReason.BY_STAFF)
    assert list(till.stripe.books().values()) == [IntentStatus.CANCELED]
    assert till.mails() == [*HELD_MAILS, "authorisation_released", "order_cancelled"]
    assert (entry.reason, (entry.new or {})["needs_staff"]) == ("hold_lapsed", True)
    assert case.decision is None


@pytest.mark.parametrize("capture_before", [timedelta(hours=24), timedelta(hours=-1)])
def test_an_authorisation_too_short_for_a_hold_is_given_back_at_once(
    session: Session, till: Till, capture_before: timedelta
) -> None:
    other_company(session, screening=ScreeningState.BLOCKED)
    _, session_id = pay(till, capture_before_at=till.now + capture_before)

    assert till.settle(session_id=session_id) is PaymentState.RELEASED
    assert list(till.stripe.books().values()) == [IntentStatus.CANCELED]


def test_money_that_the_bank_took_back_ends_the_hold(session: Session, till: Till) -> None:
    number, _ = held(session, till)
    intent_id = next(iter(till.stripe.books()))
    till.stripe.cancel_at_stripe(intent_id)

    assert till.settle(intent_id=intent_id) is PaymentState.RELEASED
    assert till.order(number).state is OrderState.RECEIVED


def test_a_held_order_is_not_paid_a_second_time_nor_ended_as_unpaid(session: Session, till: Till) -> None:
    number, _ = held(session, till)
    next_day = till.at(till.now + timedelta(hours=25))

    with pytest.raises(Refused) as refused:
        till.start(number)
    sweep_payments(session, now=next_day.now)
    settle_all(next_day)

    assert refused.value.code == "order.just_paying"
    assert till.order(number).state is OrderState.RECEIVED
    assert [one.state for one in till.payments()][-1] is PaymentState.HELD


def test_a_held_order_that_the_customer_takes_back_is_released(session: Session, till: Till) -> None:
    number, _ = held(session, till)

    cancel_order(
        session, order_number=number, customer_id=till.customer.id or 0, actor_name="Kim", now=till.now
    )
    settle_all(till)

    assert till.order(number).cancel_reason is CancelReason.BY_CUSTOMER
    assert list(till.stripe.books().values()) == [IntentStatus.CANCELED]


def test_a_second_card_page_paid_while_the_first_is_held_is_given_back(session: Session, till: Till) -> None:
    other_company(session, screening=ScreeningState.BLOCKED)
    number, first = pay(till)
    with transaction(session):
        payment = session.exec(select(Payment).where(col(Payment.session_id) == first)).one()
        payment.state = PaymentState.EXPIRED
    second = till.session_at(till.start(number))
    till.stripe.pay(second, capture_before_at=till.now + timedelta(days=7), card_fingerprint="fp-clean")
    till.settle(session_id=first)

    assert till.settle(session_id=second) is PaymentState.RELEASED
    assert till.settle(session_id=first) is PaymentState.HELD


def test_eight_threads_hold_a_payment_once(session: Session, till: Till) -> None:
    other_company(session, screening=ScreeningState.BLOCKED)
    _, session_id = pay(till)

    with ThreadPoolExecutor(8) as pool:
        states = list(pool.map(lambda _: till.settle(session_id=session_id), range(8)))

    session.rollback()
    assert set(states) == {PaymentState.HELD}
    assert len(session.exec(select(PaymentHold)).all()) == len(session.exec(select(Screening)).all()) == 1
    assert till.mails() == HELD_MAILS


def _order_again(session: Session, till: Till, *, key: str, **facts: Any) -> PaymentState | None:
    with transaction(session):
        company = session.get_one(Customer, till.customer.id)
        make.cart_line(session, of=company, bundle=make.bundle(session), quantity=3)
    _, session_id = till.placed_and_open(key=key)
    till.stripe.pay(session_id, **{"capture_before_at": till.now + timedelta(days=7), **facts})
    return till.settle(session_id=session_id)


def test_a_company_that_orders_again_with_another_card_does_not_get_round_its_case(
    session: Session, till: Till
) -> None:
    _, case = held(session, till)

    again = _order_again(session, till, key="key-2", card_fingerprint="fp-clean")
    settle_all(till)

    session.rollback()
    holds = session.exec(select(PaymentHold).order_by(col(PaymentHold.id))).all()
    assert again is PaymentState.HELD
    assert [(hold.screening_id, len(hold.sharers)) for hold in holds] == [(case.id, 1), (case.id, 0)]
    assert IntentStatus.CAPTURED not in till.stripe.books().values()
    decide(session, case.id or 0, decision=ScreeningState.CLEAR, reason="known", actor=STAFF, now=till.now)
    settle_all(till)
    assert sorted(till.stripe.books().values()) == [IntentStatus.CANCELED, IntentStatus.CAPTURED]


def test_a_case_that_was_passed_after_its_hold_had_ended_holds_nothing_any_more(
    session: Session, till: Till
) -> None:
    _, case = held(session, till)
    later = till.at(till.now + timedelta(hours=72))
    later.settle(payment_id=till.payments()[-1].id)
    assert _order_again(session, later, key="key-2") is PaymentState.HELD

    decide(session, case.id or 0, decision=ScreeningState.CLEAR, reason="known", actor=STAFF, now=later.now)
    settle_all(later)

    assert _order_again(session, later, key="key-3") is PaymentState.CAPTURED
