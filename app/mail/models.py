"""E-mails as rows: written with the change that causes them, sent later by the worker."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime, enum_type

UNDECIDED_DOMAIN = "@schlicht>"
"""How a Message-ID ends until the e-mail is handed over for the first time; then its domain is fixed."""


class MailState(StrEnum):
    """`sending` is committed before SMTP begins: after a crash there it is sent once more, same Message-ID."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    ABORTED = "aborted"


class Mail(SQLModel, table=True):
    """One e-mail: template name and values, never rendered catalogue text; `key` makes it unique per cause.

    `attachments` name the papers that go with it, such as {"kind": "invoice_pdf", "id": 1}; their bytes stay where
    they are.

    `message_id` is the one that is sent, from the first attempt on.
    """

    __tablename__ = "mails"
    __table_args__ = (
        Index("ix_mails_object_kind_object_id", "object_kind", "object_id"),
        Index("ix_mails_state_id", "state", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=64)
    key: str = Field(unique=True, max_length=200)
    message_id: str = Field(unique=True, max_length=200)
    to_address: str = Field(max_length=254)
    language: str = Field(max_length=2)
    values: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    secret_values: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON, nullable=True))
    attachments: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    object_kind: str = Field(max_length=32)
    object_id: int
    state: MailState = Field(default=MailState.QUEUED, sa_type=enum_type(MailState))
    attempt_count: int = 0
    error: str | None = None
    provider_answer: str | None = None
    created_at: datetime = Field(sa_type=UTCDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UTCDateTime)

    @property
    def sent_message_id(self) -> str:
        """The Message-ID under which it went out or was tried; empty before the first attempt."""
        return "" if self.message_id.endswith(UNDECIDED_DOMAIN) else self.message_id
