"""Who did what, when and why: rows that are only ever added."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime, enum_type


class ActorKind(StrEnum):
    """Who acted: a person of the staff or of a customer, a command (or a program with a key), or the shop itself."""

    STAFF = "staff"
    CUSTOMER = "customer"
    COMMAND = "command"
    SYSTEM = "system"


class AuditEntry(SQLModel, table=True):
    """One act with its old and new values; triggers forbid changing or deleting it."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_object_kind_object_id", "object_kind", "object_id"),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UTCDateTime, index=True)
    actor_kind: ActorKind = Field(sa_type=enum_type(ActorKind))
    actor_id: int | None = None
    actor_name: str = Field(max_length=200)
    action: str = Field(max_length=64, index=True)
    object_kind: str = Field(max_length=32)
    object_id: int | None = None
    object_name: str = Field(default="", max_length=200)
    reason: str = ""
    old: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    new: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
