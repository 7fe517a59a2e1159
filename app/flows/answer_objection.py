"""A person of the staff answers an objection: upheld opens what was closed, and either way a mail says so."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.audit.service import Actor, record
from app.core.errors import N_, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.customers.models import Contact, Customer, Objection
from app.customers.queries_screening import newest_screening
from app.customers.rules.admission import ScreeningState
from app.customers.rules.objections import Outcome, faults_of_answer
from app.customers.service import lock_customer
from app.customers.service_review import reopened
from app.mail.service import put_mail
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment

MAIN_BRAND = (Segment.A, Segment.B)
SHUT = (ScreeningState.BLOCKED, ScreeningState.REFUSED)


def answer_objection(
    session: Session, objection_id: int, *, outcome: str, answer: str, actor: Actor, now: datetime
) -> bool:
    """Answers an objection; False where the same person gave this answer before.

    Upheld, a suspended company is served again, and the case of a refused or blocked one is opened for a new
    decision; whoever decides it sees the evidence. Raises NotFound, Invalid `objection.invalid`, Refused
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
        if outcome == Outcome.UPHELD:
            _open(session, customer, answer, actor=actor, now=now)
        objection.outcome = Outcome(outcome)
        objection.answer, objection.answered_by, objection.answered_at = answer, actor.name[:200], now
        _tell(session, customer, objection, now=now)
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
    if customer.suspended_at is not None:
        customer.suspended_at, customer.suspended_reason = None, ""
        _record(session, customer, "customer.resumed", actor=actor, reason=answer, now=now)
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
