"""Reading ratings for the desk and the clock: runs, movers, histories, overrides; without data frames."""

from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, func, select

from app.core.paging import Slice, read_page
from app.mainbrand.models import (
    MainAccount,
    OverrideState,
    ProspectModel,
    RatingOverride,
    RatingResult,
    RatingRun,
    RunState,
    SegmentChange,
)
from app.policy.queries import current_policy
from app.policy.rules.policy import AutomaticRating

MOST_DOTS = 1_500


def night_due(session: Session, *, zone: ZoneInfo, now: datetime) -> date | None:
    """The local date whose nightly rating is due: its hour has come, and none was made for it yet; else None."""
    local = now.astimezone(zone)
    policy = current_policy(session)
    if policy.automatic_rating is AutomaticRating.OFF or local.hour < policy.nightly_rating_hour:
        return None
    return None if has_night_run(session, local.date()) else local.date()


def has_night_run(session: Session, night_on: date) -> bool:
    """Whether a nightly rating of this local date was made."""
    return session.exec(select(RatingRun.id).where(col(RatingRun.night_on) == night_on)).first() is not None


def open_proposal(session: Session) -> RatingRun | None:
    """The rating that waits to be looked at and applied."""
    return session.exec(
        select(RatingRun)
        .where(col(RatingRun.state) == RunState.PROPOSED)
        .order_by(col(RatingRun.id).desc())
        .limit(1)
    ).first()


def last_applied(session: Session) -> RatingRun | None:
    """The rating that counts: the newest applied one that was not undone."""
    return session.exec(
        select(RatingRun)
        .where(col(RatingRun.state) == RunState.APPLIED)
        .order_by(col(RatingRun.applied_at).desc(), col(RatingRun.id).desc())
        .limit(1)
    ).first()


def list_runs(session: Session, *, limit: int) -> Sequence[RatingRun]:
    """The newest ratings, newest first."""
    return session.exec(select(RatingRun).order_by(col(RatingRun.id).desc()).limit(limit)).all()


def list_movers(session: Session, run_id: int, *, page: int) -> Slice[tuple[RatingResult, MainAccount]]:
    """One page of the accounts whose segment a run moves, the largest revenue first."""
    query = (
        select(RatingResult, MainAccount)
        .join(MainAccount, col(MainAccount.id) == col(RatingResult.main_account_id))
        .where(col(RatingResult.run_id) == run_id, col(RatingResult.has_moved))
        .order_by(func.coalesce(col(MainAccount.revenue_12m_cents), 0).desc(), col(MainAccount.id))
    )
    return read_page(session, query, page=page)


def history_of(session: Session, account_id: int, *, limit: int = 100) -> Sequence[SegmentChange]:
    """The changes of an account's segment, newest first."""
    return session.exec(
        select(SegmentChange)
        .where(col(SegmentChange.main_account_id) == account_id)
        .order_by(col(SegmentChange.id).desc())
        .limit(limit)
    ).all()


def overrides_of(
    session: Session, *, account_id: int | None = None, customer_id: int | None = None
) -> Sequence[RatingOverride]:
    """The overrides of an account, or of a customer, newest first."""
    query = select(RatingOverride).order_by(col(RatingOverride.id).desc()).limit(50)
    if account_id is not None:
        return session.exec(query.where(col(RatingOverride.main_account_id) == account_id)).all()
    return session.exec(query.where(col(RatingOverride.customer_id) == customer_id)).all()


def waiting_overrides(session: Session, *, limit: int = 50) -> Sequence[RatingOverride]:
    """The overrides that wait for a second person, oldest first."""
    return session.exec(
        select(RatingOverride)
        .where(col(RatingOverride.state) == OverrideState.PROPOSED)
        .order_by(col(RatingOverride.id))
        .limit(limit)
    ).all()


def count_waiting_overrides(session: Session) -> int:
    """How many overrides wait for a second person."""
    return session.exec(
        select(func.count())
        .select_from(RatingOverride)
        .where(col(RatingOverride.state) == OverrideState.PROPOSED)
    ).one()


def find_override(session: Session, override_id: int) -> RatingOverride:
    """One override. Raises NoResultFound."""
    return session.exec(select(RatingOverride).where(col(RatingOverride.id) == override_id)).one()


def find_model(session: Session, model_id: int | None) -> ProspectModel | None:
    """One version of the growth model, or None."""
    return session.get(ProspectModel, model_id) if model_id is not None else None


def read_dots(session: Session) -> tuple[list[tuple[int, int, str]], int]:
    """(revenue in cents, prospect in basis points, segment) of rated accounts for a plot, and one in how many it is."""
    is_rated = col(MainAccount.prospect_bp).is_not(None) & col(MainAccount.revenue_12m_cents).is_not(None)
    count = session.exec(select(func.count()).select_from(MainAccount).where(is_rated)).one()
    step = max(1, -(-count // MOST_DOTS))
    query = select(MainAccount.revenue_12m_cents, MainAccount.prospect_bp, MainAccount.segment).where(
        is_rated
    )
    if step > 1:
        query = query.where(col(MainAccount.id) % step == 0)
    dots = [(revenue or 0, prospect or 0, str(segment)) for revenue, prospect, segment in session.exec(query)]
    return dots, step
