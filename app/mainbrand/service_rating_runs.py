"""Storing a rating's outcome as a proposal, inside the caller's transaction, and summing it up for its preview."""

from collections import Counter
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, update
from sqlmodel import Session, SQLModel, col, select

from app.mainbrand.models import RATED_COLUMNS, RatingResult, RatingRun, RunState
from app.mainbrand.rating_run import Change, Outcome
from app.mainbrand.rules.segments import Segment

BATCH = 5_000


def store_run(
    session: Session,
    outcome: Outcome,
    *,
    summary: dict[str, Any],
    started_by: str,
    night_on: date | None,
    now: datetime,
) -> RatingRun:
    """Keeps an outcome as the one proposal; older proposals are superseded and their results forgotten.

    Every account of the outcome has its row by now. A model that is new gets its row first.
    """
    if outcome.model is not None and outcome.model.id is None:
        session.add(outcome.model)
        session.flush()
    older = session.exec(select(RatingRun.id).where(col(RatingRun.state) == RunState.PROPOSED)).all()
    if older:
        session.execute(delete(RatingResult).where(col(RatingResult.run_id).in_(older)))
        session.execute(
            update(RatingRun).where(col(RatingRun.id).in_(older)).values(state=RunState.SUPERSEDED)
        )
    run = RatingRun(
        state=RunState.PROPOSED,
        summary=summary,
        basis=outcome.basis,
        policy_version_id=outcome.policy_version_id,
        prospect_model_id=outcome.model.id if outcome.model else None,
        ends_at=outcome.ends_at,
        night_on=night_on,
        started_by=started_by,
        created_at=now,
    )
    session.add(run)
    session.flush()
    rows = [_result(run.id or 0, change, now=now) for change in outcome.changes]
    for start in range(0, len(rows), BATCH):
        session.execute(insert(SQLModel.metadata.tables["rating_results"]), rows[start : start + BATCH])
    return run


def summarise(outcome: Outcome) -> dict[str, Any]:
    """What a preview shows: counts and revenue per segment before and after, and who moves from where to where."""
    before, after = _sums(), _sums()
    moves: Counter[tuple[Segment, Segment]] = Counter()
    for old, new, cents in outcome.segments:
        for sums, segment in ((before, old), (after, new)):
            sums[segment.value]["accounts"] += 1
            sums[segment.value]["revenue_cents"] += cents
        moves[old, new] += 1
    return {
        "before": before,
        "after": after,
        "moves": [
            {"from": old.value, "to": new.value, "accounts": count}
            for (old, new), count in sorted(moves.items())
        ],
        "changed": len(outcome.changes),
        "moved": sum(change.has_moved for change in outcome.changes),
        "added": sum(change.account.id is None for change in outcome.changes),
        "foreign_lines": outcome.foreign_line_count,
        "a_cents": outcome.bounds.a_cents,
        "b_cents": outcome.bounds.b_cents,
        "method": "model" if outcome.model else "rule",
    }


def _sums() -> dict[str, dict[str, int]]:
    return {segment.value: {"accounts": 0, "revenue_cents": 0} for segment in Segment}


def _result(run_id: int, change: Change, *, now: datetime) -> dict[str, Any]:
    account = change.account
    old = {name: getattr(account, name) for name in RATED_COLUMNS}
    new = {name: change.new[name] for name in RATED_COLUMNS}
    rated_at = now if change.new["is_by_purchases"] else account.rated_at
    return {
        "run_id": run_id,
        "main_account_id": account.id,
        "has_moved": change.has_moved,
        "old_segment": account.segment,
        "new_segment": change.new_segment,
        "old": {**old, "rated_at": account.rated_at.isoformat() if account.rated_at else None},
        "new": {**new, "rated_at": rated_at.isoformat() if rated_at else None},
    }
