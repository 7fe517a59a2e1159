"""The cart, orders as they were shown and bought, and what happened to them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime, enum_type
from app.ordering.rules.pricing import ChargeKind
from app.ordering.rules.rhythm import RhythmChoice
from app.ordering.rules.standing import RunState, StandingState
from app.ordering.rules.states import CancelReason, OrderKind, OrderState
from app.ordering.rules.vat import VatCase


class CartLine(SQLModel, table=True):
    """A bundle and its count in a company's cart; `seen_version_id` is the version last seen there."""

    __tablename__ = "cart_lines"
    __table_args__ = (
        UniqueConstraint("customer_id", "bundle_id"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id", index=True)
    bundle_id: int = Field(foreign_key="bundles.id")
    seen_version_id: int = Field(foreign_key="bundle_versions.id")
    quantity: int
    updated_at: datetime = Field(sa_type=UTCDateTime)


class TermsVersion(SQLModel, table=True):
    """The terms in both languages; the newest row is in force, an order keeps the one it accepted."""

    __tablename__ = "terms_versions"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=32)
    text_de: str
    text_en: str
    created_at: datetime = Field(sa_type=UTCDateTime)

    def text_in(self, language: str) -> str:
        """The words in a language of the shop."""
        return self.text_de if language == "de" else self.text_en


class Order(SQLModel, table=True):
    """A binding purchase with the amounts, address, terms and promise that were shown before the button.

    `for_order_id` is the order that a service or a replacement belongs to, `joins_order_id` the waiting one whose
    parcel takes this one. `expected_on` is the new date that the customer was told when `promised_on` cannot be kept.
    `vat_id` is the one that the company used for this order, empty for none.
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("customer_id", "checkout_key"),
        CheckConstraint("goods_net_cents >= 0 and charges_net_cents >= 0 and vat_cents >= 0", name="parts"),
        CheckConstraint("gross_cents = goods_net_cents + charges_net_cents + vat_cents", name="sum"),
        Index("ix_orders_state_dispatch_on", "state", "dispatch_on"),
        Index("ix_orders_customer_id_id", "customer_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(unique=True, max_length=32)
    customer_id: int = Field(foreign_key="customers.id")
    contact_id: int = Field(foreign_key="contacts.id")
    checkout_key: str = Field(max_length=64)
    state: OrderState = Field(default=OrderState.RECEIVED, sa_type=enum_type(OrderState))
    cancel_reason: CancelReason | None = Field(default=None, sa_type=enum_type(CancelReason))
    language: str = Field(max_length=2)
    currency: str = Field(default="EUR", max_length=3)
    goods_net_cents: int
    charges_net_cents: int
    vat_cents: int
    gross_cents: int
    company_name: str = Field(max_length=300)
    contact_name: str = Field(max_length=200)
    street: str = Field(max_length=200)
    postal_code: str = Field(max_length=16)
    city: str = Field(max_length=120)
    country: str = Field(max_length=2)
    purchase_reference: str = Field(default="", max_length=64)
    terms_version_id: int = Field(foreign_key="terms_versions.id")
    terms_accepted_at: datetime = Field(sa_type=UTCDateTime)
    business_confirmed_at: datetime = Field(sa_type=UTCDateTime)
    dispatch_on: date
    promised_on: date
    placed_at: datetime = Field(sa_type=UTCDateTime, index=True)
    accepted_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    dispatched_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    cancelled_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    kind: OrderKind = Field(default=OrderKind.GOODS, sa_type=enum_type(OrderKind))
    for_order_id: int | None = Field(default=None, foreign_key="orders.id", index=True)
    rhythm: RhythmChoice = Field(default=RhythmChoice.NORMAL, sa_type=enum_type(RhythmChoice))
    joins_order_id: int | None = Field(default=None, foreign_key="orders.id", index=True)
    expected_on: date | None = None
    vat_case: VatCase = Field(default=VatCase.DOMESTIC, sa_type=enum_type(VatCase))
    vat_id: str = Field(default="", max_length=20)


class OrderLine(SQLModel, table=True):
    """A bundle version and its count, at the net price that was shown."""

    __tablename__ = "order_lines"
    __table_args__ = (
        CheckConstraint("quantity > 0 and net_cents = quantity * unit_price_cents", name="amount"),
    )

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(foreign_key="orders.id", index=True)
    bundle_version_id: int = Field(foreign_key="bundle_versions.id")
    name: str = Field(max_length=200)
    quantity: int
    unit_price_cents: int
    net_cents: int


class Charge(SQLModel, table=True):
    """An amount beside the goods, shown as its own line before the order.

    `name` and `quantity` tell a special service, `bundle_version_id` the line that a charge is about. `vat_rate_bp` is
    None where the charge follows the goods' rates.
    """

    __tablename__ = "charges"
    __table_args__ = (CheckConstraint("quantity > 0", name="quantity"),)

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(foreign_key="orders.id", index=True)
    kind: ChargeKind = Field(sa_type=enum_type(ChargeKind))
    net_cents: int
    name: str = Field(default="", max_length=200)
    quantity: int = 1
    vat_rate_bp: int | None = None
    bundle_version_id: int | None = Field(default=None, foreign_key="bundle_versions.id")


class OrderTax(SQLModel, table=True):
    """The order's net amount and VAT at one rate; charges are split over the goods' rates."""

    __tablename__ = "order_taxes"
    __table_args__ = (UniqueConstraint("order_id", "vat_rate_bp"),)

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(foreign_key="orders.id", index=True)
    vat_rate_bp: int
    net_cents: int
    vat_cents: int


class OrderEvent(SQLModel, table=True):
    """One thing that happened to an order, for its timeline; `kind` is a stable word such as `accepted`."""

    __tablename__ = "order_events"

    id: int | None = Field(default=None, primary_key=True)
    order_id: int = Field(foreign_key="orders.id", index=True)
    kind: str = Field(max_length=64)
    actor_name: str = Field(default="", max_length=200)
    values: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    at: datetime = Field(sa_type=UTCDateTime)


class Agreement(SQLModel, table=True):
    """An exception for one customer and bundle until a day (inclusive): other sizes than everybody's.

    None inherits what the bundle or its blocks say. It holds until `ends_at`, the end of `ends_on` where the shop is,
    unless a person (or a newer one) ended it before: then `ended_at` is set.
    """

    __tablename__ = "agreements"
    __table_args__ = (
        CheckConstraint("minimum_quantity > 0 and order_step > 0", name="quantities"),
        Index("ix_agreements_customer_id_bundle_id", "customer_id", "bundle_id"),
        Index(
            "uq_agreements_open",
            "customer_id",
            "bundle_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id")
    bundle_id: int = Field(foreign_key="bundles.id")
    minimum_quantity: int | None = None
    order_step: int | None = None
    ends_on: date
    reason: str = Field(max_length=500)
    agreed_by: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UTCDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    ends_at: datetime = Field(sa_type=UTCDateTime)


class StandingOrder(SQLModel, table=True):
    """What a company wants to be asked for again and again; nothing is ordered without its word.

    `asks_on` is the day of the next question, None while it is not active. `unanswered_count` counts the runs in a row
    that nobody answered.
    """

    __tablename__ = "standing_orders"
    __table_args__ = (
        CheckConstraint("every_days > 0", name="every_days"),
        Index("ix_standing_orders_state_asks_on", "state", "asks_on"),
    )

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id", index=True)
    contact_id: int = Field(foreign_key="contacts.id")
    state: StandingState = Field(default=StandingState.ACTIVE, sa_type=enum_type(StandingState))
    every_days: int
    asks_on: date | None = None
    unanswered_count: int = 0
    created_at: datetime = Field(sa_type=UTCDateTime)
    changed_at: datetime = Field(sa_type=UTCDateTime)


class StandingOrderLine(SQLModel, table=True):
    """A bundle and its count in a standing order."""

    __tablename__ = "standing_order_lines"
    __table_args__ = (
        UniqueConstraint("standing_order_id", "bundle_id"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    id: int | None = Field(default=None, primary_key=True)
    standing_order_id: int = Field(foreign_key="standing_orders.id", index=True)
    bundle_id: int = Field(foreign_key="bundles.id")
    quantity: int


class StandingOrderRun(SQLModel, table=True):
    """One question to the company: its lines as they were asked, its answer, and the order that came of it.

    `token_hash` is that of the link in the e-mail.
    """

    __tablename__ = "standing_order_runs"
    __table_args__ = (UniqueConstraint("standing_order_id", "run_on"),)

    id: int | None = Field(default=None, primary_key=True)
    standing_order_id: int = Field(foreign_key="standing_orders.id", index=True)
    run_on: date
    state: RunState = Field(default=RunState.ASKED, sa_type=enum_type(RunState))
    token_hash: str = Field(unique=True, max_length=64)
    lines: list[dict[str, Any]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    asked_at: datetime = Field(sa_type=UTCDateTime)
    expires_at: datetime = Field(sa_type=UTCDateTime, index=True)
    answered_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    order_id: int | None = Field(default=None, foreign_key="orders.id")


class SalesFreeze(SQLModel, table=True):
    """Nothing is sold since `frozen_at`, as this database came from a backup of `backup_made_at`, until it is opened.

    Payments made since are known to Stripe alone: they are found by comparing the books first.
    """

    __tablename__ = "sales_freezes"

    id: int | None = Field(default=None, primary_key=True)
    backup_made_at: datetime = Field(sa_type=UTCDateTime)
    frozen_at: datetime = Field(sa_type=UTCDateTime)
    opened_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    opened_by: str = Field(default="", max_length=200)
