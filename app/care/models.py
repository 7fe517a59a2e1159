"""What customers want beyond the goods, what went wrong, and what both cost in time."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.care.rules.complaints import ComplaintOutcome, ComplaintReason, ComplaintState, MessageAuthor
from app.care.rules.effort import EffortCause, EffortKind
from app.care.rules.services import OfferState, ServiceKind, VisitState
from app.core.db import UTCDateTime, enum_type
from app.customers.rules.effort_levels import EffortLevel


class SpecialService(SQLModel, table=True):
    """A chargeable extra on the price list; `unit` says what one of it is. `minutes` is what one takes us."""

    __tablename__ = "special_services"
    __table_args__ = (
        CheckConstraint("price_cents > 0", name="price"),
        CheckConstraint("vat_rate_bp in (0, 700, 1900)", name="vat_rate"),
        CheckConstraint("minutes >= 0", name="minutes"),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(unique=True, max_length=64)
    kind: ServiceKind = Field(sa_type=enum_type(ServiceKind))
    name_de: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    text_de: str = Field(default="", max_length=1000)
    text_en: str = Field(default="", max_length=1000)
    unit_de: str = Field(default="", max_length=64)
    unit_en: str = Field(default="", max_length=64)
    price_cents: int
    vat_rate_bp: int = 1900
    minutes: int = 0
    is_active: bool = True
    position: int = 0
    changed_at: datetime = Field(sa_type=UTCDateTime)


class ServiceOffer(SQLModel, table=True):
    """A service that staff offer to one customer at a frozen price; `details` hold what it is about."""

    __tablename__ = "service_offers"
    __table_args__ = (CheckConstraint("price_cents > 0 and quantity > 0", name="amount"),)

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id", index=True)
    service_id: int = Field(foreign_key="special_services.id")
    for_order_id: int | None = Field(default=None, foreign_key="orders.id", index=True)
    name_de: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    price_cents: int
    vat_rate_bp: int
    quantity: int = 1
    details: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    state: OfferState = Field(default=OfferState.OPEN, sa_type=enum_type(OfferState))
    offered_by: str = Field(max_length=200)
    offered_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime)
    order_id: int | None = Field(default=None, foreign_key="orders.id")


class ServiceOrder(SQLModel, table=True):
    """What is to be done for an order of kind service: `details` as the customer gave them, and who did it."""

    __tablename__ = "service_orders"
    __table_args__ = (Index("ix_service_orders_done_at", "done_at"),)

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(unique=True, foreign_key="orders.id")
    service_id: int = Field(foreign_key="special_services.id")
    offer_id: int | None = Field(default=None, foreign_key="service_offers.id")
    details: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    done_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    done_by: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=1000)


class FieldVisit(SQLModel, table=True):
    """A visit at a customer's, only ever with reason, expected contribution, price and a lead's word."""

    __tablename__ = "field_visits"
    __table_args__ = (CheckConstraint("price_cents > 0", name="price"),)

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id", index=True)
    reason: str = Field(max_length=1000)
    expected_contribution_cents: int
    price_cents: int
    state: VisitState = Field(default=VisitState.REQUESTED, sa_type=enum_type(VisitState), index=True)
    requested_by: str = Field(max_length=200)
    requested_by_id: int | None = None
    requested_at: datetime = Field(sa_type=UTCDateTime)
    decided_by: str = Field(default="", max_length=200)
    decided_by_id: int | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    decision_reason: str = Field(default="", max_length=1000)
    offer_id: int | None = Field(default=None, foreign_key="service_offers.id")


class Complaint(SQLModel, table=True):
    """What a customer says is wrong with an order, until it is decided; `form_key` makes twice sent once.

    `rejection` is the fixed reason of a rejection. `replacement_order_id` and `refund_id` are what came of it.
    """

    __tablename__ = "complaints"
    __table_args__ = (
        UniqueConstraint("customer_id", "form_key"),
        Index("ix_complaints_state_answer_due_on", "state", "answer_due_on"),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True, max_length=32)
    customer_id: int = Field(foreign_key="customers.id", index=True)
    contact_id: int = Field(foreign_key="contacts.id")
    order_id: int = Field(foreign_key="orders.id", index=True)
    form_key: str = Field(max_length=64)
    reason: ComplaintReason = Field(sa_type=enum_type(ComplaintReason))
    state: ComplaintState = Field(default=ComplaintState.OPEN, sa_type=enum_type(ComplaintState))
    fault: EffortCause = Field(default=EffortCause.UNDECIDED, sa_type=enum_type(EffortCause))
    outcome: ComplaintOutcome | None = Field(default=None, sa_type=enum_type(ComplaintOutcome))
    rejection: str = Field(default="", max_length=64)
    answer: str = Field(default="", max_length=1000)
    answer_due_on: date
    created_at: datetime = Field(sa_type=UTCDateTime)
    decided_by: str = Field(default="", max_length=200)
    decided_by_id: int | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    reopened_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    replacement_order_id: int | None = Field(default=None, foreign_key="orders.id")
    refund_id: int | None = Field(default=None, foreign_key="refunds.id")


class ComplaintLine(SQLModel, table=True):
    """How many of an order's line a complaint is about.

    `open_key` names line and reason while the complaint is open: of a line there is one open complaint per reason.
    """

    __tablename__ = "complaint_lines"
    __table_args__ = (
        UniqueConstraint("complaint_id", "order_line_id"),
        Index("uq_complaint_lines_open_key", "open_key", unique=True),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    id: int | None = Field(default=None, primary_key=True)
    complaint_id: int = Field(foreign_key="complaints.id", index=True)
    order_line_id: int = Field(foreign_key="order_lines.id", index=True)
    quantity: int
    open_key: str | None = Field(default=None, max_length=64)


class ComplaintMessage(SQLModel, table=True):
    """One entry of a complaint's thread; `kind` is a stable word for what is said in fixed words, else empty.

    `form_key` makes a message sent twice one. `values` hold what the fixed words name, and the ids of its photos.
    """

    __tablename__ = "complaint_messages"
    __table_args__ = (Index("uq_complaint_messages_form_key", "complaint_id", "form_key", unique=True),)

    id: int | None = Field(default=None, primary_key=True)
    complaint_id: int = Field(foreign_key="complaints.id", index=True)
    author: MessageAuthor = Field(sa_type=enum_type(MessageAuthor))
    author_name: str = Field(default="", max_length=200)
    kind: str = Field(default="", max_length=64)
    text: str = Field(default="", max_length=4000)
    values: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    form_key: str | None = Field(default=None, max_length=64)
    at: datetime = Field(sa_type=UTCDateTime)


class ComplaintPhoto(SQLModel, table=True):
    """A picture of what is wrong, drawn anew by us, so that nothing but the picture is kept."""

    __tablename__ = "complaint_photos"

    id: int | None = Field(default=None, primary_key=True)
    complaint_id: int = Field(foreign_key="complaints.id", index=True)
    content_type: str = Field(max_length=64)
    content: bytes = Field(sa_type=LargeBinary)
    sha256: str = Field(max_length=64)
    added_at: datetime = Field(sa_type=UTCDateTime)


class EffortEvent(SQLModel, table=True):
    """Minutes that a customer cost; `source_key` makes one touch one event. Never deleted, only its cause is set."""

    __tablename__ = "effort_events"
    __table_args__ = (
        CheckConstraint("minutes >= 0", name="minutes"),
        Index("ix_effort_events_customer_id_at", "customer_id", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id")
    order_id: int | None = Field(default=None, foreign_key="orders.id", index=True)
    kind: EffortKind = Field(sa_type=enum_type(EffortKind))
    minutes: int
    cause: EffortCause = Field(default=EffortCause.UNDECIDED, sa_type=enum_type(EffortCause))
    note: str = Field(default="", max_length=500)
    source_key: str = Field(unique=True, max_length=100)
    noted_by: str = Field(default="", max_length=200)
    at: datetime = Field(sa_type=UTCDateTime)
    corrected_by: str = Field(default="", max_length=200)
    correction_reason: str = Field(default="", max_length=500)
    corrected_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class EffortStanding(SQLModel, table=True):
    """Where a customer stands by the ledger, with the figures of the last look, and what waits for a person.

    `minutes` and `cost_cents` are of the effort that counts, `contribution_cents` is without refunds for faults of
    ours; `ratio_bp` is the one in basis points of the other, None where there is no contribution. `total_cost_cents`
    is the cost of all effort, `result_cents` what is left of the customer after it and after all refunds. A step up
    needs effort after `settled_at`.
    """

    __tablename__ = "effort_standings"

    customer_id: int = Field(primary_key=True, foreign_key="customers.id")
    level: EffortLevel = Field(default=EffortLevel.NORMAL, sa_type=enum_type(EffortLevel))
    since: datetime = Field(sa_type=UTCDateTime)
    minutes: int = 0
    cost_cents: int = 0
    contribution_cents: int = 0
    ratio_bp: int | None = None
    reviewed_at: datetime = Field(sa_type=UTCDateTime)
    proposed_level: EffortLevel | None = Field(
        default=None, sa_type=enum_type(EffortLevel, name="is_proposed_level")
    )
    proposed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    override_level: EffortLevel | None = Field(
        default=None, sa_type=enum_type(EffortLevel, name="is_override_level")
    )
    override_reason: str = Field(default="", max_length=500)
    override_by: str = Field(default="", max_length=200)
    override_ends_on: date | None = None
    settled_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    total_cost_cents: int = 0
    result_cents: int = Field(default=0, index=True)


class EffortLevelChange(SQLModel, table=True):
    """One step of a customer from level to level, with the figures it was told; never changed or deleted."""

    __tablename__ = "effort_level_changes"

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id", index=True)
    old_level: EffortLevel = Field(sa_type=enum_type(EffortLevel, name="is_old_level"))
    new_level: EffortLevel = Field(sa_type=enum_type(EffortLevel, name="is_new_level"))
    cost_cents: int
    contribution_cents: int
    minutes: int
    reason: str = Field(default="", max_length=500)
    changed_by: str = Field(max_length=200)
    at: datetime = Field(sa_type=UTCDateTime)
