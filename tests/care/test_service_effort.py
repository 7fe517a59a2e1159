from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.care.models import EffortEvent
from app.care.rules.effort import EffortCause, EffortKind
from app.care.service_effort import correct_cause, note_effort, set_effort_cause
from app.core.transaction import transaction
from app.customers.models import Customer
from app.jobs.models import Job
from tests import make

LINA = Actor(ActorKind.STAFF, "Lina Harms", 3)
THEIRS, OURS, UNDECIDED = EffortCause.THEIRS, EffortCause.OURS, EffortCause.UNDECIDED


def note(session: Session, customer: Customer, now: datetime, **values: object) -> bool:
    facts = {"kind": EffortKind.PHONE_HELP, "cause": UNDECIDED, "source_key": "call:1", **values}
    with transaction(session):
        return note_effort(session, customer_id=customer.id or 0, now=now, **facts)  # type: ignore[arg-type]


def event(session: Session) -> EffortEvent:
    session.rollback()
    return session.exec(select(EffortEvent)).one()


def reviews(session: Session) -> list[dict[str, object]]:
    session.rollback()
    return [job.args for job in session.exec(select(Job).order_by(col(Job.id)))]


def test_a_touch_is_noted_once_with_the_policys_minutes_and_has_the_customer_reviewed(
    session: Session, now: datetime
) -> None:
    customer = make.customer(session)

    assert note(session, customer, now, by="Ole Brandt", note="  asked for a price  ")
    assert not note(session, customer, now, minutes=99)

    kept = event(session)
    assert (kept.minutes, kept.note, kept.noted_by, kept.at) == (15, "asked for a price", "Ole Brandt", now)
    assert reviews(session) == [{"customer_id": customer.id, "is_lighter": False}]


def test_the_cause_of_a_touch_is_set_by_its_own_process_and_reviewed_once(
    session: Session, now: datetime
) -> None:
    customer = make.customer(session)
    note(session, customer, now, cause=THEIRS)

    with transaction(session):
        assert set_effort_cause(session, source_key="call:1", cause=OURS, now=now)
    with transaction(session):
        assert not set_effort_cause(session, source_key="call:1", cause=OURS, now=now)
        assert not set_effort_cause(session, source_key="call:2", cause=OURS, now=now)

    assert event(session).cause is OURS
    assert [job["is_lighter"] for job in reviews(session)] == [False, True]


def test_what_a_person_corrected_by_hand_stands(session: Session, now: datetime) -> None:
    customer = make.customer(session)
    note(session, customer, now)
    with transaction(session):
        row = session.exec(select(EffortEvent)).one()
        assert correct_cause(session, customer, row, cause=OURS, reason="our list", actor=LINA, now=now)

    with transaction(session):
        assert not set_effort_cause(session, source_key="call:1", cause=THEIRS, now=now)

    kept = event(session)
    assert (kept.cause, kept.corrected_by, kept.correction_reason) == (OURS, "Lina Harms", "our list")
