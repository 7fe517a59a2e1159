"""Due work as rows of our own database."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime, enum_type


class JobState(StrEnum):
    """`ready` waits for its time, `running` is leased by a worker, `done` and `dead` are ends."""

    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


class Job(SQLModel, table=True):
    """One piece of work; `key` makes putting it twice the same as once."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_state_run_at", "state", "run_at"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=64)
    key: str | None = Field(default=None, unique=True, max_length=200)
    args: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    state: JobState = Field(default=JobState.READY, sa_type=enum_type(JobState))
    attempt_count: int = 0
    maximum_attempts: int = 10
    run_at: datetime = Field(sa_type=UTCDateTime)
    lease_token: str | None = None
    lease_until_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    error: str | None = None
    created_at: datetime = Field(sa_type=UTCDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Schedule(SQLModel, table=True):
    """When a recurring piece of work is due next; whoever moves `next_at` puts the job."""

    __tablename__ = "schedules"

    name: str = Field(primary_key=True, max_length=64)
    next_at: datetime = Field(sa_type=UTCDateTime)
