"""A person gives a company another segment until a day; where the policy wants it, a second person approves."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from app.audit.service import SYSTEM, Actor, record
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.customers.models import Customer
from app.jobs.service import put_job
from app.mainbrand.models import Cause, MainAccount, OverrideState, RatingOverride
from app.mainbrand.rules.segments import Segment
from app.mainbrand.service_rating import note_change
from app.policy.queries import current_policy, current_version_id
from app.policy.rules.policy import OverrideApproval

OPEN = (OverrideState.PROPOSED, OverrideState.ACTIVE)
LONGEST_REASON = 400
GIVEN = N_("given by %(name)s until %(date)s: %(reason)s")


@dataclass(frozen=True)
class Target:
    """Whose segment is overridden: a main account or a customer of the shop."""

    account_id: int | None = None
    customer_id: int | None = None


def propose_override(
    session: Session,
    target: Target,
    *,
    segment: Segment,
    reason: str,
    last_on: date,
    today: date,
    actor: Actor,
    now: datetime,
) -> bool:
    """Overrides a segment up to and including a day; True when it counts at once, False when a second person must act.

    Raises NotFound, Invalid with the fields `segment`, `reason` and `last_on`, and Refused `override.open`
    while another override of the same company counts or waits.
    """
    reason = reason.strip()
    with transaction(session):
        policy = current_policy(session)
        _check(segment, reason, last_on, today=today, longest_days=policy.override_longest_days)
        thing = _locked(session, target)
        if _open_override(session, target) is not None:
            raise Refused(
                N_("Another override of this company counts or waits already: end that one first."),
                code="override.open",
            )
        override = RatingOverride(
            main_account_id=target.account_id,
            customer_id=target.customer_id,
            segment=segment,
            reason=reason,
            last_on=last_on,
            state=OverrideState.PROPOSED,
            proposed_by=actor.name,
            proposed_by_id=actor.id,
            proposed_at=now,
        )
        session.add(override)
        session.flush()
        is_active = policy.override_approval is OverrideApproval.ONE
        if is_active:
            _activate(session, override, thing, by=actor.name, now=now)
        _note(
            session,
            override,
            thing,
            "rating.overridden" if is_active else "rating.override_proposed",
            actor=actor,
            now=now,
        )
    return is_active


def decide_override(
    session: Session, override_id: int, *, is_approved: bool, actor: Actor, now: datetime
) -> None:
    """The second person lets a proposed override count, or refuses it.

    Raises NotFound, and Refused `override.not_waiting`, or `override.same_person` when the proposer approves.
    """
    with transaction(session):
        override, thing = _found(session, override_id)
        if override.state is not OverrideState.PROPOSED:
            raise Refused(
                N_("This override does not wait for a decision any more."), code="override.not_waiting"
            )
        if is_approved and actor.id == override.proposed_by_id:
            raise Refused(
                N_("You proposed this override yourself: a second person has to approve it."),
                code="override.same_person",
            )
        override.decided_by, override.decided_at = actor.name, now
        if is_approved:
            _activate(session, override, thing, by=actor.name, now=now)
        else:
            override.state = OverrideState.REFUSED
        action = "rating.overridden" if is_approved else "rating.override_refused"
        _note(session, override, thing, action, actor=actor, now=now)


def end_override(session: Session, override_id: int, *, actor: Actor, now: datetime) -> None:
    """Ends an override before its day: the rating counts again. Raises NotFound, and Refused `override.not_active`."""
    with transaction(session):
        override, thing = _found(session, override_id)
        if override.state is not OverrideState.ACTIVE:
            raise Refused(N_("This override does not count (any more)."), code="override.not_active")
        _end(session, override, thing, actor=actor, now=now)


def end_due_overrides(session: Session, *, today: date, now: datetime) -> int:
    """Ends the overrides whose last day is over, and proposals that nobody decided in time; how many."""
    due = session.exec(
        select(RatingOverride.id).where(
            col(RatingOverride.state).in_(OPEN), col(RatingOverride.last_on) < today
        )
    ).all()
    count = 0
    for override_id in due:
        with transaction(session):
            override, thing = _found(session, override_id or 0)
            if override.state is OverrideState.ACTIVE:
                _end(session, override, thing, actor=SYSTEM, now=now)
                count += 1
            elif override.state is OverrideState.PROPOSED:
                override.state, override.decided_at = OverrideState.REFUSED, now
                _note(session, override, thing, "rating.override_refused", actor=SYSTEM, now=now)
                count += 1
    return count


def _check(segment: Segment, reason: str, last_on: date, *, today: date, longest_days: int) -> None:
    faults = []
    if segment is Segment.UNRATED:
        faults.append(FieldError("segment", N_("Please choose one of the offered values.")))
    if not reason or len(reason) > LONGEST_REASON:
        faults.append(FieldError("reason", N_("Please say why, in at most 400 characters.")))
    if not today <= last_on <= today + timedelta(days=longest_days):
        message = N_("Please enter a day from today on, at most %(days)s days ahead.")
        faults.append(FieldError("last_on", message, {"days": longest_days}))
    if faults:
        raise Invalid(N_("Please check the entries."), code="override.invalid", fields=tuple(faults))


def _locked(session: Session, target: Target) -> MainAccount | Customer:
    thing: MainAccount | Customer | None
    if target.account_id is not None:
        thing = session.exec(
            select(MainAccount).where(col(MainAccount.id) == target.account_id).with_for_update()
        ).first()
    else:
        thing = session.exec(
            select(Customer).where(col(Customer.id) == target.customer_id).with_for_update()
        ).first()
    if thing is None:
        raise NotFound(N_("There is no such company."), code="override.no_company")
    return thing


def _found(session: Session, override_id: int) -> tuple[RatingOverride, MainAccount | Customer]:
    known = session.exec(select(RatingOverride).where(col(RatingOverride.id) == override_id)).first()
    if known is None:
        raise NotFound(N_("There is no such override."), code="override.not_found")
    # The company's row first, as everywhere: two people who decide at once wait for each other there.
    thing = _locked(session, Target(known.main_account_id, known.customer_id))
    override = session.exec(
        select(RatingOverride).where(col(RatingOverride.id) == override_id).with_for_update()
    ).one()
    return override, thing


def _open_override(session: Session, target: Target) -> RatingOverride | None:
    query = select(RatingOverride).where(col(RatingOverride.state).in_(OPEN))
    if target.account_id is not None:
        return session.exec(query.where(col(RatingOverride.main_account_id) == target.account_id)).first()
    return session.exec(query.where(col(RatingOverride.customer_id) == target.customer_id)).first()


def _activate(
    session: Session, override: RatingOverride, thing: MainAccount | Customer, *, by: str, now: datetime
) -> None:
    reason = GIVEN % {
        "name": override.proposed_by,
        "date": override.last_on.isoformat(),
        "reason": override.reason,
    }
    override.state = OverrideState.ACTIVE
    override.before_segment, override.before_reason = Segment(thing.segment), thing.segment_reason
    if isinstance(thing, MainAccount):
        note_change(
            session,
            thing,
            override.segment,
            cause=Cause.OVERRIDE,
            reason=reason[:500],
            by=by,
            policy_version_id=current_version_id(session),
            now=now,
        )
        thing.rated_segment = thing.rated_segment or Segment(thing.segment)
        thing.override_id = override.id
        put_job(session, "screen_all", now=now)
    thing.segment, thing.segment_reason = override.segment, reason[:500]


def _end(
    session: Session, override: RatingOverride, thing: MainAccount | Customer, *, actor: Actor, now: datetime
) -> None:
    override.state, override.ended_by, override.ended_at = OverrideState.ENDED, actor.name, now
    if isinstance(thing, MainAccount):
        rated = Segment(thing.rated_segment or override.before_segment or Segment.UNRATED)
        reason = str((thing.evidence or {}).get("reason", override.before_reason))
        note_change(
            session,
            thing,
            rated,
            cause=Cause.OVERRIDE_ENDED,
            reason=reason,
            by=actor.name,
            policy_version_id=current_version_id(session),
            now=now,
        )
        thing.segment, thing.segment_reason, thing.override_id = rated, reason, None
        put_job(session, "screen_all", now=now)
    elif thing.segment is override.segment:
        # Unless something else (a refused review, say) took the segment meanwhile.
        thing.segment = Segment(override.before_segment or Segment.UNRATED)
        thing.segment_reason = override.before_reason
    _note(session, override, thing, "rating.override_ended", actor=actor, now=now)


def _note(
    session: Session,
    override: RatingOverride,
    thing: MainAccount | Customer,
    action: str,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind="main_account" if isinstance(thing, MainAccount) else "customer",
        object_id=thing.id,
        object_name=thing.company_name,
        now=now,
        reason=override.reason,
        old={"segment": override.before_segment.value if override.before_segment else None},
        new={
            "segment": override.segment.value,
            "last_on": override.last_on.isoformat(),
            "override_id": override.id,
        },
    )
