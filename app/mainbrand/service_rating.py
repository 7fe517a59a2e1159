"""Letting a stored rating count, or taking it back, inside the caller's transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update
from sqlmodel import Session, SQLModel, col, select

from app.core.errors import N_, Refused
from app.mainbrand.models import (
    RATED_COLUMNS,
    Cause,
    MainAccount,
    RatingResult,
    RatingRun,
    RunState,
    SegmentChange,
)
from app.mainbrand.rules.segments import Segment

BATCH = 5_000
STORED = (*RATED_COLUMNS, "rated_at")


def apply_run(session: Session, run: RatingRun, *, by: str, now: datetime) -> int:
    """Lets a proposed run count: the accounts' values and the history of their segments; the number changed.

    One that changes nothing leaves the one before as the last that can be undone.
    """
    results = _results(session, run)
    if not results:
        run.state = RunState.UNCHANGED
        session.add(run)
        return 0
    # Only the last applied run can be undone: the results of the one before are of no use any more.
    older = session.exec(
        select(RatingRun.id).where(
            col(RatingRun.state).in_((RunState.APPLIED, RunState.UNDONE)), col(RatingRun.id) != run.id
        )
    ).all()
    if older:
        session.execute(delete(RatingResult).where(col(RatingResult.run_id).in_(older)))
    _write(session, [{"id": one.main_account_id, **_values(one.new)} for one in results])
    _note(
        session,
        [
            _change(
                one.main_account_id, one.old_segment, one.new_segment, one.new["segment_reason"], run, by, now
            )
            for one in results
            if one.has_moved
        ],
    )
    run.state, run.applied_by, run.applied_at = RunState.APPLIED, by, now
    session.add(run)
    return len(results)


def undo_run(session: Session, run: RatingRun, *, by: str, now: datetime) -> int:
    """Gives every account back what it had before an applied run; the number changed.

    Raises Refused (`rating.built_upon`) when a newer rating or a person's override depends on it.
    """
    results = _results(session, run)
    newer = session.exec(
        select(RatingRun.id).where(
            col(RatingRun.applied_at).is_not(None),
            col(RatingRun.undone_at).is_(None),
            col(RatingRun.id) > (run.id or 0),
        )
    ).first()
    if newer is not None:
        raise Refused(N_("A newer rating was applied since: undo that one first."), code="rating.built_upon")
    last_of_run = session.exec(
        select(SegmentChange.id)
        .where(col(SegmentChange.run_id) == run.id)
        .order_by(col(SegmentChange.id).desc())
        .limit(1)
    ).first()
    later = select(SegmentChange.id).where(
        col(SegmentChange.at) >= run.applied_at,
        col(SegmentChange.main_account_id).in_(
            select(RatingResult.main_account_id).where(col(RatingResult.run_id) == run.id)
        ),
        col(SegmentChange.run_id).is_distinct_from(run.id),
    )
    if last_of_run is not None:
        later = later.where(col(SegmentChange.id) > last_of_run)
    if session.exec(later.limit(1)).first() is not None:
        message = N_(
            "An override or the main brand's list has changed one of these accounts since: work out a new rating."
        )
        raise Refused(message, code="rating.built_upon")
    _write(session, [{"id": one.main_account_id, **_values(one.old)} for one in results])
    _note(
        session,
        [
            _change(
                one.main_account_id,
                one.new_segment,
                one.old_segment,
                one.old["segment_reason"],
                run,
                by,
                now,
                cause=Cause.UNDO,
            )
            for one in results
            if one.has_moved
        ],
    )
    run.state, run.undone_by, run.undone_at = RunState.UNDONE, by, now
    session.add(run)
    return len(results)


def note_change(
    session: Session,
    account: MainAccount,
    new_segment: Segment,
    *,
    cause: Cause,
    reason: str,
    by: str,
    policy_version_id: int | None,
    now: datetime,
) -> None:
    """Writes one line into an account's history when its segment really changes."""
    if account.segment is not new_segment:
        session.add(
            SegmentChange(
                main_account_id=account.id or 0,
                at=now,
                old_segment=account.segment,
                new_segment=new_segment,
                cause=cause,
                reason=reason,
                changed_by=by,
                policy_version_id=policy_version_id,
            )
        )


def _results(session: Session, run: RatingRun) -> list[Any]:
    table = _table(RatingResult)
    return list(session.execute(select(table).where(table.c.run_id == run.id).order_by(table.c.id)))


def _values(stored: dict[str, Any]) -> dict[str, Any]:
    """Stored values as the columns take them."""
    rated = stored["rated_segment"]
    return {
        **{name: stored[name] for name in STORED},
        "segment": Segment(stored["segment"]),
        "rated_segment": Segment(rated) if rated else None,
        "rated_at": datetime.fromisoformat(stored["rated_at"]) if stored["rated_at"] else None,
    }


def _write(session: Session, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        session.execute(update(MainAccount), rows[start : start + BATCH])


def _change(
    account_id: int,
    old: Segment,
    new: Segment,
    reason: str,
    run: RatingRun,
    by: str,
    now: datetime,
    *,
    cause: Cause = Cause.RATING,
) -> dict[str, Any]:
    return {
        "main_account_id": account_id,
        "at": now,
        "old_segment": old,
        "new_segment": new,
        "cause": cause,
        "reason": reason,
        "changed_by": by,
        "run_id": run.id,
        "prospect_model_id": run.prospect_model_id,
        "policy_version_id": run.policy_version_id,
    }


def _note(session: Session, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        session.execute(insert(_table(SegmentChange)), rows[start : start + BATCH])


def _table(model: type[SQLModel]) -> Any:
    return SQLModel.metadata.tables[str(model.__tablename__)]
