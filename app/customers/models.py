"""The companies that apply and buy here, their people, sessions and screenings."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime, enum_type
from app.customers.rules.admission import ScreeningState
from app.customers.rules.effort_levels import EffortLevel
from app.customers.rules.objections import Outcome
from app.customers.rules.vat_answers import VatOutcome, VatPurpose, VatService
from app.customers.rules.vat_ids import VatIdStatus
from app.mainbrand.rules.segments import Segment


class Customer(SQLModel, table=True):
    """A company that applied. What the gate needs stands in this row and in the linked main account's."""

    __tablename__ = "customers"

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True, max_length=32)
    company_name: str = Field(max_length=300)
    legal_form: str = Field(default="", max_length=64)
    name_key: str = Field(default="", max_length=300, index=True)
    vat_id: str | None = Field(default=None, max_length=20, index=True)
    vat_note: str = Field(default="", max_length=300)
    register_number: str | None = Field(default=None, max_length=120)
    register_court: str = Field(default="", max_length=120)
    register_key: str | None = Field(default=None, max_length=120, index=True)
    street: str = Field(max_length=200)
    postal_code: str = Field(max_length=16)
    city: str = Field(max_length=120)
    country: str = Field(default="DE", max_length=2)
    phone: str = Field(default="", max_length=64)
    language: str = Field(default="de", max_length=2)
    main_account_id: int | None = Field(default=None, foreign_key="main_accounts.id", index=True)
    segment: Segment = Field(default=Segment.UNRATED, sa_type=enum_type(Segment))
    segment_reason: str = Field(default="", max_length=500)
    screening: ScreeningState = Field(default=ScreeningState.PENDING, sa_type=enum_type(ScreeningState))
    business_confirmed_at: datetime = Field(sa_type=UTCDateTime)
    business_verified_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    suspended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    suspended_reason: str = Field(default="", max_length=500)
    moved_up_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    growing_since: datetime | None = Field(default=None, sa_type=UTCDateTime)
    created_at: datetime = Field(sa_type=UTCDateTime)
    effort_level: EffortLevel = Field(default=EffortLevel.NORMAL, sa_type=enum_type(EffortLevel))
    vat_status: VatIdStatus = Field(default=VatIdStatus.UNCHECKED, sa_type=enum_type(VatIdStatus))
    vat_confirmed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class IncomingApplication(SQLModel, table=True):
    """An application as it was sent, until the worker takes it up; `facts` are those of CompanyFacts.

    Written alike for known and unknown e-mail addresses, so that the answer's time tells nothing.
    """

    __tablename__ = "incoming_applications"

    id: int | None = Field(default=None, primary_key=True)
    facts: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    contact_name: str = Field(max_length=200)
    email: str = Field(max_length=254)
    password_hash: str
    language: str = Field(max_length=2)
    received_at: datetime = Field(sa_type=UTCDateTime)


class Contact(SQLModel, table=True):
    """A person of a customer who signs in; `email` is stored in lower case."""

    __tablename__ = "contacts"

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id", index=True)
    email: str = Field(unique=True, max_length=254)
    name: str = Field(max_length=200)
    language: str = Field(default="de", max_length=2)
    password_hash: str
    email_verified_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    created_at: datetime = Field(sa_type=UTCDateTime)


class ContactSession(SQLModel, table=True):
    """A signed-in browser; only the hash of its cookie is kept."""

    __tablename__ = "contact_sessions"

    token_hash: str = Field(primary_key=True, max_length=64)
    contact_id: int = Field(foreign_key="contacts.id", index=True)
    created_at: datetime = Field(sa_type=UTCDateTime)
    last_seen_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime, index=True)


class TokenPurpose(StrEnum):
    """What a link sent by mail is good for."""

    VERIFY_EMAIL = "verify_email"
    RESET_PASSWORD = "reset_password"


class ContactToken(SQLModel, table=True):
    """A link sent by mail: hashed, single use, expiring."""

    __tablename__ = "contact_tokens"

    token_hash: str = Field(primary_key=True, max_length=64)
    contact_id: int = Field(foreign_key="contacts.id", index=True)
    purpose: TokenPurpose = Field(sa_type=enum_type(TokenPurpose))
    created_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


CARD = "card"
"""The trigger of a case that begins with a card: the company goes on, one payment waits for the decision."""


