"""A person of the staff answers an objection: upheld opens what was closed, and either way a mail says so."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.care.models import EffortEvent
from app.care.rules.effort import EffortCause, EffortKind
from app.care.rules.levels import faults_of_override
from app.care.service_effort import correct_cause, note_effort
from app.care.service_levels import leave_refusal, start_override
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.customers.models import Contact, Customer, Objection
from app.customers.queries_screening import newest_screening
from app.customers.rules.admission import ScreeningState
from app.customers.rules.effort_levels import EffortLevel
from app.customers.rules.objections import EFFORT, Outcome, faults_of_answer
from app.customers.service import lock_customer
from app.customers.service_review import reopened
from app.customers.service_standing import resume_customer
from app.mail.service import put_mail
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment
from app.policy.queries import current_policy

MAIN_BRAND = (Segment.A, Segment.B)
SHUT = (ScreeningState.BLOCKED, ScreeningState.REFUSED)


@dataclass(frozen=True)
class Relief:
    """What an upheld objection to the effort level changes: events that were our doing after all, or another level
    (its value) up to and including a day, or both.
    """

    our_event_ids: Collection[int] = ()
    level: str = ""
    ends_on: date | None = None


NO_RELIEF = Relief()


def answer_objection(
    session: Session,
    objection_id: int,
    *,
    outcome: str,
    answer: str,
    relief: Relief = NO_RELIEF,
    today: date | None = None,
    actor: Actor,
    now: datetime,
) -> bool:
    """Answers an objection; False where the same person gave this answer before.

    Upheld, a suspended company is served again, and the case of a refused or blocked one is opened for a new
    decision; whoever decides it sees the evidence. Upheld against the effort level, the `relief` takes effect.
    Answering is work, and never counts against who objects. Raises NotFound, Invalid `objection.invalid`, Refused
    `objection.answered` (somebody else was faster) or `objection.by_segment` (the company is kept out by its
    segment, which is changed on its page).
    """
    answer = answer.strip()
    faults = faults_of_answer(outcome, answer)
    if faults:
        raise Invalid(N_("Please check your entries."), code="objection.invalid", fields=tuple(faults))
    with transaction(session):
        objection = session.get(Objection, objection_id)
        if objection is None:
            raise NotFound(N_("There is no such objection."), code="objection.not_found")
        customer = lock_customer(session, objection.customer_id)
        session.refresh(objection)
        if objection.answered_at is not None:
            if (objection.answered_by, objection.answer) == (actor.name[:200], answer):
                return False
            raise Refused(
                N_("%(name)s has answered this objection in the meantime. Your answer changed nothing."),
                code="objection.answered",
                name=objection.answered_by,
            )
        if outcome == Outcome.UPHELD and objection.against == EFFORT:
            _relieve(session, customer, relief, answer, today=today or now.date(), actor=actor, now=now)
        elif outcome == Outcome.UPHELD:
            _open(session, customer, answer, actor=actor, now=now)
        objection.outcome = Outcome(outcome)
        objection.answer, objection.answered_by, objection.answered_at = answer, actor.name[:200], now
        _tell(session, customer, objection, now=now)
        note_effort(
            session,
            customer_id=objection.customer_id,
            kind=EffortKind.STAFF_ACTION,
            cause=EffortCause.OURS,
            source_key=f"objection:{objection.id}",
            by=actor.name,
            now=now,
        )
        new = {"objection_id": objection.id, "against": objection.against}
        _record(session, customer, f"objection.{outcome}", actor=actor, reason=answer, now=now, new=new)
    return True


def _open(session: Session, customer: Customer, answer: str, *, actor: Actor, now: datetime) -> None:
    """Undoes the suspension, and opens the case again of a company that is refused, blocked or linked to an A or
    B account; each with the trace that such an act has.
    """
    if customer.segment in MAIN_BRAND:
        raise Refused(
            N_("The company itself is rated %(segment)s. Change its segment on its page first."),
            code="objection.by_segment",
            segment=customer.segment.value,
        )
    if resume_customer(session, customer, reason=answer, actor=actor, now=now):
        leave_refusal(session, customer, reason=answer, actor=actor, now=now)
    if customer.screening not in SHUT and not _is_linked_to_main_brand(session, customer):
        return
    assert customer.id is not None
    last = newest_screening(session, customer.id)
    if last is None or customer.screening is ScreeningState.REVIEW:
        return
    reopened(session, last, now=now).reason = "objection"
    old, customer.screening = customer.screening, ScreeningState.REVIEW
    _record(
        session,
        customer,
        "screening.reopened",
        actor=actor,
        reason=answer,
        now=now,
        old={"screening": old.value},
        new={"screening": ScreeningState.REVIEW.value},
    )


def _relieve(
    session: Session,
    customer: Customer,
    relief: Relief,
    answer: str,
    *,
    today: date,
    actor: Actor,
    now: datetime,
) -> None:
    """Corrects the events that were ours and puts the company onto the other level; a refusal is over with it."""
    ids = set(relief.our_event_ids)
    events = session.exec(
        select(EffortEvent)
        .where(col(EffortEvent.id).in_(ids), col(EffortEvent.customer_id) == customer.id)
        .order_by(col(EffortEvent.id))
        .with_for_update()
    ).all()
    if len(events) != len(ids) or not (ids or relief.level):
        message = N_(
            "Please tick what was our doing, or choose another level: an upheld objection changes something."
        )
        fault = FieldError("our_events", message)
        raise Invalid(N_("Please check your entries."), code="objection.invalid", fields=(fault,))
    if relief.level:
        longest = timedelta(days=current_policy(session).override_longest_days)
        faults = faults_of_override(relief.level, relief.ends_on, today=today, longest=longest)
        if faults:
            raise Invalid(N_("Please check your entries."), code="objection.invalid", fields=tuple(faults))
    reason = answer[:400]
    for event in events:
        correct_cause(session, customer, event, cause=EffortCause.OURS, reason=reason, actor=actor, now=now)
    if resume_customer(session, customer, reason=answer, actor=actor, now=now):
        leave_refusal(session, customer, reason=reason, actor=actor, now=now)
    if relief.level:
        assert relief.ends_on is not None
        start_override(
            session,
            customer,
            level=EffortLevel(relief.level),
            ends_on=relief.ends_on,
            reason=reason,
            actor=actor,
            now=now,
        )


def _is_linked_to_main_brand(session: Session, customer: Customer) -> bool:
    if customer.main_account_id is None:
        return False
    return session.get_one(MainAccount, customer.main_account_id).segment in MAIN_BRAND


def _tell(session: Session, customer: Customer, objection: Objection, *, now: datetime) -> None:
    contact = session.get_one(Contact, objection.contact_id)
    put_mail(
        session,
        "objection_answered",
        key=f"objection_answered:{objection.id}",
        to=contact.email,
        language=contact.language,
        object_kind="customer",
        object_id=objection.customer_id,
        now=now,
        contact_name=contact.name,
        company_name=customer.company_name,
        number=customer.number,
        answer=objection.answer,
        is_upheld=objection.outcome is Outcome.UPHELD,
        is_reviewed=customer.screening is ScreeningState.REVIEW,
        is_effort=objection.against == EFFORT,
    )


def _record(
    session: Session,
    customer: Customer,
    action: str,
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind="customer",
        object_id=customer.id,
        object_name=customer.company_name,
        now=now,
        reason=reason,
        old=old,
        new=new,
    )
