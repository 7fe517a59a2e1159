"""A person decides about a held payment; without a person it is never charged."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from app.audit.models import AuditEntry
from app.core.db import Database
from app.core.errors import Invalid, Refused
from app.core.transaction import transaction
from app.customers.models import BlockedAttempt, Customer, Screening
from app.customers.rules.admission import ScreeningState
from app.flows.decide_screening import decide
from app.insights.invariants import check_invariants
from app.mainbrand.rules.segments import Segment
from app.ordering.rules.states import CancelReason, OrderState
from app.payments.models import PaymentHold
from app.payments.rules.facts import IntentStatus
from app.payments.rules.holding import HoldDecision
from app.payments.rules.states import PaymentState
from tests import make
from tests.flows.holding import HELD_MAILS, STAFF, go_on, held, other_company, pay, settle_all
from tests.flows.till import Till, open_till


@pytest.fixture
def till(session: Session, database: Database, now: datetime) -> Till:
    return open_till(session, database, now=now)


def test_what_a_person_lets_go_on_is_charged_once_and_the_case_is_closed(
    session: Session, till: Till
) -> None:
    number, case = held(session, till)

    go_on(session, number, till)
    go_on(session, number, till)
    settle_all(till)
    go_on(session, number, till)

    session.rollback()
    session.refresh(case)
    assert till.order(number).state is OrderState.ACCEPTED
    assert list(till.stripe.books().values()) == [IntentStatus.CAPTURED]
    assert till.stripe.calls.count("capture") == 1
    assert till.mails() == [*HELD_MAILS, "order_accepted"]
    assert (case.decision, case.decided_by) == (ScreeningState.CLEAR, "Ole Brandt")
    assert sorted(one.action for one in session.exec(select(AuditEntry))) == [
        "payment.held",
        "payment.hold_decided",
        "screening.admitted",
    ]


def test_the_gate_is_asked_again_when_a_person_lets_a_payment_go_on(session: Session, till: Till) -> None:
    number, _ = held(session, till)
    go_on(session, number, till)
    till.turn_into_a()

    settle_all(till)

    order = till.order(number)
    assert (order.state, order.cancel_reason) == (OrderState.CANCELLED, CancelReason.NOT_ADMITTED)
    assert list(till.stripe.books().values()) == [IntentStatus.CANCELED]
    assert till.mails() == [*HELD_MAILS, "authorisation_released"]


def test_what_a_person_refuses_is_given_back_and_the_company_stays_a_case(
    session: Session, till: Till
) -> None:
    number, case = held(session, till)
    before = till.cart()

    go_on(session, number, till, decision=HoldDecision.RELEASE)
    settle_all(till)

    session.rollback()
    session.refresh(case)
    order = till.order(number)
    assert (order.state, order.cancel_reason) == (OrderState.CANCELLED, CancelReason.BY_STAFF)
    assert list(till.stripe.books().values()) == [IntentStatus.CANCELED]
    assert till.mails() == [*HELD_MAILS, "authorisation_released", "order_cancelled"]
    assert till.cart() == before
    assert case.decision is None
    assert [(one.reason, one.place) for one in session.exec(select(BlockedAttempt))] == [
        ("same_card", "payment")
    ]


def test_two_people_who_decide_differently_are_not_both_obeyed(session: Session, till: Till) -> None:
    number, _ = held(session, till)
    go_on(session, number, till)

    with pytest.raises(Refused) as refused:
        go_on(session, number, till, decision=HoldDecision.RELEASE)

    session.rollback()
    assert refused.value.code == "hold.over"
    assert session.exec(select(PaymentHold)).one().decision is HoldDecision.GO_ON


@pytest.mark.parametrize(("values", "field"), [({"reason": " "}, "reason"), ({"decision": None}, "decision")])
def test_a_decision_without_its_reason_or_choice_changes_nothing(
    session: Session, till: Till, values: dict[str, Any], field: str
) -> None:
    number, _ = held(session, till)
    jobs_before = till.jobs()

    with pytest.raises(Invalid) as invalid:
        go_on(session, number, till, **values)

    session.rollback()
    assert [fault.field for fault in invalid.value.fields] == [field]
    assert session.exec(select(PaymentHold)).one().decision is None
    assert till.jobs() == jobs_before


def test_an_order_that_is_not_held_cannot_be_decided(session: Session, till: Till) -> None:
    number, session_id = pay(till)
    till.settle(session_id=session_id)

    with pytest.raises(Refused):
        go_on(session, number, till)


@pytest.mark.parametrize(
    ("decision", "state", "intent"),
    [
        (ScreeningState.CLEAR, OrderState.ACCEPTED, IntentStatus.CAPTURED),
        (ScreeningState.REFUSED, OrderState.CANCELLED, IntentStatus.CANCELED),
        (ScreeningState.BLOCKED, OrderState.CANCELLED, IntentStatus.CANCELED),
    ],
)
def test_the_review_desk_decides_about_company_and_payment_at_once(
    session: Session, till: Till, decision: ScreeningState, state: OrderState, intent: IntentStatus
) -> None:
    number, case = held(session, till)

    for _ in range(2):
        decide(session, case.id or 0, decision=decision, reason="looked at", actor=STAFF, now=till.now)
    settle_all(till)

    session.rollback()
    company = session.get_one(Customer, till.customer.id)
    assert till.order(number).state is state
    assert list(till.stripe.books().values()) == [intent]
    assert (company.screening, company.segment) == (decision, Segment.C)
    assert [one.decision for one in session.exec(select(Screening))] == [decision]


def test_letting_a_card_pass_never_admits_a_company_that_was_shut_out_meanwhile(
    session: Session, till: Till
) -> None:
    number, case = held(session, till)
    with transaction(session):
        company = session.get_one(Customer, till.customer.id)
        company.screening, company.segment = ScreeningState.REFUSED, Segment.B

    decide(session, case.id or 0, decision=ScreeningState.CLEAR, reason="brothers", actor=STAFF, now=till.now)
    settle_all(till)

    session.rollback()
    company = session.get_one(Customer, till.customer.id)
    assert (company.screening, company.segment) == (ScreeningState.REFUSED, Segment.B)
    assert list(till.stripe.books().values()) == [IntentStatus.CANCELED]
    assert till.order(number).cancel_reason is CancelReason.NOT_ADMITTED


def test_what_a_person_let_pass_is_not_held_again_but_a_new_reason_is(session: Session, till: Till) -> None:
    number, _ = held(session, till)
    go_on(session, number, till)
    settle_all(till)

    def order_again(key: str) -> PaymentState | None:
        with transaction(session):
            company = session.get_one(Customer, till.customer.id)
            make.cart_line(session, of=company, bundle=make.bundle(session), quantity=3)
        _, session_id = till.placed_and_open(key=key)
        till.stripe.pay(session_id, capture_before_at=till.now + timedelta(days=7))
        return till.settle(session_id=session_id)

    assert order_again("key-2") is PaymentState.CAPTURED
    other_company(session, moved_up_at=make.NOW)
    assert order_again("key-3") is PaymentState.HELD


END: dict[str, Callable[[Session, str, Till], None]] = {
    "held": lambda session, number, till: None,
    "charged": lambda session, number, till: go_on(session, number, till),
    "given back": lambda session, number, till: go_on(session, number, till, decision=HoldDecision.RELEASE),
}


@pytest.mark.parametrize("end", END)
def test_every_invariant_holds_for_a_held_payment_and_its_ends(
    session: Session, till: Till, end: str
) -> None:
    number, _ = held(session, till)

    END[end](session, number, till)
    settle_all(till)
    with till.database.read_session() as reading:
        findings = check_invariants(reading, now=till.now)

    # The other company's past payment is made up: it was never mailed nor written into the audit log.
    ours = [one for one in findings if number in one.sentence or "hold" in one.invariant]
    assert ours == []
