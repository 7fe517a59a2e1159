"""E-mails as rows: written with the change that causes them, sent later by the worker."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime, enum_type

HELD = "held: the address is marked"
"""The error of an e-mail that was not tried, because those before it to the same address came back."""
ASKED_FOR = frozenset({"verify_email", "password_reset"})
"""E-mails for which somebody waits who has just typed the address: they are tried whatever came back before."""
ATTEMPTS = 150
"""So often an e-mail is tried, half an hour apart in the end: three days, as mail servers do among themselves."""
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

    `message_id` is the one that is sent, from the first attempt on. `text_id` is the edited text with which it was
    sent, None for default; with a `text_fault` that text could not be used and the own one was sent. One that
    came back (`bounced_at`) has failed.
    """

    __tablename__ = "mails"
    __table_args__ = (
        Index("ix_mails_object_kind_object_id", "object_kind", "object_id"),
        Index("ix_mails_state_id", "state", "id"),
        Index("ix_mails_kind_id", "kind", "id"),
        Index(
            "ix_mails_bounced",
            "id",
            sqlite_where=text("bounced_at IS NOT NULL"),
            postgresql_where=text("bounced_at IS NOT NULL"),
        ),
        Index(
            "ix_mails_text_fault",
            "text_id",
            sqlite_where=text("text_fault IS NOT NULL"),
            postgresql_where=text("text_fault IS NOT NULL"),
        ),
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
    bounced_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    complained_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    text_id: int | None = Field(default=None, foreign_key="mail_texts.id")
    text_fault: str | None = None

    @property
    def sent_message_id(self) -> str:
        """The Message-ID under which it went out or was tried; empty before the first attempt."""
        return "" if self.message_id.endswith(UNDECIDED_DOMAIN) else self.message_id


class AddressState(StrEnum):
    """What is known of an e-mail address; one that is not `ok` gets no e-mail until a person lifts the mark."""

    OK = "ok"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class MailAddress(SQLModel, table=True):
    """An address (in lower case) from which an e-mail came back or was complained of: why, when and which one."""

    __tablename__ = "mail_addresses"

    id: int | None = Field(default=None, primary_key=True)
    address: str = Field(unique=True, max_length=254)
    state: AddressState = Field(sa_type=enum_type(AddressState), index=True)
    status: str = Field(default="", max_length=16)
    reason: str = Field(default="", max_length=500)
    mail_id: int = Field(foreign_key="mails.id", index=True)
    at: datetime = Field(sa_type=UTCDateTime)
    lifted_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    lifted_by: str = Field(default="", max_length=200)


class MailInbox(SQLModel, table=True):
    """How far the inbox of reports was read (UIDs as in RFC 3501), and since when it cannot be read."""

    __tablename__ = "mail_inboxes"

    name: str = Field(primary_key=True, max_length=32)
    uid_validity: int = Field(default=0, sa_type=BigInteger)
    last_uid: int = Field(default=0, sa_type=BigInteger)
    read_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    failed_since: datetime | None = Field(default=None, sa_type=UTCDateTime)
    error: str = Field(default="", max_length=500)


class MailText(SQLModel, table=True):
    """One version of what a kind of e-mail says in one language, as a person wrote it; never changed.

    The newest counts. One that `is_default` says that the default text counts again.
    """

    __tablename__ = "mail_texts"
    __table_args__ = (
        UniqueConstraint("kind", "language", "version"),
        CheckConstraint("version > 0", name="version"),
        CheckConstraint("is_default or (subject <> '' and body <> '')", name="text"),
    )

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=64)
    language: str = Field(max_length=2)
    version: int
    is_default: bool = False
    subject: str = Field(default="", max_length=300)
    body: str = Field(default="", max_length=20_000)
    written_by: str = Field(max_length=200)
    at: datetime = Field(sa_type=UTCDateTime)
