"""Claiming due jobs under a lease, finishing them under its fencing token, and moving schedules on."""

import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlmodel import Session, col

from app.jobs.models import Job, JobState, Schedule
from app.jobs.service import insert_into, put_job

FIRST_BACKOFF = timedelta(seconds=10)
LONGEST_BACKOFF = timedelta(hours=6)
KEPT_FOR = timedelta(days=14)


@dataclass(frozen=True)
class Claim:
    """A job in hand: nobody else gets it while the lease is kept up."""

    id: int
    kind: str
    args: dict[str, Any]
    attempt_count: int
    maximum_attempts: int
    lease_token: str


def claim(session: Session, *, now: datetime, lease: timedelta, count: int = 1) -> list[Claim]:
    """Takes up to `count` due jobs, oldest first, also those whose worker let its lease run out."""
    due = or_(
        and_(col(Job.state) == JobState.READY, col(Job.run_at) <= now),
        and_(col(Job.state) == JobState.RUNNING, col(Job.lease_until_at) < now),
    )
    # A CTE, since PostgreSQL may evaluate an IN (SELECT … LIMIT … FOR UPDATE) more than once.
    pick = (
        select(col(Job.id)).where(due).order_by(col(Job.run_at), col(Job.id)).limit(count)
        .with_for_update(skip_locked=True).cte("pick")
    )  # fmt: skip
    token = uuid.uuid4().hex
    taken = (
        update(Job)
        .where(col(Job.id).in_(select(pick.c.id)))
        .values(
            state=JobState.RUNNING,
            lease_token=token,
            lease_until_at=now + lease,
            attempt_count=col(Job.attempt_count) + 1,
        )
        .returning(
            col(Job.id), col(Job.kind), col(Job.args), col(Job.attempt_count), col(Job.maximum_attempts)
        )
        .execution_options(synchronize_session=False)
    )
    return [
        Claim(row.id, row.kind, row.args, row.attempt_count, row.maximum_attempts, token)
        for row in session.execute(taken)
    ]


def has_due(session: Session, *, now: datetime) -> bool:
    """Whether any job could be claimed now."""
    ready = select(col(Job.id)).where(col(Job.state) == JobState.READY, col(Job.run_at) <= now).limit(1)
    lost = (
        select(col(Job.id)).where(col(Job.state) == JobState.RUNNING, col(Job.lease_until_at) < now).limit(1)
    )
    return session.execute(ready).first() is not None or session.execute(lost).first() is not None


def keep(session: Session, claim: Claim, *, now: datetime, lease: timedelta) -> bool:
    """Lengthens the lease of a job in hand; False when somebody else has it by now."""
    return _write(session, claim, lease_until_at=now + lease)


def finish(session: Session, claim: Claim, *, now: datetime) -> bool:
    """Marks a job done; False when the lease was lost meanwhile."""
    return _write(
        session, claim, state=JobState.DONE, done_at=now, error=None, lease_token=None, lease_until_at=None
    )


def fail(session: Session, claim: Claim, *, now: datetime, error: str, is_final: bool = False) -> bool:
    """Puts a job back with growing, jittered delay, or leaves it dead after its last attempt."""
    if is_final or claim.attempt_count >= claim.maximum_attempts:
        state, run_at, done_at = JobState.DEAD, now, now
    else:
        delay = min(FIRST_BACKOFF * 2 ** (claim.attempt_count - 1), LONGEST_BACKOFF)
        state, run_at, done_at = JobState.READY, now + delay * random.uniform(0.8, 1.2), None
    return _write(
        session,
        claim,
        state=state,
        run_at=run_at,
        done_at=done_at,
        error=error[-4000:],
        lease_token=None,
        lease_until_at=None,
    )


def put_due_schedules(session: Session, recurring: Mapping[str, timedelta], *, now: datetime) -> None:
    """Puts one job for each recurring kind that is due; one of several workers wins, missed runs become one."""
    for name, every in recurring.items():
        insert = insert_into(session, Schedule)
        session.execute(insert.values(name=name, next_at=now).on_conflict_do_nothing(index_elements=["name"]))
        moved = session.execute(
            update(Schedule)
            .where(col(Schedule.name) == name, col(Schedule.next_at) <= now)
            .values(next_at=now + every)
            .execution_options(synchronize_session=False)
        )
        if moved.rowcount:  # type: ignore[attr-defined]
            put_job(session, name, now=now, key=f"{name}@{now.isoformat(timespec='milliseconds')}")


def prune(session: Session, *, now: datetime) -> None:
    """Deletes jobs that were done long ago; dead ones stay for a person to see."""
    session.execute(
        delete(Job).where(col(Job.state) == JobState.DONE, col(Job.done_at) < now - KEPT_FOR)
        .execution_options(synchronize_session=False)
    )  # fmt: skip


def _write(session: Session, claim: Claim, **values: Any) -> bool:
    written = session.execute(
        update(Job)
        .where(col(Job.id) == claim.id, col(Job.lease_token) == claim.lease_token)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return bool(written.rowcount)  # type: ignore[attr-defined]
