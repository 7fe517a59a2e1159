from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.errors import Invalid, Refused
from app.core.transaction import transaction
from app.customers.models import Customer, Screening
from app.customers.queries_review import count_resting, count_reviews, next_review
from app.customers.rules.admission import ScreeningState
from app.flows.ask_for_proof import ask_for_proof, note_proof
from app.flows.decide_screening import decide
from app.mail.models import Mail
from app.mainbrand.rules.segments import Segment
from tests import make

LEA = Actor(ActorKind.STAFF, "Lea Lang", 7)
DAY = timedelta(days=1)


@pytest.fixture
def waiting(session: Session) -> int:
    """The id of an open case of a company that writes German."""
    customer = make.customer(session, screening=ScreeningState.REVIEW, segment=Segment.UNRATED)
    make.contact(session, of=customer, language="de")
    screening = Screening(
        customer_id=customer.id,
        trigger="registration",
        outcome=ScreeningState.REVIEW,
        screened_at=make.NOW,
    )
    return make.saved(session, screening).id or 0


def ask(session: Session, screening_id: int, now: datetime, **more: Any) -> None:
    ask_for_proof(session, screening_id, **{"kind": "register_extract", "actor": LEA, "now": now, **more})


def test_a_company_is_asked_once_by_a_neutral_mail_and_its_case_rests(
    session: Session, now: datetime, waiting: int
) -> None:
    ask(session, waiting, now, note="looks like a sister of Sauer")
    ask(session, waiting, now + DAY, kind="trade_licence")

    mail = session.exec(select(Mail)).one()
    assert (mail.kind, mail.language, mail.values["proof"]) == ("proof_wanted", "de", "register_extract")
    assert "Sauer" not in str(mail.values)
    kept = session.get_one(Screening, waiting, populate_existing=True)
    assert (kept.proof_asked_at, kept.proof_due_at, kept.decision) == (now, now + 14 * DAY, None)
    assert session.get_one(Customer, kept.customer_id).screening is ScreeningState.REVIEW
    assert [entry.action for entry in session.exec(select(AuditEntry))] == ["screening.proof_asked"]
    assert (count_reviews(session, now=now), count_resting(session, now=now)) == (0, 1)
    assert next_review(session, after=0, now=now) is None


def test_the_case_comes_back_when_the_proof_arrives(session: Session, now: datetime, waiting: int) -> None:
    assert not note_proof(session, waiting, actor=LEA, now=now)
    ask(session, waiting, now)

    assert note_proof(session, waiting, actor=LEA, now=now + DAY)
    assert not note_proof(session, waiting, actor=LEA, now=now + DAY)

    assert (count_reviews(session, now=now + DAY), count_resting(session, now=now + DAY)) == (1, 0)
    assert next_review(session, after=0, now=now + DAY) == waiting


def test_the_case_comes_back_by_itself_and_may_be_asked_for_again(
    session: Session, now: datetime, waiting: int
) -> None:
    ask(session, waiting, now)
    later = now + 14 * DAY

    assert count_reviews(session, now=later - timedelta(seconds=1)) == 0
    assert count_reviews(session, now=later) == 1
    ask(session, waiting, later)

    assert count_reviews(session, now=later) == 0
    assert len(session.exec(select(Mail)).all()) == 2


def test_without_a_choice_of_paper_nobody_is_asked(session: Session, now: datetime, waiting: int) -> None:
    for kind in ("", "blood_sample", "called"):
        with pytest.raises(Invalid):
            ask(session, waiting, now, kind=kind, note="something that proves it")

    assert session.exec(select(Mail)).all() == []
    assert session.get_one(Screening, waiting).proof_asked_at is None


def test_a_decided_case_asks_for_nothing_any_more(session: Session, now: datetime, waiting: int) -> None:
    decide(session, waiting, decision=ScreeningState.CLEAR, reason="called them", actor=LEA, now=now)

    with pytest.raises(Refused) as refusal:
        ask(session, waiting, now)

    assert refusal.value.code == "screening.decided_meanwhile"
    assert [mail.kind for mail in session.exec(select(Mail))] == ["decision_admitted"]


def test_a_resting_case_may_be_decided_without_the_proof(
    session: Session, now: datetime, waiting: int
) -> None:
    ask(session, waiting, now)

    decide(session, waiting, decision=ScreeningState.CLEAR, reason="called them", actor=LEA, now=now)

    assert (count_reviews(session, now=now), count_resting(session, now=now)) == (0, 0)
    mails = session.exec(select(Mail.kind).order_by(col(Mail.id))).all()
    assert list(mails) == ["proof_wanted", "decision_admitted"]


def test_a_company_that_changed_its_data_is_not_asked_on_the_old_case(
    session: Session, now: datetime, waiting: int
) -> None:
    with transaction(session):
        customer_id = session.get_one(Screening, waiting).customer_id
        session.get_one(Customer, customer_id).screening = ScreeningState.PENDING

    with pytest.raises(Refused) as refusal:
        ask(session, waiting, now)

    assert refusal.value.code == "screening.under_way"
    assert session.exec(select(Mail)).all() == []


def test_an_admitted_company_can_be_asked_about_an_address_or_a_card_and_stays_admitted(
    session: Session, now: datetime
) -> None:
    customer = make.customer(session)
    make.contact(session, of=customer)
    rows = [
        make.saved(
            session,
            Screening(
                customer_id=customer.id,
                trigger=trigger,
                outcome=ScreeningState.REVIEW,
                screened_at=make.NOW,
            ),
        )
        for trigger in ("card", "delivery_address")
    ]

    for row in rows:
        ask(session, row.id or 0, now)

    session.expire_all()
    assert session.get_one(Customer, customer.id).screening is ScreeningState.CLEAR
    assert count_resting(session, now=now) == 2
