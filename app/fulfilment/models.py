"""Dispatch runs and what left with them."""

from datetime import date, datetime

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime, enum_type
from app.fulfilment.rules.proofs import ProofKind
from app.fulfilment.rules.run_states import RunState

WAREHOUSE = "main"
"""The one warehouse so far; a second one has rows of its own in the tables of runs and closing days."""


class Shipment(SQLModel, table=True):
    """One order handed to the carrier; `run_on` is the dispatch run it left with."""

    __tablename__ = "shipments"

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(unique=True, foreign_key="orders.id")
    run_on: date = Field(index=True)
    carrier: str = Field(default="", max_length=64)
    tracking_code: str = Field(default="", max_length=64)
    dispatched_by: str = Field(max_length=200)
    dispatched_at: datetime = Field(sa_type=UTCDateTime, index=True)


class DeliveryProof(SQLModel, table=True):
    """The proof that goods sold without VAT left: opened at the dispatch, `due_on` a day, kept until `retain_until`.

    It is there once `uploaded_at` is set: as a file, as a number (`reference`: MRN, or that of the carrier), or both.
    """

    __tablename__ = "delivery_proofs"
    __table_args__ = (Index("ix_delivery_proofs_uploaded_at_due_on", "uploaded_at", "due_on"),)

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(unique=True, foreign_key="orders.id")
    kind: ProofKind = Field(sa_type=enum_type(ProofKind))
    due_on: date
    reference: str = Field(default="", max_length=64)
    content_type: str = Field(default="", max_length=64)
    content: bytes = Field(default=b"", sa_type=LargeBinary)
    sha256: str = Field(default="", max_length=64)
    uploaded_by: str = Field(default="", max_length=200)
    uploaded_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    retain_until: date | None = None
    created_at: datetime = Field(sa_type=UTCDateTime)


class DispatchRun(SQLModel, table=True):
    """What staff did with one run; a run without a row is open. There is one warehouse so far, called `main`."""

    __tablename__ = "dispatch_runs"
    __table_args__ = (UniqueConstraint("warehouse", "run_on"),)

    id: int | None = Field(default=None, primary_key=True)
    warehouse: str = Field(default=WAREHOUSE, max_length=32)
    run_on: date
    state: RunState = Field(default=RunState.OPEN, sa_type=enum_type(RunState))
    closed_by: str = Field(default="", max_length=200)
    closed_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class ClosingDay(SQLModel, table=True):
    """A day on which a warehouse does not work, beside the public holidays."""

    __tablename__ = "closing_days"
    __table_args__ = (UniqueConstraint("warehouse", "day"),)

    id: int | None = Field(default=None, primary_key=True)
    warehouse: str = Field(default=WAREHOUSE, max_length=32)
    day: date
    name: str = Field(default="", max_length=120)
    added_by: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UTCDateTime)
