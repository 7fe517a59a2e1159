"""Putting due work inside the caller's transaction."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel

from app.jobs.models import Job, JobState


def insert_into(session: Session, model: type[SQLModel]) -> postgresql.Insert:
    """An INSERT that knows ON CONFLICT, in the dialect of the session's database (both spell it alike)."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    table = SQLModel.metadata.tables[str(model.__tablename__)]
    return cast(postgresql.Insert, sqlite.insert(table) if is_sqlite else postgresql.insert(table))


def put_job(
    session: Session,
    kind: str,
    *,
    now: datetime,
    key: str | None = None,
    run_at: datetime | None = None,
    maximum_attempts: int = 10,
    **args: Any,
) -> None:
    """Writes a job that becomes due at `run_at` (default: at once). A known key changes nothing."""
    row = {
        "kind": kind,
        "key": key,
        "args": args,
        "state": JobState.READY,
        "attempt_count": 0,
        "maximum_attempts": maximum_attempts,
        "run_at": run_at or now,
        "created_at": now,
    }
    session.execute(insert_into(session, Job).on_conflict_do_nothing(index_elements=["key"]), row)
