"""What discovery found: its runs, and the proposals of bundles with their evidence."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column
from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime, enum_type


class ProposalState(StrEnum):
    """A proposal is open until a person makes a draft bundle of it or dismisses it; a dismissed one can be reopened."""

    OPEN = "open"
    DRAFTED = "drafted"
    DISMISSED = "dismissed"


class DiscoveryRun(SQLModel, table=True):
    """One search through the purchases of the twelve months before `until_on`.

    `aims` are the numbers it went by. Baskets and buyers are those of the C-customers, lines those of all.
    """

    __tablename__ = "discovery_runs"

    id: int | None = Field(default=None, primary_key=True)
    aims: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    until_on: date
    basket_count: int
    buyer_count: int
    line_count: int
    found_count: int
    started_by: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UTCDateTime)


class Proposal(SQLModel, table=True):
    """A set of articles that may become a bundle; `set_key` is the hash of its SKUs, so that each set is one row.

    `items` are dicts with sku, name, quantity_milli, pack_milli, c_price_cents, ab_price_cents (or None) for that
    quantity. `evidence` holds the figures of `discovery.Evidence`, and once it is drafted the price with its reasons.
    `rank` is its place in the catalogue of the best, None outside. Found again it is renewed only while it is open.
    """

    __tablename__ = "proposals"
    __table_args__ = (CheckConstraint("(state = 'drafted') = (bundle_id is not null)", name="drafted"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="discovery_runs.id", index=True)
    set_key: str = Field(unique=True, max_length=64)
    rank: int | None = None
    items: list[dict[str, Any]] = Field(sa_column=Column(JSON, nullable=False))
    evidence: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    state: ProposalState = Field(
        default=ProposalState.OPEN, sa_type=enum_type(ProposalState), sa_column_kwargs={"index": True}
    )
    reason: str = Field(default="", max_length=500)
    decided_by: str = Field(default="", max_length=200)
    decided_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    bundle_id: int | None = Field(default=None, foreign_key="bundles.id", unique=True)
    created_at: datetime = Field(sa_type=UTCDateTime)

    @property
    def skus(self) -> frozenset[str]:
        """The SKUs of its items."""
        return frozenset(item["sku"] for item in self.items)


class OrderSize(SQLModel, table=True):
    """How far one customer's orders are from the rational size, as it was measured last (see rules/order_sizes.py)."""

    __tablename__ = "order_sizes"
    __table_args__ = (CheckConstraint("order_count > 0 and saving_cents >= 0", name="counts"),)

    customer_id: int = Field(primary_key=True, foreign_key="customers.id")
    order_count: int
    size_cents: int
    recent_cents: int | None = None
    earlier_cents: int | None = None
    rational_cents: int | None = None
    every_days: int | None = None
    saving_cents: int
    distance_bp: int | None = Field(default=None, index=True)
    earlier_distance_bp: int | None = None
    change_bp: int | None = None
    measured_at: datetime = Field(sa_type=UTCDateTime)