class Screening(SQLModel, table=True):
    """One comparison of a customer with the main brand's list, with its evidence and decision.

    `reason` is why the program found its outcome, or what the person who decided wrote; `reason_code` the standard
    reason that was chosen. `decision_seconds` is the time from opening the case to deciding it, None for an
    idle one. While a proof is asked for the company stays in review.
    """

    __tablename__ = "screenings"

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id", index=True)
    trigger: str = Field(max_length=32)
    outcome: ScreeningState = Field(sa_type=enum_type(ScreeningState), index=True)
    matches: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    screened_at: datetime = Field(sa_type=UTCDateTime)
    decision: ScreeningState | None = Field(
        default=None, sa_type=enum_type(ScreeningState, name="is_decision")
    )
    decided_by: str = Field(default="", max_length=200)
    decided_at: datetime | None = Field(default=None, sa_type=UTCDateTime, index=True)
    reason: str = Field(default="", max_length=1000)
    reason_code: str = Field(default="", max_length=32)
    decided_account_id: int | None = None
    decision_seconds: int | None = None
    proof_kind: str = Field(default="", max_length=32)
    proof_asked_by: str = Field(default="", max_length=200)
    proof_asked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    proof_due_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    proof_arrived_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class MatchLabel(SQLModel, table=True):
    """What a person's decision says of one pair of customer and main account: the same company, another one, or
    None where it says nothing of it.
    """

    __tablename__ = "match_labels"
    __table_args__ = (UniqueConstraint("screening_id", "account_id"),)

    id: int | None = Field(default=None, primary_key=True)
    screening_id: int = Field(foreign_key="screenings.id")
    customer_id: int = Field(foreign_key="customers.id", index=True)
    account_id: int = Field(index=True)
    is_same: bool | None = None
    decided_at: datetime = Field(sa_type=UTCDateTime)


class Objection(SQLModel, table=True):
    """A company that is kept outside says why it should not be; one at a time, answered by a person."""

    __tablename__ = "objections"
    __table_args__ = (
        Index(
            "uq_objections_open",
            "customer_id",
            unique=True,
            sqlite_where=text("answered_at IS NULL"),
            postgresql_where=text("answered_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id", index=True)
    contact_id: int = Field(foreign_key="contacts.id")
    against: str = Field(max_length=32)
    text: str = Field(max_length=2000)
    created_at: datetime = Field(sa_type=UTCDateTime)
    outcome: Outcome | None = Field(default=None, sa_type=enum_type(Outcome))
    answer: str = Field(default="", max_length=2000)
    answered_by: str = Field(default="", max_length=200)
    answered_at: datetime | None = Field(default=None, sa_type=UTCDateTime, index=True)


class BlockedAttempt(SQLModel, table=True):
    """One refusal worth counting: the proof that the budget brand does not take the main brand's business.

    `window_key` makes the attempts at the gate one for each company, place and hour.
    """

    __tablename__ = "blocked_attempts"

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id", index=True)
    reason: str = Field(max_length=32)
    place: str = Field(max_length=64)
    at: datetime = Field(sa_type=UTCDateTime, index=True)
    window_key: str | None = Field(default=None, max_length=100, index=True, unique=True)


class GateAudit(SQLModel, table=True):
    """One walk of `shop gate-audit`: what each persona met on each route, and every fault found.

    `signature` is over all of it and over the signature of the walk before (rules/gate_audits.py).
    """

    __tablename__ = "gate_audits"

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UTCDateTime)
    request_count: int
    control_sightings: int
    cells: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    findings: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    previous_signature: str = Field(default="", max_length=64)
    signature: str = Field(default="", max_length=64)


class VatCheck(SQLModel, table=True):
    """One question about a VAT id and its answer, kept for ever: `request_id` is the proof that the service gave.

    `at` is when the question was put, `answer` what came back as JSON, `matched` how our facts compare with theirs.
    """

    __tablename__ = "vat_checks"
    __table_args__ = (Index("ix_vat_checks_customer_id_id", "customer_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id")
    vat_id: str = Field(max_length=20)
    service: VatService = Field(sa_type=enum_type(VatService))
    outcome: VatOutcome = Field(sa_type=enum_type(VatOutcome))
    request_id: str = Field(default="", max_length=64)
    reason: str = Field(default="", max_length=64)
    answer: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    matched: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    purpose: VatPurpose = Field(sa_type=enum_type(VatPurpose))
    at: datetime = Field(sa_type=UTCDateTime)
