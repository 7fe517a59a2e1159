"""Reading what a rating rests on: whether it is still up to date, and the bounds that are in force."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.mainbrand.models import MainAccount, Purchase, RatingRun, RunState, SegmentChange
from app.mainbrand.rules.shares import RevenueBounds
from app.mainbrand.rules.thresholds import Thresholds
from app.policy.rules.policy import Policy, RatingMode


def basis_of(session: Session, policy_version_id: int) -> str:
    """A short text that changes whenever a rating would have to be worked out anew."""
    parts: Sequence[Any] = (
        policy_version_id,
        session.exec(select(func.max(Purchase.id))).one(),
        session.exec(select(func.max(MainAccount.id))).one(),
        session.exec(select(func.max(MainAccount.imported_at))).one(),
        session.exec(select(func.max(SegmentChange.id))).one(),
        session.exec(
            select(func.max(RatingRun.id)).where(
                col(RatingRun.state).in_((RunState.APPLIED, RunState.UNDONE))
            )
        ).one(),
        session.exec(
            select(func.count()).select_from(RatingRun).where(col(RatingRun.undone_at).is_not(None))
        ).one(),
    )
    return "|".join("" if part is None else str(part) for part in parts)


def bounds_in_force(session: Session, policy: Policy) -> RevenueBounds:
    """The revenues from which a company is A and B now: the policy's, or by shares those of the last rating."""
    fixed = RevenueBounds(policy.a_threshold_cents, policy.b_threshold_cents)
    if policy.rating_mode is RatingMode.ABSOLUTE:
        return fixed
    summary = session.exec(
        select(RatingRun.summary)
        .where(col(RatingRun.state) == RunState.APPLIED)
        .order_by(col(RatingRun.id).desc())
        .limit(1)
    ).first()
    if not summary or not summary.get("a_cents"):
        return fixed
    return RevenueBounds(summary["a_cents"], summary["b_cents"])


def thresholds_in_force(session: Session, policy: Policy) -> Thresholds:
    """What the lines of an imported list are judged by now."""
    bounds = bounds_in_force(session, policy)
    return Thresholds(
        bounds,
        growth_cents=max(1, bounds.b_cents * policy.growth_bound_percent // 100),
        prospect_bound=policy.prospect_bound_percent / 100,
        judgement_factor_percent=policy.judgement_factor_percent,
    )
