"""Claiming due jobs under a lease, finishing them under its fencing token, and moving schedules on."""

import functools
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Select, Update, and_, bindparam, delete, or_, select, true, update
from sqlalchemy.sql.dml import ReturningUpdate
from sqlmodel import Session, SQLModel, col

from app.jobs.models import Job, JobState, Schedule
from app.jobs.service import insert_into, put_job

FIRST_BACKOFF = timedelta(seconds=10)
LONGEST_BACKOFF = timedelta(hours=6)
KEPT_FOR = timedelta(days=14)


# Built once: the queue is asked several times for each piece of work.
JOBS = SQLModel.metadata.tables[str(Job.__tablename__)]
IN_HAND = update(JOBS).where(JOBS.c.id == bindparam("job_id"), JOBS.c.lease_token == bindparam("token"))
KEEP = IN_HAND.values(lease_until_at=bindparam("until_at"))
FINISH = IN_HAND.values(
    state=JobState.DONE, done_at=bindparam("now"), error=None, lease_token=None, lease_until_at=None
)
FAIL = IN_HAND.values(
    state=bindparam("new_state"),
    run_at=bindparam("new_run_at"),
    done_at=bindparam("new_done_at"),
    error=bindparam("new_error"),
    lease_token=None,
    lease_until_at=None,
)


@dataclass(frozen=True)
class Claim:
    """A job in hand: nobody else gets it while the lease is kept up."""

    id: int
    kind: str
    args: dict[str, Any]
    attempt_count: int
    maximum_attempts: int
    lease_token: str


def claim(
    session: Session, *, now: datetime, lease: timedelta, count: int = 1, kinds: tuple[str, ...] = ()
) -> list[Claim]:
    """Takes up to `count` due jobs (of some kinds only), oldest first, also those whose lease ran out."""
    token = uuid.uuid4().hex
    values = {"now": now, "until_at": now + lease, "token": token, "take_count": count}
    rows = session.execute(_queries(kinds).take, values).all()
    return [Claim(row.id, row.kind, row.args, row.attempt_count, row.maximum_attempts, token) for row in rows]


def has_due(session: Session, *, now: datetime, kinds: tuple[str, ...] = ()) -> bool:
    """Whether any job (of some kinds) could be claimed now."""
    return bool(session.execute(_queries(kinds).has_due, {"now": now}).scalar_one())


def keep(session: Session, claim: Claim, *, now: datetime, lease: timedelta) -> bool:
    """Lengthens the lease of a job in hand; False when somebody else has it by now."""
    return _write(session, KEEP, claim, until_at=now + lease)


def finish(session: Session, claim: Claim, *, now: datetime) -> bool:
    """Marks a job done; False when the lease was lost meanwhile."""
    return _write(session, FINISH, claim, now=now)


def fail(
    session: Session,
    claim: Claim,
    *,
    now: datetime,
    error: str,
    is_final: bool = False,
    longest: timedelta = LONGEST_BACKOFF,
) -> bool:
    """Puts a job back with growing, jittered delay (`longest` at most), or leaves it dead after its last attempt."""
    if is_final or claim.attempt_count >= claim.maximum_attempts:
        state, run_at, done_at = JobState.DEAD, now, now
    else:
        delay = min(FIRST_BACKOFF * 2 ** min(claim.attempt_count - 1, 20), longest)
        state, run_at, done_at = JobState.READY, now + delay * random.uniform(0.8, 1.2), None
    return _write(
        session, FAIL, claim, new_state=state, new_run_at=run_at, new_done_at=done_at, new_error=error[-4000:]
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


class _Queries(NamedTuple):
    has_due: Select[Any]
    take: ReturningUpdate[Any]


@functools.cache
def _queries(kinds: tuple[str, ...]) -> _Queries:
    """What asks for due jobs: of these kinds, or of all without any."""
    is_wanted = JOBS.c.kind.in_(kinds) if kinds else true()
    is_ready = and_(JOBS.c.state == JobState.READY, JOBS.c.run_at <= bindparam("now"), is_wanted)
    is_lost = and_(JOBS.c.state == JobState.RUNNING, JOBS.c.lease_until_at < bindparam("now"), is_wanted)
    # A CTE, since PostgreSQL may evaluate an IN (SELECT … LIMIT … FOR UPDATE) more than once.
    pick = (
        select(JOBS.c.id)
        .where(or_(is_ready, is_lost))
        .order_by(JOBS.c.run_at, JOBS.c.id)
        .limit(bindparam("take_count"))
        .with_for_update(skip_locked=True)
        .cte("pick")
    )
    take = (
        update(JOBS)
        .where(JOBS.c.id.in_(select(pick.c.id)))
        .values(
            state=JobState.RUNNING,
            lease_token=bindparam("token"),
            lease_until_at=bindparam("until_at"),
            attempt_count=JOBS.c.attempt_count + 1,
        )
        .returning(JOBS.c.id, JOBS.c.kind, JOBS.c.args, JOBS.c.attempt_count, JOBS.c.maximum_attempts)
    )
    return _Queries(
        # Two questions in one statement: each has an index of its own.
        has_due=select(or_(*(select(JOBS.c.id).where(one).exists() for one in (is_ready, is_lost)))),
        take=take,
    )


def _write(session: Session, statement: Update, claim: Claim, **values: Any) -> bool:
    """Writes a job in hand under its fencing token; False when somebody else has it by now."""
    written = session.execute(statement, {"job_id": claim.id, "token": claim.lease_token, **values})
    return bool(written.rowcount)  # type: ignore[attr-defined]
