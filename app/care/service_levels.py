"""Moving a customer from effort level to level inside the caller's transaction: row, history, e-mail, shop."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from app.audit.service import SYSTEM, Actor, record
from app.care.models import EffortEvent, EffortLevelChange, EffortStanding
from app.care.queries_effort import Year, events_of, year_of
from app.care.rules.cost_to_serve import effort_cost
from app.care.rules.effort import EffortCause
from app.care.rules.levels import (
    bounds_of,
    falls_below_percent,
    following,
    is_up,
    needs_a_person,
    next_level,
    without_fall,
)
from app.customers.models import Customer
from app.customers.rules.effort_levels import EffortLevel
from app.customers.service import write_to
from app.customers.service_standing import resume_customer, suspend_customer
from app.mainbrand.rules.rating import twelve_months_before
from app.policy.queries import current_policy
from app.policy.rules.policy import Policy

LISTED_EVENTS = 20
GREATEST_KEPT = 2**31 - 1


def lock_standing(session: Session, customer: Customer, *, now: datetime) -> EffortStanding:
    """Where a customer stands, written for the first time if need be; the customer's row is locked already."""
    standing = session.exec(
        select(EffortStanding).where(col(EffortStanding.customer_id) == customer.id).with_for_update()
    ).first()
    if standing is None:
        standing = EffortStanding(
            customer_id=customer.id or 0, level=customer.effort_level, since=now, reviewed_at=now
        )
        session.add(standing)
    return standing


def review(
    session: Session,
    customer: Customer,
    year: Year,
    *,
    policy: Policy,
    now: datetime,
    is_lighter: bool = False,
) -> bool:
    """Looks at a customer's figures anew and takes the step that follows, or lays it before a person.

    True where the level or what waits for a person has changed. The customer's row is locked by the caller.
    `is_lighter`: effort counted by mistake until now, so a level stands only while its full bound is reached. While
    an override is in force, and of a company that is not served any more, only the figures are kept.
    """
    standing = lock_standing(session, customer, now=now)
    _keep_figures(standing, year, policy, now=now)
    if standing.override_level is not None:
        return False
    figures, bounds = year.figures(policy), bounds_of(policy)
    if is_lighter:
        bounds = without_fall(bounds)
    proposed = standing.proposed_level
    is_served = customer.suspended_at is None and customer.moved_up_at is None
    if proposed is not None:
        if is_served and next_level(standing.level, figures, bounds, has_new_effort=True) is proposed:
            return False
        _withdraw(session, customer, standing, now=now)
    new = next_level(
        standing.level, figures, bounds, has_new_effort=is_served and _has_new_effort(standing, year)
    )
    if new is standing.level:
        return proposed is not None
    if needs_a_person(standing.level, new, legal_form=customer.legal_form):
        standing.proposed_level, standing.proposed_at = new, now
        _record(session, customer, "effort.step_proposed", standing, new=new, actor=SYSTEM, now=now)
        return True
    take_step(session, customer, standing, new, reason="", actor=SYSTEM, now=now)
    return True


