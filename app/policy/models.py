"""Versions of the business policy: the newest row is in force."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime


class PolicyVersion(SQLModel, table=True):
    """One version; rows are only added."""

    __tablename__ = "policy_versions"

    id: int | None = Field(default=None, primary_key=True)
    values: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    changed_by: str = Field(max_length=200)
    reason: str = ""
    created_at: datetime = Field(sa_type=UTCDateTime)
