from datetime import datetime

import pytest
from sqlmodel import Session, col, select

from app.care.models import EffortEvent
from app.care.rules.complaints import ComplaintOutcome, ComplaintReason, ComplaintState
from app.care.rules.effort import EffortCause
from app.core.db import Database
from app.core.errors import NotFound, Refused
from app.insights.invariants import check_invariants
from app.mail.models import Mail
from tests.flows.complaining import OLE, Case, arrived, counts


@pytest.fixture
def case(session: Session, database: Database, now: datetime) -> Case:
    made = arrived(session, database, now=now)
    made.file(session)
    return made


def test_who_disagrees_is_heard_once_more_by_another_person(session: Session, case: Case) -> None:
    case.decide(session, ComplaintOutcome.REJECTED, rejection="no_defect", fault=EffortCause.THEIRS)

    assert case.reopen(session)
    assert not case.reopen(session)

    complaint = case.complaint(session)
    assert (complaint.state, complaint.outcome, complaint.fault) == (
        ComplaintState.OPEN,
        None,
        EffortCause.UNDECIDED,
    )
    assert set(session.exec(select(EffortEvent.cause))) == {EffortCause.UNDECIDED}
    assert len(session.exec(select(EffortEvent.id)).all()) == 2
    with pytest.raises(Refused) as refusal:
        case.decide(session, ComplaintOutcome.REFUND_LINES)
    assert refusal.value.code == "complaint.same_person"
    case.decide(session, ComplaintOutcome.REFUND_LINES, actor=OLE)
    session.rollback()
    assert set(session.exec(select(EffortEvent.cause))) == {EffortCause.OURS}
    with pytest.raises(Refused) as refusal:
        case.reopen(session)
    assert refusal.value.code == "complaint.reopened_before"
    kinds = session.exec(
        select(Mail.kind).where(col(Mail.object_kind) == "complaint").order_by(col(Mail.id))
    ).all()
    assert kinds == [
        "complaint_received",
        "complaint_filed",
        "complaint_answered",
        "complaint_reopened",
        "complaint_filed",
        "complaint_answered",
    ]


def test_another_company_cannot_reopen_and_a_taken_line_stays_taken(session: Session, case: Case) -> None:
    case.decide(session, ComplaintOutcome.REJECTED, rejection="no_defect")
    first = case.complaint(session)
    case.file(session, form_key="form-2")
    before = counts(session)

    with pytest.raises(NotFound):
        case.reopen(session, complaint_number=first.number, customer_id=first.customer_id + 1_000)
    with pytest.raises(Refused) as refusal:
        case.reopen(session, complaint_number=first.number)

    assert refusal.value.code == "complaint.open_already"
    assert counts(session) == before


def test_a_rejected_complaint_is_not_opened_again_for_pieces_that_another_is_about_since(
    session: Session, case: Case, read_session: Session
) -> None:
    case.decide(session, ComplaintOutcome.REJECTED, rejection="no_defect")
    first = case.complaint(session).number
    pieces = {case.line_ids[0]: 2}
    case.file(session, form_key="form-2", reason=ComplaintReason.MISSING, quantities=pieces)
    case.decide(session, ComplaintOutcome.REPLACEMENT)
    before = counts(session)

    with pytest.raises(Refused) as refusal:
        case.reopen(session, complaint_number=first)

    assert (refusal.value.code, counts(session)) == ("complaint.complained_before", before)
    found = {one.invariant for one in check_invariants(read_session, now=case.now)}
    assert "no_piece_is_complained_of_twice" not in found
