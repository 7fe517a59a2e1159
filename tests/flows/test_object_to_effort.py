from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session, select

from app.care.models import EffortEvent
from app.care.rules.effort import EffortCause
from app.core.db import Database
from app.core.errors import Invalid, Refused
from app.customers.models import Contact, Objection
from app.customers.rules.admission import Admission
from app.customers.rules.effort_levels import EffortLevel
from app.customers.rules.objections import EFFORT, against
from app.flows.answer_objection import NO_RELIEF, Relief, answer_objection
from app.flows.decide_effort import decide_step
from app.flows.object_to_decision import object_to_decision
from tests.flows.effort import FEE as FEE_MINUTES
from tests.flows.effort import LINA, REFUSAL, WARNING, Care, company_with_an_order, faults

NORMAL, WARNED, FEE, REFUSED = EffortLevel
ANSWER = "The label was ours; we are sorry for that."
HOUR = timedelta(hours=1)


def warned(session: Session, now: datetime) -> tuple[Care, int]:
    care = company_with_an_order(session, now)
    event_id = care.touch(WARNING, at=now)
    care.review(now)
    return care, event_id


def object_(care: Care, now: datetime) -> int:
    contact = care.session.exec(select(Contact).where(Contact.customer_id == care.customer_id)).one()
    object_to_decision(
        care.session,
        contact_id=contact.id or 0,
        text="The calls were about your mistake.",
        staff_address="team@schlicht.example",
        now=now,
    )
    care.session.rollback()
    return care.session.exec(select(Objection.id)).one() or 0


def answer(
    care: Care, objection_id: int, now: datetime, relief: Relief = NO_RELIEF, outcome: str = "upheld"
) -> None:
    answer_objection(
        care.session,
        objection_id,
        outcome=outcome,
        answer=ANSWER,
        relief=relief,
        today=date(2026, 3, 2),
        actor=LINA,
        now=now,
    )


@pytest.mark.parametrize(
    "admission, level, expected",
    [
        (Admission.ADMITTED, WARNED, EFFORT),
        (Admission.ADMITTED, FEE, EFFORT),
        (Admission.ADMITTED, NORMAL, None),
        (Admission.SUSPENDED, REFUSED, EFFORT),
        (Admission.SUSPENDED, FEE, "suspended"),
        (Admission.REFUSED, NORMAL, "refused"),
        (Admission.IN_REVIEW, WARNED, None),
    ],
)
def test_what_a_company_can_object_to(admission: Admission, level: EffortLevel, expected: str | None) -> None:
    assert against(admission, level) == expected


def test_an_upheld_objection_makes_events_ours_and_the_level_falls(
    session: Session, database: Database, now: datetime
) -> None:
    care, event_id = warned(session, now)
    objection_id = object_(care, now)

    answer(care, objection_id, now + HOUR, Relief(our_event_ids=[event_id]))
    care.review(now + HOUR, is_lighter=True)

    assert session.get_one(Objection, objection_id).against == EFFORT
    assert session.get_one(EffortEvent, event_id).cause is EffortCause.OURS
    assert care.customer().effort_level is NORMAL
    mail = next(mail for mail in care.mails() if mail.kind == "objection_answered")
    assert (mail.values["is_effort"], mail.values["is_upheld"]) == (True, True)
    assert faults(database, now=now + HOUR) == []


def test_an_upheld_objection_may_put_another_level_until_a_day(session: Session, now: datetime) -> None:
    care, _ = warned(session, now)

    answer(care, object_(care, now), now, Relief(level="normal", ends_on=date(2026, 4, 1)))

    assert care.customer().effort_level is NORMAL
    assert care.standing().override_ends_on == date(2026, 4, 1)


@pytest.mark.parametrize(
    "relief, field",
    [
        (NO_RELIEF, "our_events"),
        (Relief(our_event_ids=[999]), "our_events"),
        (Relief(level="refused", ends_on=date(2026, 4, 1)), "level"),
        (Relief(level="normal"), "ends_on"),
    ],
)
def test_an_upheld_objection_that_changes_nothing_or_something_impossible_is_not_kept(
    session: Session, now: datetime, relief: Relief, field: str
) -> None:
    care, _ = warned(session, now)
    objection_id = object_(care, now)

    with pytest.raises(Invalid) as raised:
        answer(care, objection_id, now, relief)

    assert [fault.field for fault in raised.value.fields] == [field]
    assert session.get_one(Objection, objection_id).answered_at is None
    assert care.customer().effort_level is WARNED


def test_events_of_another_company_cannot_be_corrected_by_an_objection(
    session: Session, now: datetime
) -> None:
    care, _ = warned(session, now)
    other = company_with_an_order(session, now)
    theirs = other.touch(10, at=now)

    with pytest.raises(Invalid):
        answer(care, object_(care, now), now, Relief(our_event_ids=[theirs]))

    assert session.get_one(EffortEvent, theirs).cause is EffortCause.THEIRS


def test_answering_an_objection_never_counts_against_who_objects(session: Session, now: datetime) -> None:
    care, _ = warned(session, now)

    answer(care, object_(care, now), now + HOUR, outcome="dismissed")

    session.rollback()
    causes = [event.cause for event in session.exec(select(EffortEvent).order_by(EffortEvent.id))]  # type: ignore[arg-type]
    assert causes == [EffortCause.THEIRS, EffortCause.OURS]
    assert care.review(now + HOUR) is WARNED


def test_a_company_refused_for_effort_objects_and_is_served_again_on_the_fee(
    session: Session, now: datetime
) -> None:
    care = company_with_an_order(session, now)
    last = 0
    for hours, minutes in enumerate((WARNING, FEE_MINUTES - WARNING, REFUSAL)):
        last = care.touch(minutes, at=now + hours * HOUR)
        care.review(now + hours * HOUR)
    later = now + 4 * HOUR
    reason = "Every order brings three calls."
    decide_step(
        session,
        care.customer_id,
        decision="confirm",
        proposed="refused",
        reason=reason,
        actor=LINA,
        now=later,
    )

    objection_id = object_(care, later)
    answer(care, objection_id, later, Relief(our_event_ids=[last]))

    assert session.get_one(Objection, objection_id).against == EFFORT
    assert care.customer().suspended_at is None
    assert care.customer().effort_level is FEE


def test_a_company_on_the_normal_level_has_nothing_to_object_to(session: Session, now: datetime) -> None:
    care = company_with_an_order(session, now)

    with pytest.raises(Refused):
        object_(care, now)

    session.rollback()
    assert session.exec(select(Objection)).all() == []
