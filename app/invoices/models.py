"""Invoices and corrections as they were issued, the numbers they took, and what waits to become one."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime, enum_type
from app.invoices.rules.document import DocumentKind, DraftState
from app.ordering.rules.vat import VatCase


class Invoice(SQLModel, table=True):
    """A document as it was issued, with its bytes; never changed, and deleted only after `retain_until`.

    `document` is the data behind XML and PDF (rules/document.py), `report` that of the validation. An order has one
    invoice or prepayment; each refund of it one correction, which `corrects_id` ties to that.
    """

    __tablename__ = "invoices"
    __table_args__ = (
        CheckConstraint("gross_cents = net_cents + vat_cents", name="sum"),
        CheckConstraint("net_cents >= 0 and vat_cents >= 0", name="amounts"),
        CheckConstraint("(kind = 'correction') = (corrects_id is not null)", name="corrects"),
        Index("ix_invoices_issued_on_id", "issued_on", "id"),
        Index("ix_invoices_customer_id_id", "customer_id", "id"),
        Index(
            "uq_invoices_one_per_order",
            "order_id",
            unique=True,
            sqlite_where=text("kind in ('invoice', 'prepayment')"),
            postgresql_where=text("kind in ('invoice', 'prepayment')"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True, max_length=32)
    kind: DocumentKind = Field(sa_type=enum_type(DocumentKind))
    order_id: int = Field(foreign_key="orders.id", index=True)
    customer_id: int = Field(foreign_key="customers.id")
    corrects_id: int | None = Field(default=None, foreign_key="invoices.id", index=True)
    refund_id: int | None = Field(default=None, foreign_key="refunds.id", unique=True)
    issued_at: datetime = Field(sa_type=UTCDateTime)
    issued_on: date
    supplied_on: date | None = None
    paid_on: date | None = None
    language: str = Field(max_length=2)
    currency: str = Field(default="EUR", max_length=3)
    vat_case: VatCase = Field(sa_type=enum_type(VatCase))
    net_cents: int
    vat_cents: int
    gross_cents: int
    buyer_name: str = Field(max_length=300)
    buyer_vat_id: str = Field(default="", max_length=20)
    buyer_country: str = Field(max_length=2)
    document: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    report: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    xml: bytes = Field(sa_type=LargeBinary)
    xml_sha256: str = Field(max_length=64)
    pdf: bytes = Field(sa_type=LargeBinary)
    pdf_sha256: str = Field(max_length=64)
    retain_until: date = Field(index=True)


class InvoiceTax(SQLModel, table=True):
    """A document's net amount and VAT at one category and rate; never changed."""

    __tablename__ = "invoice_taxes"
    __table_args__ = (
        UniqueConstraint("invoice_id", "category", "vat_rate_bp"),
        CheckConstraint("net_cents >= 0 and vat_cents >= 0", name="amounts"),
    )

    id: int | None = Field(default=None, primary_key=True)
    invoice_id: int = Field(foreign_key="invoices.id", index=True)
    category: str = Field(max_length=2)
    vat_rate_bp: int
    net_cents: int
    vat_cents: int


class NumberRange(SQLModel, table=True):
    """The last number that a range gave in a year, such as RE of 2026, and when; locked as the last step of issuing."""

    __tablename__ = "number_ranges"
    __table_args__ = (CheckConstraint("last_number >= 0", name="last_number"),)

    prefix: str = Field(primary_key=True, max_length=8)
    year: int = Field(primary_key=True)
    last_number: int = 0
    last_issued_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class InvoiceDraft(SQLModel, table=True):
    """What shall become a document: an order, or a refund of one that has its document.

    `problem` says why it is blocked: code, message and the findings of the validation. An issued one stays without
    `invoice_id` when its document has been kept long enough and is gone: it tells that the order was invoiced.
    """

    __tablename__ = "invoice_drafts"
    __table_args__ = (
        Index(
            "uq_invoice_drafts_one_per_order",
            "order_id",
            unique=True,
            sqlite_where=text("refund_id is null"),
            postgresql_where=text("refund_id is null"),
        ),
        Index("ix_invoice_drafts_state_id", "state", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(foreign_key="orders.id", index=True)
    refund_id: int | None = Field(default=None, foreign_key="refunds.id", unique=True)
    kind: DocumentKind = Field(sa_type=enum_type(DocumentKind))
    state: DraftState = Field(default=DraftState.WAITING, sa_type=enum_type(DraftState))
    problem: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    attempt_count: int = 0
    invoice_id: int | None = Field(default=None, foreign_key="invoices.id")
    created_at: datetime = Field(sa_type=UTCDateTime)
    changed_at: datetime = Field(sa_type=UTCDateTime)


class BillingProfile(SQLModel, table=True):
    """Where a company wants its invoices: name and address on them, e-mail, reference; "" for the company's own."""

    __tablename__ = "billing_profiles"

    customer_id: int = Field(primary_key=True, foreign_key="customers.id")
    name: str = Field(default="", max_length=300)
    street: str = Field(default="", max_length=200)
    postal_code: str = Field(default="", max_length=16)
    city: str = Field(default="", max_length=120)
    country: str = Field(default="", max_length=2)
    email: str = Field(default="", max_length=254)
    buyer_reference: str = Field(default="", max_length=64)
    wants_xrechnung: bool = False
    changed_by: str = Field(default="", max_length=200)
    changed_at: datetime = Field(sa_type=UTCDateTime)


class OrderBilling(SQLModel, table=True):
    """What shall stand on the invoice of one order; "" where the company's billing details hold.

    Name and address are whole or not there. Written by whoever first says something, read when the invoice is made.
    """

    __tablename__ = "order_billings"

    order_id: int = Field(primary_key=True, foreign_key="orders.id")
    name: str = Field(default="", max_length=300)
    street: str = Field(default="", max_length=200)
    postal_code: str = Field(default="", max_length=16)
    city: str = Field(default="", max_length=120)
    country: str = Field(default="", max_length=2)
    buyer_reference: str = Field(default="", max_length=64)
    changed_at: datetime = Field(sa_type=UTCDateTime)
