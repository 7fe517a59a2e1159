from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.errors import Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.customers.models import BlockedAttempt, Customer, Screening
from app.customers.queries_review import count_reviews
from app.customers.rules.admission import ScreeningState
from app.flows.decide_screening import decide
from app.mail.models import Mail
from app.mainbrand.rules.segments import Segment
from tests import make

LEA = Actor(ActorKind.STAFF, "Lea Lang", 7)
CLEAR, REVIEW, BLOCKED, REFUSED = (
    ScreeningState.CLEAR,
    ScreeningState.REVIEW,
    ScreeningState.BLOCKED,
    ScreeningState.REFUSED,
)


@pytest.fixture
def waiting(session: Session) -> Screening:
    """A company in review with its open case."""
    customer = make.customer(
        session, screening=REVIEW, segment=Segment.UNRATED, segment_reason="", business_verified_at=None
    )
    make.contact(session, of=customer)
    return make.saved(session, case(customer))


def case(customer: Customer, **values: Any) -> Screening:
    defaults: dict[str, Any] = {
        "customer_id": customer.id,
        "trigger": "registration",
        "outcome": REVIEW,
        "matches": [],
        "screened_at": make.NOW,
    }
    return Screening(**{**defaults, **values})


def settle(
    session: Session, screening: Screening, now: datetime, decision: ScreeningState, **more: Any
) -> Customer:
    assert screening.id is not None
    values = {"reason": "Telephoned, is a small workshop", "actor": LEA, **more}
    decide(session, screening.id, decision=decision, now=now, **values)
    session.expire_all()
    return session.get_one(Customer, screening.customer_id)


@pytest.mark.parametrize(
    "decision, segment, mail, action",
    [
        (CLEAR, Segment.C, "decision_admitted", "screening.admitted"),
        (REFUSED, Segment.UNRATED, "decision_refused", "screening.refused"),
        (BLOCKED, Segment.UNRATED, "decision_main_brand", "screening.blocked"),
    ],
)
def test_a_decision_takes_effect_is_told_once_and_leaves_one_entry(
    session: Session,
    now: datetime,
    waiting: Screening,
    decision: ScreeningState,
    segment: Segment,
    mail: str,
    action: str,
) -> None:
    customer = settle(session, waiting, now, decision)
    settle(session, waiting, now, decision)

    assert (customer.screening, customer.segment) == (decision, segment)
    assert (customer.business_verified_at is not None) is (decision is CLEAR)
    assert [row.kind for row in session.exec(select(Mail))] == [mail]
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.action, entry.actor_name, entry.reason) == (
        action,
        "Lea Lang",
        "Telephoned, is a small workshop",
    )
    assert (entry.old, entry.new) == (
        {"screening": "review", "main_account_id": None},
        {"screening": decision.value, "main_account_id": None},
    )
    kept = session.get_one(Screening, waiting.id)
    assert (kept.decision, kept.decided_by, kept.decided_at) == (decision, "Lea Lang", now)
    assert count_reviews(session, now=now) == 0
    assert len(session.exec(select(BlockedAttempt)).all()) == (1 if decision is BLOCKED else 0)


def test_admitting_links_the_c_account_that_is_named(
    session: Session, now: datetime, waiting: Screening
) -> None:
    account = make.main_account(session, segment=Segment.C)

    customer = settle(session, waiting, now, CLEAR, main_account_id=account.id)

    assert (customer.main_account_id, customer.screening) == (account.id, CLEAR)


@pytest.mark.parametrize("segment", [Segment.A, Segment.B, Segment.UNRATED])
def test_nobody_is_admitted_with_an_account_that_is_not_c(
    session: Session, now: datetime, waiting: Screening, segment: Segment
) -> None:
    account = make.main_account(session, segment=segment)

    with pytest.raises(Refused) as refusal:
        settle(session, waiting, now, CLEAR, main_account_id=account.id)

    assert refusal.value.code == "screening.not_a_c_account"
    session.expire_all()
    customer = session.get_one(Customer, waiting.customer_id)
    assert (customer.screening, customer.main_account_id) == (REVIEW, None)
    assert session.exec(select(AuditEntry)).all() == []
    assert session.exec(select(Mail)).all() == []


@pytest.mark.parametrize(
    "values, field",
    [
        ({"decision": CLEAR, "reason": "  "}, "reason"),
        ({"decision": REVIEW}, "decision"),
        ({"decision": CLEAR, "main_account_id": 999}, "main_account_id"),
    ],
)
def test_a_decision_needs_a_reason_a_choice_and_an_account_that_exists(
    session: Session, now: datetime, waiting: Screening, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        settle(session, waiting, now, **values)

    assert [fault.field for fault in refusal.value.fields] == [field]
    session.expire_all()
    assert session.get_one(Screening, waiting.id).decision is None


def test_a_company_that_waits_for_a_new_comparison_is_not_decided_on_the_old_one(
    session: Session, now: datetime, waiting: Screening
) -> None:
    settle(session, waiting, now, CLEAR)
    with transaction(session):
        session.get_one(Customer, waiting.customer_id).screening = ScreeningState.PENDING

    with pytest.raises(Refused) as refused:
        settle(session, waiting, now, CLEAR)

    assert refused.value.code == "screening.under_way"
    session.expire_all()
    assert session.get_one(Customer, waiting.customer_id).screening is ScreeningState.PENDING


def test_only_the_newest_case_is_decided(session: Session, now: datetime, waiting: Screening) -> None:
    customer = session.get_one(Customer, waiting.customer_id)
    make.saved(session, case(customer))

    with pytest.raises(Refused) as refusal:
        settle(session, waiting, now, CLEAR)

    assert refusal.value.code == "screening.replaced"


def test_after_an_objection_a_case_is_decided_anew_and_both_decisions_are_kept(
    session: Session, now: datetime, waiting: Screening
) -> None:
    settle(session, waiting, now, REFUSED)

    customer = settle(session, waiting, now, CLEAR, reason="Objection was right")

    assert customer.screening is CLEAR
    rows = session.exec(select(Screening).order_by(Screening.id)).all()  # type: ignore[arg-type]
    assert [(row.trigger, row.decision) for row in rows] == [("registration", REFUSED), ("objection", CLEAR)]
    assert [mail.kind for mail in session.exec(select(Mail).order_by(Mail.id))] == [  # type: ignore[arg-type]
        "decision_refused",
        "decision_admitted",
    ]


def test_a_blocked_company_may_be_admitted_by_a_person(session: Session, now: datetime) -> None:
    customer = make.customer(session, screening=BLOCKED, segment=Segment.UNRATED)
    make.contact(session, of=customer)
    screening = make.saved(session, case(customer, outcome=BLOCKED))

    assert settle(session, screening, now, CLEAR).screening is CLEAR


def test_an_unknown_case_is_not_found(session: Session, now: datetime) -> None:
    with pytest.raises(NotFound):
        decide(session, 999, decision=CLEAR, reason="x", actor=LEA, now=now)
