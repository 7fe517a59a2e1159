from datetime import datetime

import pytest
from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.errors import Invalid, NotFound, Refused
from app.customers.gate import admission_now
from app.customers.models import Contact, Customer, Objection, Screening
from app.customers.queries_review import count_reviews
from app.customers.rules.admission import Admission, ScreeningState
from app.customers.rules.objections import Outcome
from app.flows.answer_objection import answer_objection
from app.mail.models import Mail
from app.mainbrand.rules.segments import Segment
from tests import make

LINA = Actor(ActorKind.STAFF, "Lina Harms", 3)
OLE = Actor(ActorKind.STAFF, "Ole Brandt", 4)
ANSWER = "The deliveries were ours; we are sorry."


def objection(session: Session, **values: object) -> tuple[Customer, Contact, int]:
    customer = make.customer(session, **values)
    contact = make.contact(session, of=customer, language="de")
    row = Objection(
        customer_id=customer.id,
        contact_id=contact.id,
        against="suspended",
        text="It was your mistake.",
        created_at=make.NOW,
    )
    return customer, contact, make.saved(session, row).id or 0


def answer(
    session: Session, objection_id: int, now: datetime, outcome: str = "upheld", actor: Actor = LINA
) -> bool:
    return answer_objection(session, objection_id, outcome=outcome, answer=ANSWER, actor=actor, now=now)


def test_an_upheld_objection_opens_the_shop_again_and_is_told_in_the_persons_language(
    session: Session, now: datetime
) -> None:
    customer, contact, row = objection(session, suspended_at=make.NOW, suspended_reason="calls")

    assert answer(session, row, now)
    assert not answer(session, row, now)

    session.expire_all()
    admission = admission_now(session, customer.id or 0, contact_id=contact.id or 0)
    assert admission is Admission.ADMITTED
    kept = session.get_one(Objection, row)
    assert (kept.outcome, kept.answer, kept.answered_by, kept.answered_at) == (
        Outcome.UPHELD,
        ANSWER,
        "Lina Harms",
        now,
    )
    mail = session.exec(select(Mail)).one()
    assert (mail.kind, mail.to_address, mail.language) == ("objection_answered", contact.email, "de")
    assert (mail.values["answer"], mail.values["is_upheld"]) == (ANSWER, True)
    assert actions(session) == ["customer.resumed", "objection.upheld"]


def test_a_dismissed_objection_changes_nothing_but_is_answered(session: Session, now: datetime) -> None:
    customer, _, row = objection(session, suspended_at=make.NOW, suspended_reason="calls")

    assert answer(session, row, now, "dismissed")

    session.expire_all()
    assert session.get_one(Customer, customer.id).suspended_reason == "calls"
    assert session.exec(select(Mail)).one().values["is_upheld"] is False


def actions(session: Session) -> list[str]:
    return list(session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id))))


@pytest.mark.parametrize("state", [ScreeningState.REFUSED, ScreeningState.BLOCKED])
def test_upholding_against_a_refusal_opens_the_case_for_a_new_decision_and_admits_nobody(
    session: Session, now: datetime, state: ScreeningState
) -> None:
    customer, contact, row = objection(session, screening=state, segment=Segment.UNRATED)
    evidence = [
        {"account_id": 5, "account_number": "M5", "company_name": "X", "segment": "A", "evidence": []}
    ]
    make.saved(
        session,
        Screening(
            customer_id=customer.id,
            trigger="registration",
            outcome=state if state is ScreeningState.BLOCKED else ScreeningState.REVIEW,
            decision=state,
            decided_by="Ole",
            decided_at=make.NOW,
            screened_at=make.NOW,
            matches=evidence,
        ),
    )

    assert answer(session, row, now)

    admission = admission_now(session, customer.id or 0, contact_id=contact.id or 0)
    assert admission is Admission.IN_REVIEW
    assert count_reviews(session, now=now) == 1
    newest = session.exec(select(Screening).order_by(col(Screening.id).desc())).first()
    assert newest is not None
    assert (newest.trigger, newest.reason, newest.matches) == ("objection", "objection", evidence)
    assert session.exec(select(Mail)).one().values["is_reviewed"] is True
    assert actions(session) == ["screening.reopened", "objection.upheld"]


def test_upholding_for_a_company_that_is_linked_to_an_a_account_opens_its_case(
    session: Session, now: datetime
) -> None:
    account = make.main_account(session, segment=Segment.A)
    customer, contact, row = objection(session, main_account_id=account.id)
    make.saved(
        session,
        Screening(
            customer_id=customer.id,
            trigger="registration",
            outcome=ScreeningState.CLEAR,
            screened_at=make.NOW,
        ),
    )

    assert answer(session, row, now)

    assert count_reviews(session, now=now) == 1
    admission = admission_now(session, customer.id or 0, contact_id=contact.id or 0)
    assert admission is Admission.MAIN_BRAND
    assert session.exec(select(Mail)).one().values["is_reviewed"] is True


@pytest.mark.parametrize("segment", [Segment.A, Segment.B])
def test_who_is_kept_out_by_its_segment_is_not_let_in_by_an_answer(
    session: Session, now: datetime, segment: Segment
) -> None:
    customer, _, row = objection(session, segment=segment, suspended_at=make.NOW)

    with pytest.raises(Refused) as refusal:
        answer(session, row, now)

    assert refusal.value.code == "objection.by_segment"
    session.expire_all()
    assert session.get_one(Customer, customer.id).suspended_at is not None
    assert session.get_one(Objection, row).answered_at is None
    assert session.exec(select(Mail)).all() == []


def test_a_colleague_who_was_slower_is_told_and_nobody_gets_two_answers(
    session: Session, now: datetime
) -> None:
    _, _, row = objection(session, suspended_at=make.NOW)
    answer(session, row, now, "dismissed")

    with pytest.raises(Refused) as refusal:
        answer(session, row, now, "upheld", OLE)

    assert refusal.value.code == "objection.answered"
    session.expire_all()
    assert session.get_one(Objection, row).outcome is Outcome.DISMISSED
    assert len(session.exec(select(Mail)).all()) == 1


@pytest.mark.parametrize(
    "outcome, text, fields",
    [("", ANSWER, ["outcome"]), ("upheld", "ok", ["answer"]), ("maybe", "", ["outcome", "answer"])],
)
def test_an_answer_needs_an_outcome_and_words(
    session: Session, now: datetime, outcome: str, text: str, fields: list[str]
) -> None:
    _, _, row = objection(session, suspended_at=make.NOW)

    with pytest.raises(Invalid) as fault:
        answer_objection(session, row, outcome=outcome, answer=text, actor=LINA, now=now)

    assert [one.field for one in fault.value.fields] == fields
    assert session.get_one(Objection, row).answered_at is None


def test_an_unknown_objection_is_not_found(session: Session, now: datetime) -> None:
    with pytest.raises(NotFound):
        answer(session, 999, now)
