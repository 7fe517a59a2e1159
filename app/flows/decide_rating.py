"""A person asks for a rating, applies the one that was worked out, or takes the last one back."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.core.errors import N_, NotFound, Refused
from app.core.transaction import transaction
from app.jobs.service import put_job
from app.mainbrand.models import RatingRun, RunState
from app.mainbrand.queries_basis import basis_of
from app.mainbrand.service_rating import apply_run, undo_run
from app.mainbrand.staging import allow_long_statements
from app.policy.queries import current_version_id


def request_rating(session: Session, *, actor: Actor, now: datetime) -> None:
    """Has a new rating worked out as a proposal; asking twice within a minute is asking once."""
    with transaction(session):
        key = f"propose_rating@{now.isoformat(timespec='minutes')}"
        put_job(
            session,
            "propose_rating",
            now=now,
            key=key,
            actor_kind=actor.kind.value,
            actor_name=actor.name,
            actor_id=actor.id,
        )
        record(session, actor, action="rating.requested", object_kind="rating", object_id=None, now=now)


def apply_rating(session: Session, run_id: int, *, actor: Actor, now: datetime) -> int:
    """Lets a proposed rating count, all of it in one transaction; how many accounts changed.

    The gate reads the segments on each request, and all customers are screened again. Raises NotFound, and
    Refused `rating.not_open` for one that is no open proposal, `rating.outdated` where accounts, purchases or
    policy changed since it was worked out.
    """
    with transaction(session):
        allow_long_statements(session)
        run = _locked(session, run_id)
        if run.state is not RunState.PROPOSED:
            raise Refused(N_("This rating is not an open proposal any more."), code="rating.not_open")
        if run.basis != basis_of(session, current_version_id(session)):
            raise Refused(
                N_(
                    "Accounts, purchases or the policy have changed since: work out a new rating and look at it."
                ),
                code="rating.outdated",
            )
        count = apply_run(session, run, by=actor.name, now=now)
        put_job(session, "screen_all", now=now)
        _note(session, run, "rating.applied", count, actor=actor, now=now)
    return count


def undo_rating(session: Session, run_id: int, *, reason: str, actor: Actor, now: datetime) -> int:
    """Gives every account back what it had before the last applied rating; how many changed.

    Raises NotFound, and Refused `rating.not_applied`, or `rating.built_upon` when something newer depends on it.
    """
    with transaction(session):
        allow_long_statements(session)
        run = _locked(session, run_id)
        if run.state is not RunState.APPLIED:
            raise Refused(
                N_("This rating does not count, so it cannot be undone."), code="rating.not_applied"
            )
        count = undo_run(session, run, by=actor.name, now=now)
        put_job(session, "screen_all", now=now)
        _note(session, run, "rating.undone", count, actor=actor, now=now, reason=reason.strip()[:500])
    return count


def _locked(session: Session, run_id: int) -> RatingRun:
    run = session.exec(select(RatingRun).where(col(RatingRun.id) == run_id).with_for_update()).first()
    if run is None:
        raise NotFound(N_("There is no such rating."), code="rating.not_found")
    return run


def _note(
    session: Session,
    run: RatingRun,
    action: str,
    count: int,
    *,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind="rating",
        object_id=run.id,
        now=now,
        reason=reason,
        new={"changed": count, "moved": run.summary.get("moved", 0)},
    )
