"""Reading the queue of jobs."""

from collections.abc import Sequence

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.jobs.models import Job, JobState


def count_dead_jobs(session: Session) -> int:
    """How many jobs failed for good."""
    count: int = session.execute(
        select_columns(func.count()).where(col(Job.state) == JobState.DEAD)
    ).scalar_one()
    return count


def dead_jobs(session: Session, *, limit: int) -> Sequence[Job]:
    """The newest jobs that failed for good."""
    return session.exec(
        select(Job).where(col(Job.state) == JobState.DEAD).order_by(col(Job.id).desc()).limit(limit)
    ).all()


def is_waiting(session: Session, kinds: Sequence[str]) -> bool:
    """Whether a job of some kinds waits or runs."""
    waiting = select(Job.id).where(
        col(Job.kind).in_(kinds), col(Job.state).in_((JobState.READY, JobState.RUNNING))
    )
    return session.exec(waiting.limit(1)).first() is not None