def take_step(
    session: Session,
    customer: Customer,
    standing: EffortStanding,
    new: EffortLevel,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Puts a customer onto a level by the ledger; a further step up needs effort after this moment."""
    standing.level, standing.settled_at = new, now
    standing.proposed_level = standing.proposed_at = None
    settle_level(session, customer, standing, reason=reason, actor=actor, now=now)


def settle_level(
    session: Session,
    customer: Customer,
    standing: EffortStanding,
    *,
    reason: str,
    actor: Actor,
    now: datetime,
) -> bool:
    """Makes what counts (the override, else the level) the customer's own: history, audit, e-mail, shop.

    False where it is that already. A refusal closes the shop with its reason; leaving one opens what it closed.
    """
    old, new = customer.effort_level, standing.override_level or standing.level
    if old is new:
        return False
    closed_at = _refused_at(session, customer) if old is EffortLevel.REFUSED else None
    change = EffortLevelChange(
        customer_id=customer.id or 0,
        old_level=old,
        new_level=new,
        cost_cents=standing.cost_cents,
        contribution_cents=standing.contribution_cents,
        minutes=standing.minutes,
        reason=reason,
        changed_by=actor.name[:200],
        at=now,
    )
    session.add(change)
    customer.effort_level, standing.since = new, now
    session.flush()
    _record(session, customer, "effort.level_changed", standing, new=new, actor=actor, reason=reason, now=now)
    if new is EffortLevel.REFUSED:
        suspend_customer(session, customer, reason=reason, actor=actor, now=now)
    elif closed_at is not None and customer.suspended_at == closed_at:
        resume_customer(session, customer, reason=reason, actor=actor, now=now)
    _tell(session, customer, standing, change, now=now)
    return True


def leave_refusal(session: Session, customer: Customer, *, reason: str, actor: Actor, now: datetime) -> bool:
    """A company refused for its effort is served again: it stands on the level below, the effort fee.

    Call it where a person opens the shop; False for a company on another level.
    """
    if customer.effort_level is not EffortLevel.REFUSED:
        return False
    standing = lock_standing(session, customer, now=now)
    take_step(session, customer, standing, EffortLevel.FEE, reason=reason, actor=actor, now=now)
    return True


def start_override(
    session: Session,
    customer: Customer,
    *,
    level: EffortLevel,
    ends_on: date,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Has a person's level count up to and including a day; the customer's row is locked and the values checked.

    Of a refused company the refusal is over with it.
    """
    standing = lock_standing(session, customer, now=now)
    if standing.level is EffortLevel.REFUSED:
        standing.level, standing.settled_at = EffortLevel.FEE, now
    standing.proposed_level = standing.proposed_at = None
    standing.override_level, standing.override_ends_on = level, ends_on
    standing.override_reason, standing.override_by = reason, actor.name[:200]
    _record(session, customer, "effort.overridden", standing, new=level, actor=actor, reason=reason, now=now)
    settle_level(session, customer, standing, reason=reason, actor=actor, now=now)


def end_override(
    session: Session, customer: Customer, standing: EffortStanding, *, actor: Actor, now: datetime
) -> bool:
    """What counted before an override counts again, unless the figures have fallen; False without an override."""
    if standing.override_level is None:
        return False
    reason = standing.override_reason
    _record(
        session,
        customer,
        "effort.override_ended",
        standing,
        new=standing.level,
        actor=actor,
        reason=reason,
        now=now,
    )
    standing.override_level = standing.override_ends_on = None
    standing.override_reason = standing.override_by = ""
    policy = current_policy(session)
    year = year_of(session, customer.id or 0, policy=policy, now=now)
    _keep_figures(standing, year, policy, now=now)
    standing.level = next_level(standing.level, year.figures(policy), bounds_of(policy), has_new_effort=False)
    standing.settled_at = now
    settle_level(session, customer, standing, reason="", actor=actor, now=now)
    return True


def _has_new_effort(standing: EffortStanding, year: Year) -> bool:
    if year.last_theirs_at is None:
        return False
    return standing.settled_at is None or year.last_theirs_at > standing.settled_at


def _keep_figures(standing: EffortStanding, year: Year, policy: Policy, *, now: datetime) -> None:
    figures = year.figures(policy)
    total_cost = year.total_cost(policy)
    standing.minutes = year.counted_minutes
    standing.cost_cents = _kept(figures.cost_cents)
    standing.contribution_cents = _kept(figures.contribution_cents)
    standing.ratio_bp = None if figures.ratio_bp is None else _kept(figures.ratio_bp)
    standing.total_cost_cents = _kept(total_cost)
    standing.result_cents = _kept(year.contribution.total_cents - total_cost)
    standing.reviewed_at = now


def _kept(figure: int) -> int:
    return max(-GREATEST_KEPT, min(figure, GREATEST_KEPT))


def _withdraw(session: Session, customer: Customer, standing: EffortStanding, *, now: datetime) -> None:
    """A step that waited for a person is not due any more."""
    _record(session, customer, "effort.step_withdrawn", standing, new=standing.level, actor=SYSTEM, now=now)
    standing.proposed_level = standing.proposed_at = None


def _refused_at(session: Session, customer: Customer) -> datetime | None:
    """When the last refusal for effort took effect."""
    return session.exec(
        select(EffortLevelChange.at)
        .where(
            col(EffortLevelChange.customer_id) == customer.id,
            col(EffortLevelChange.new_level) == EffortLevel.REFUSED,
        )
        .order_by(col(EffortLevelChange.id).desc())
        .limit(1)
    ).first()


def _tell(
    session: Session,
    customer: Customer,
    standing: EffortStanding,
    change: EffortLevelChange,
    *,
    now: datetime,
) -> None:
    """The e-mail of a step: its figures, what it means, how it falls again, and how to object."""
    policy = current_policy(session)
    bounds = bounds_of(policy)
    counted = [
        event
        for event in events_of(session, customer.id or 0, since=twelve_months_before(now))
        if event.cause is EffortCause.THEIRS
    ]
    above = following(change.new_level)
    ends_on = standing.override_ends_on
    write_to(
        session,
        customer,
        "effort_level_changed",
        key=f"effort_level_changed:{change.id}",
        now=now,
        level=change.new_level.value,
        is_up=is_up(change.old_level, change.new_level),
        minutes=change.minutes,
        cost_cents=change.cost_cents,
        contribution_cents=change.contribution_cents,
        ratio_bp=standing.ratio_bp,
        falls_bp=falls_below_percent(change.new_level, bounds) * 100,
        next_level=above.value if above else "",
        next_bp=bounds.of(above) * 100 if above else 0,
        least_cost_cents=policy.effort_least_cost_cents,
        fee_cents=policy.effort_fee_cents,
        reason=change.reason,
        override_ends_on=ends_on.isoformat() if ends_on else "",
        events=[_listed(event, policy) for event in counted[:LISTED_EVENTS]],
        further_count=max(0, len(counted) - LISTED_EVENTS),
    )


def _listed(event: EffortEvent, policy: Policy) -> dict[str, Any]:
    return {
        "at": event.at.isoformat(),
        "kind": event.kind.value,
        "minutes": event.minutes,
        "cost_cents": effort_cost(event.minutes, policy),
    }


def _record(
    session: Session,
    customer: Customer,
    action: str,
    standing: EffortStanding,
    *,
    new: EffortLevel,
    actor: Actor,
    now: datetime,
    reason: str = "",
) -> None:
    figures = {
        "minutes": standing.minutes,
        "cost_cents": standing.cost_cents,
        "contribution_cents": standing.contribution_cents,
    }
    ends_on = standing.override_ends_on
    record(
        session,
        actor,
        action=action,
        object_kind="customer",
        object_id=customer.id,
        object_name=customer.company_name,
        now=now,
        reason=reason,
        old={"effort_level": standing.level.value},
        new={
            "effort_level": new.value,
            **figures,
            **({"last_on": ends_on.isoformat()} if ends_on else {}),
        },
    )
