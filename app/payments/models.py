"""Payment attempts, the events Stripe told us of, and who a customer is at Stripe."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime, enum_type
from app.payments.rules.books import Difference, Mend
from app.payments.rules.disputes import WarningDecision
from app.payments.rules.holding import HoldDecision
from app.payments.rules.ledger import MoneyKind
from app.payments.rules.staff_refunds import RefundReason, RequestState
from app.payments.rules.states import PaymentState, PaymentWay, RefundState


class Payment(SQLModel, table=True):
    """One attempt to be paid for an order; `token` and id make the idempotency keys of all that it asks for."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="amount"),
        Index(
            "uq_payments_one_captured_per_order",
            "order_id",
            unique=True,
            sqlite_where=text("state in ('capturing', 'captured')"),
            postgresql_where=text("state in ('capturing', 'captured')"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(foreign_key="orders.id", index=True)
    state: PaymentState = Field(default=PaymentState.CREATED, sa_type=enum_type(PaymentState), index=True)
    way: PaymentWay = Field(default=PaymentWay.CARD_PAGE, sa_type=enum_type(PaymentWay))
    token: str = Field(max_length=32)
    retry_count: int = 0
    amount_cents: int
    currency: str = Field(default="EUR", max_length=3)
    saved_card_id: int | None = Field(default=None, foreign_key="saved_cards.id")
    kept_method_id: str = Field(default="", max_length=255)
    session_id: str | None = Field(default=None, unique=True, max_length=255)
    session_url: str | None = Field(default=None, max_length=2000)
    expires_at: datetime = Field(sa_type=UTCDateTime)
    intent_id: str | None = Field(default=None, max_length=255, index=True)
    capture_before_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    card_brand: str = Field(default="", max_length=32)
    card_last4: str = Field(default="", max_length=4)
    card_fingerprint: str = Field(default="", max_length=64, index=True)
    failure_code: str = Field(default="", max_length=64)
    release_reason: str = Field(default="", max_length=64)
    created_at: datetime = Field(sa_type=UTCDateTime, index=True)
    changed_at: datetime = Field(sa_type=UTCDateTime)
    checked_at: datetime = Field(sa_type=UTCDateTime)
    authorised_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    settled_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class PaymentHold(SQLModel, table=True):
    """Reserved money that waits for a person: which shut-out companies used the same card, and the decision.

    It holds as long as its payment is `held`; `release_by_at` lies well before the authorisation ends.
    """

    __tablename__ = "payment_holds"

    id: int | None = Field(default=None, primary_key=True)
    payment_id: int = Field(unique=True, foreign_key="payments.id")
    customer_id: int = Field(foreign_key="customers.id", index=True)
    screening_id: int = Field(foreign_key="screenings.id", index=True)
    card_fingerprint: str = Field(max_length=64)
    sharers: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    held_at: datetime = Field(sa_type=UTCDateTime)
    release_by_at: datetime = Field(sa_type=UTCDateTime)
    decision: HoldDecision | None = Field(default=None, sa_type=enum_type(HoldDecision))
    decided_by: str = Field(default="", max_length=200)
    decided_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    reason: str = Field(default="", max_length=1000)


class StripeEvent(SQLModel, table=True):
    """One event, stored once; the object it is about is read again from Stripe."""

    __tablename__ = "stripe_events"

    id: int | None = Field(default=None, primary_key=True)
    event_id: str = Field(unique=True, max_length=255)
    event_type: str = Field(max_length=100)
    stripe_object_id: str = Field(max_length=255)
    received_at: datetime = Field(sa_type=UTCDateTime)
    handled_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class Payer(SQLModel, table=True):
    """A customer's counterpart at Stripe."""

    __tablename__ = "payers"

    customer_id: int = Field(primary_key=True, foreign_key="customers.id")
    stripe_customer_id: str = Field(unique=True, max_length=255)
    created_at: datetime = Field(sa_type=UTCDateTime)


class Refund(SQLModel, table=True):
    """Money that goes back to the card, all or a part of what a payment took; `token` makes its idempotency key.

    `cause` names what it is for, such as `complaint:12`, once each. `is_for_us`: it made good a fault of ours, as was
    decided when it was asked for.
    """

    __tablename__ = "refunds"
    __table_args__ = (CheckConstraint("amount_cents > 0", name="amount"),)

    id: int | None = Field(default=None, primary_key=True)
    payment_id: int = Field(foreign_key="payments.id", index=True)
    order_id: int = Field(foreign_key="orders.id", index=True)
    amount_cents: int
    cause: str = Field(unique=True, max_length=64)
    is_for_us: bool = False
    state: RefundState = Field(default=RefundState.ASKED, sa_type=enum_type(RefundState), index=True)
    token: str = Field(max_length=32)
    retry_count: int = 0
    refund_id: str | None = Field(default=None, unique=True, max_length=255)
    failure: str = Field(default="", max_length=500)
    asked_by: str = Field(max_length=200)
    asked_at: datetime = Field(sa_type=UTCDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class RefundLine(SQLModel, table=True):
    """How many of an order's line a refund pays back, and the cents of it, VAT included."""

    __tablename__ = "refund_lines"
    __table_args__ = (
        UniqueConstraint("refund_id", "order_line_id"),
        CheckConstraint("quantity > 0 and amount_cents >= 0", name="amount"),
    )

    id: int | None = Field(default=None, primary_key=True)
    refund_id: int = Field(foreign_key="refunds.id")
    order_line_id: int = Field(foreign_key="order_lines.id", index=True)
    quantity: int
    amount_cents: int


class RefundCharge(SQLModel, table=True):
    """A charge of the order that a refund pays back, and the cents of it, VAT included."""

    __tablename__ = "refund_charges"
    __table_args__ = (
        UniqueConstraint("refund_id", "charge_id"),
        CheckConstraint("amount_cents > 0", name="amount"),
    )

    id: int | None = Field(default=None, primary_key=True)
    refund_id: int = Field(foreign_key="refunds.id")
    charge_id: int = Field(foreign_key="charges.id", index=True)
    amount_cents: int


class RefundRequest(SQLModel, table=True):
    """What a person of the staff wants paid back, and who granted it; `form_key` makes twice sent once.

    `wish` is what was chosen on the form; `amount_cents` what that comes to. Its refund has the cause `staff:<id>`.
    """

    __tablename__ = "refund_requests"
    __table_args__ = (CheckConstraint("amount_cents > 0", name="amount"),)

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(foreign_key="orders.id", index=True)
    form_key: str = Field(unique=True, max_length=64)
    reason: RefundReason = Field(sa_type=enum_type(RefundReason))
    note: str = Field(max_length=400)
    wish: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    amount_cents: int
    state: RequestState = Field(default=RequestState.WAITING, sa_type=enum_type(RequestState), index=True)
    asked_by: str = Field(max_length=200)
    asked_by_id: int | None = None
    asked_at: datetime = Field(sa_type=UTCDateTime)
    decided_by: str = Field(default="", max_length=200)
    decided_by_id: int | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    decision_note: str = Field(default="", max_length=400)
    refund_id: int | None = Field(default=None, foreign_key="refunds.id", unique=True)


class Dispute(SQLModel, table=True):
    """What a cardholder's bank asks or takes back, as Stripe told it last; `status` is Stripe's word.

    `taken_at` is when money was first seen to be taken, `passed_at` when a person let the order leave all the same.
    `submitting_at` stands from the button until Stripe has the evidence; `failure` is why it did not take it.
    """

    __tablename__ = "disputes"
    __table_args__ = (CheckConstraint("amount_cents >= 0", name="amount"),)

    id: int | None = Field(default=None, primary_key=True)
    dispute_id: str = Field(unique=True, max_length=255)
    payment_id: int = Field(foreign_key="payments.id", index=True)
    order_id: int = Field(foreign_key="orders.id", index=True)
    amount_cents: int
    reason: str = Field(max_length=64)
    status: str = Field(max_length=32, index=True)
    due_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    opened_at: datetime = Field(sa_type=UTCDateTime)
    taken_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    checked_at: datetime = Field(sa_type=UTCDateTime)
    reminded_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    passed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    passed_by: str = Field(default="", max_length=200)
    pass_reason: str = Field(default="", max_length=400)
    evidence: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    token: str = Field(max_length=32)
    retry_count: int = 0
    submitting_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    submitted_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    submitted_by: str = Field(default="", max_length=200)
    failure: str = Field(default="", max_length=200)


class DisputeFile(SQLModel, table=True):
    """A file of the evidence, in the field of Stripe that it fills; `stripe_file_id` once it is there."""

    __tablename__ = "dispute_files"
    __table_args__ = (UniqueConstraint("dispute_row_id", "field"),)

    id: int | None = Field(default=None, primary_key=True)
    dispute_row_id: int = Field(foreign_key="disputes.id")
    field: str = Field(max_length=64)
    name: str = Field(max_length=120)
    content_type: str = Field(max_length=64)
    content: bytes = Field(sa_type=LargeBinary)
    byte_count: int
    token: str = Field(max_length=32)
    stripe_file_id: str = Field(default="", max_length=255)
    added_by: str = Field(max_length=200)
    added_at: datetime = Field(sa_type=UTCDateTime)


class FraudWarning(SQLModel, table=True):
    """A card network's early word that a payment is fraud, and what a person decided about it.

    `decision` is empty until then; `is_open` while a refund can still forestall a dispute.
    """

    __tablename__ = "fraud_warnings"

    id: int | None = Field(default=None, primary_key=True)
    warning_id: str = Field(unique=True, max_length=255)
    payment_id: int = Field(foreign_key="payments.id", index=True)
    order_id: int = Field(foreign_key="orders.id", index=True)
    fraud_type: str = Field(max_length=64)
    is_open: bool = True
    told_at: datetime = Field(sa_type=UTCDateTime)
    decision: WarningDecision | None = Field(default=None, sa_type=enum_type(WarningDecision))
    decided_by: str = Field(default="", max_length=200)
    decided_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    reason: str = Field(default="", max_length=400)


class MoneyEvent(SQLModel, table=True):
    """One line of the ledger: what happened to money of an order, and when; never changed or deleted.

    `key` names the event once: its kind and the row it is of. `stripe_id` is that of the object at Stripe.
    """

    __tablename__ = "money_events"
    __table_args__ = (
        CheckConstraint("amount_cents > 0", name="amount"),
        Index("ix_money_events_order_id_id", "order_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(foreign_key="orders.id")
    payment_id: int | None = Field(default=None, foreign_key="payments.id")
    kind: MoneyKind = Field(sa_type=enum_type(MoneyKind))
    amount_cents: int
    key: str = Field(unique=True, max_length=120)
    stripe_id: str = Field(default="", max_length=255)
    at: datetime = Field(sa_type=UTCDateTime, index=True)


class Reconciliation(SQLModel, table=True):
    """One comparison of our books with Stripe's: the span it looked at, how much, and what it found open."""

    __tablename__ = "reconciliations"

    id: int | None = Field(default=None, primary_key=True)
    since_at: datetime = Field(sa_type=UTCDateTime)
    until_at: datetime = Field(sa_type=UTCDateTime)
    object_count: int
    finding_count: int
    fee_count: int
    run_by: str = Field(max_length=200)
    finished_at: datetime = Field(sa_type=UTCDateTime)


class BookDifference(SQLModel, table=True):
    """One difference between our books and Stripe's; open until a later comparison does not find it any more.

    `object_id` is the object at Stripe, or our own row where Stripe has none; `made_at` is when that was made.
    """

    __tablename__ = "book_differences"
    __table_args__ = (UniqueConstraint("kind", "object_id"),)

    id: int | None = Field(default=None, primary_key=True)
    kind: Difference = Field(sa_type=enum_type(Difference))
    object_id: str = Field(max_length=255)
    order_number: str = Field(default="", max_length=64)
    payment_id: int | None = Field(default=None, foreign_key="payments.id")
    ours_cents: int
    theirs_cents: int
    mend: Mend = Field(sa_type=enum_type(Mend))
    made_at: datetime = Field(sa_type=UTCDateTime)
    found_at: datetime = Field(sa_type=UTCDateTime)
    seen_at: datetime = Field(sa_type=UTCDateTime)
    resolved_at: datetime | None = Field(default=None, sa_type=UTCDateTime, index=True)
    asked_by: str = Field(default="", max_length=200)
    asked_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
