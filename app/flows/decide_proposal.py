"""A person asks for a new discovery, dismisses what it proposes, or takes the dismissal back."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.insights.models import Proposal, ProposalState
from app.jobs.service import put_job

LONGEST_REASON = 500


def request_discovery(session: Session, *, actor: Actor, now: datetime) -> None:
    """Has the purchases looked through anew; asking twice within a minute is asking once."""
    with transaction(session):
        put_job(
            session,
            "discover_bundles",
            now=now,
            key=f"discover_bundles@{now.isoformat(timespec='minutes')}",
            maximum_attempts=3,
            actor_kind=actor.kind.value,
            actor_name=actor.name,
            actor_id=actor.id,
        )
        record(session, actor, action="discovery.requested", object_kind="discovery", object_id=None, now=now)


def dismiss_proposal(session: Session, proposal_id: int, *, reason: str, actor: Actor, now: datetime) -> None:
    """An open proposal is not shown any more, nor found again, until somebody reopens it.

    Raises NotFound, Invalid without a reason, and Refused `proposal.not_open`.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= LONGEST_REASON:
        message = N_("Please say in at most 500 characters why this is no bundle.")
        raise Invalid(message, code="proposal.no_reason", fields=(FieldError("reason", message),))
    with transaction(session):
        proposal = _locked(session, proposal_id)
        if proposal.state is not ProposalState.OPEN:
            raise Refused(
                N_("This proposal is not open any more: somebody has decided about it."),
                code="proposal.not_open",
            )
        _decide(session, proposal, ProposalState.DISMISSED, reason, actor=actor, now=now)


def reopen_proposal(session: Session, proposal_id: int, *, actor: Actor, now: datetime) -> None:
    """A dismissed proposal is open again. Raises NotFound, and Refused `proposal.not_dismissed` for any other."""
    with transaction(session):
        proposal = _locked(session, proposal_id)
        if proposal.state is not ProposalState.DISMISSED:
            raise Refused(N_("Only a dismissed proposal can be reopened."), code="proposal.not_dismissed")
        _decide(session, proposal, ProposalState.OPEN, "", actor=actor, now=now)


def _locked(session: Session, proposal_id: int) -> Proposal:
    proposal = session.exec(select(Proposal).where(col(Proposal.id) == proposal_id).with_for_update()).first()
    if proposal is None:
        raise NotFound(N_("There is no such proposal."), code="proposal.not_found")
    return proposal


def _decide(
    session: Session, proposal: Proposal, state: ProposalState, reason: str, *, actor: Actor, now: datetime
) -> None:
    old = proposal.state
    proposal.state, proposal.reason = state, reason
    proposal.decided_by, proposal.decided_at = actor.name, now
    record(
        session,
        actor,
        action="proposal.dismissed" if state is ProposalState.DISMISSED else "proposal.reopened",
        object_kind="proposal",
        object_id=proposal.id,
        object_name=" + ".join(sorted(proposal.skus)),
        now=now,
        reason=reason,
        old={"state": old},
        new={"state": state},
    )
