"""A person of the staff asks an applicant for a paper: the case rests until it comes or the time is over."""

from datetime import datetime, timedelta

from sqlmodel import Session

from app.audit.service import Actor, record
from app.care.rules.effort import EffortCause, EffortKind
from app.care.service_effort import note_effort
from app.core.errors import N_, Invalid, Refused
from app.core.transaction import transaction
from app.customers.models import Customer, Screening
from app.customers.queries_review import is_resting
from app.customers.rules.admission import ScreeningState
from app.customers.rules.reviewing import Act, Why, faults_of
from app.customers.service import write_to
from app.customers.service_review import lock_case
from app.policy.queries import current_policy


def ask_for_proof(
    session: Session, screening_id: int, *, kind: str, note: str = "", actor: Actor, now: datetime
) -> None:
    """Mails the applicant what to send (a code of STANDARD_REASONS[PROOF]); the company stays in review.

    Asked again while the first request runs, nothing changes. `note` is kept for the staff and not sent. Raises
    NotFound, Invalid `screening.invalid`, Refused as `lock_case` does, and `screening.decided_meanwhile` where
    the case is not open.
    """
    with transaction(session):
        screening, customer = lock_case(session, screening_id)
        why = Why(note.strip(), kind)
        faults = faults_of(Act.PROOF, why, legal_form=customer.legal_form)
        if faults:
            raise Invalid(N_("Please check your entries."), code="screening.invalid", fields=tuple(faults))
        _refuse_decided(screening)
        if is_resting(screening, now=now):
            return
        screening.proof_kind = kind
        screening.proof_asked_by = actor.name[:200]
        screening.proof_asked_at = now
        screening.proof_due_at = now + timedelta(days=current_policy(session).proof_wait_days)
        screening.proof_arrived_at = None
        write_to(
            session,
            customer,
            "proof_wanted",
            key=f"proof_wanted:{screening.id}:{now.isoformat()}",
            now=now,
            proof=kind,
        )
        note_effort(
            session,
            customer_id=screening.customer_id,
            kind=EffortKind.APPLICATION_REVIEW,
            cause=EffortCause.OURS,
            source_key=f"screening:{screening.id}:proof:{now.isoformat()}",
            by=actor.name,
            now=now,
        )
        _record(
            session, "screening.proof_asked", customer, actor=actor, reason=why.sentence(Act.PROOF), now=now
        )


def note_proof(session: Session, screening_id: int, *, actor: Actor, now: datetime) -> bool:
    """Puts a case whose proof has come back into the queue; False where nothing was waited for.

    Raises as `ask_for_proof`.
    """
    with transaction(session):
        screening, customer = lock_case(session, screening_id)
        _refuse_decided(screening)
        if screening.proof_asked_at is None or screening.proof_arrived_at is not None:
            return False
        screening.proof_arrived_at = now
        _record(session, "screening.proof_arrived", customer, actor=actor, reason="", now=now)
    return True


def _refuse_decided(screening: Screening) -> None:
    # The company itself may be admitted meanwhile: a case can be about an address or a card.
    if screening.decision is None and screening.outcome is ScreeningState.REVIEW:
        return
    raise Refused(
        N_("%(name)s has decided this case in the meantime. Your decision changed nothing."),
        code="screening.decided_meanwhile",
        name=screening.decided_by or "schlicht",
    )


def _record(
    session: Session, action: str, customer: Customer, *, actor: Actor, reason: str, now: datetime
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
    )
