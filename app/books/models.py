"""Closed months, and the exports that were asked for."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column
from sqlmodel import Field, SQLModel

from app.books.rules.states import ExportState
from app.core.db import UTCDateTime, enum_type


class MonthClose(SQLModel, table=True):
    """A month that is closed for good: no document is dated into it (or before) any more; never changed or deleted.

    `month` is its first day. Money that is heard of later belongs to the month after: events up to
    `last_money_event_id` are in this one. `sha256` covers its documents and money, and the close before it.
    """

    __tablename__ = "month_closes"
    __table_args__ = (CheckConstraint("open_count = 0 or reason <> ''", name="reason"),)

    id: int | None = Field(default=None, primary_key=True)
    month: date = Field(unique=True)
    closed_at: datetime = Field(sa_type=UTCDateTime)
    closed_by: str = Field(max_length=200)
    open_count: int
    reason: str = Field(default="", max_length=1000)
    document_count: int
    last_money_event_id: int
    sums: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    sha256: str = Field(max_length=64)


class BookExport(SQLModel, table=True):
    """An export of months for an audit: asked for, made by the worker, and kept for some days as a file."""

    __tablename__ = "book_exports"
    __table_args__ = (CheckConstraint("first_month <= last_month", name="months"),)

    id: int | None = Field(default=None, primary_key=True)
    first_month: date
    last_month: date
    state: ExportState = Field(default=ExportState.ASKED, sa_type=enum_type(ExportState), index=True)
    token: str = Field(unique=True, max_length=64)
    asked_by: str = Field(max_length=200)
    asked_at: datetime = Field(sa_type=UTCDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    byte_count: int = 0
    document_count: int = 0
    sha256: str = Field(default="", max_length=64)
