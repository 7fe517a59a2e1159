"""Cards kept for later with the consent to it, and what is counted against the testing of stolen cards."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime, enum_type
from app.payments.rules.card_limits import Trip
from app.payments.rules.saved_cards import CardEnd


class CardConsent(SQLModel, table=True):
    """Somebody of a company agreed, with one order, that its card is kept for later: when, and to which words."""

    __tablename__ = "card_consents"

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id", index=True)
    contact_id: int = Field(foreign_key="contacts.id")
    order_id: int = Field(foreign_key="orders.id", unique=True)
    version: str = Field(max_length=32)
    language: str = Field(max_length=2)
    text: str
    given_at: datetime = Field(sa_type=UTCDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class SavedCard(SQLModel, table=True):
    """What we know of a card that Stripe keeps: enough to name it, never its number. One living per company."""

    __tablename__ = "saved_cards"
    __table_args__ = (
        CheckConstraint("expires_month between 1 and 12", name="month"),
        CheckConstraint("(ended_at is null) = (end_reason is null)", name="end"),
        Index(
            "uq_saved_cards_one_living_per_customer",
            "customer_id",
            unique=True,
            sqlite_where=text("ended_at is null"),
            postgresql_where=text("ended_at is null"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id", index=True)
    consent_id: int = Field(foreign_key="card_consents.id")
    payment_method_id: str = Field(unique=True, max_length=255)
    brand: str = Field(max_length=32)
    last4: str = Field(max_length=4)
    expires_month: int
    expires_year: int
    saved_at: datetime = Field(sa_type=UTCDateTime)
    changed_at: datetime = Field(sa_type=UTCDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    end_reason: CardEnd | None = Field(default=None, sa_type=enum_type(CardEnd))
    ended_by: str = Field(default="", max_length=200)


class CardDecline(SQLModel, table=True):
    """One declined try to pay: a failed charge at Stripe, counted once."""

    __tablename__ = "card_declines"
    __table_args__ = (Index("ix_card_declines_customer_id_at", "customer_id", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    payment_id: int = Field(foreign_key="payments.id", index=True)
    customer_id: int = Field(foreign_key="customers.id")
    charge_id: str = Field(unique=True, max_length=255)
    code: str = Field(max_length=64)
    at: datetime = Field(sa_type=UTCDateTime, index=True)


class CardBreaker(SQLModel, table=True):
    """A time in which the shop was careful with companies that never paid here; at most one is tripped."""

    __tablename__ = "card_breakers"
    __table_args__ = (
        CheckConstraint("is_tripped = (cleared_at is null)", name="cleared"),
        Index(
            "uq_card_breakers_one_tripped",
            "is_tripped",
            unique=True,
            sqlite_where=text("is_tripped"),
            postgresql_where=text("is_tripped"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    is_tripped: bool = True
    trip: Trip = Field(sa_type=enum_type(Trip))
    declined_count: int
    reserved_count: int
    tripped_at: datetime = Field(sa_type=UTCDateTime)
    cleared_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    cleared_by: str = Field(default="", max_length=200)
    reason: str = Field(default="", max_length=1000)


class CardWait(SQLModel, table=True):
    """A company that never paid waits for the card page of an order until a moment it was told."""

    __tablename__ = "card_waits"

    id: int | None = Field(default=None, primary_key=True)
    customer_id: int = Field(foreign_key="customers.id", index=True)
    order_id: int = Field(foreign_key="orders.id", unique=True)
    since_at: datetime = Field(sa_type=UTCDateTime)
    open_at: datetime = Field(sa_type=UTCDateTime)
    told_at: datetime | None = Field(default=None, sa_type=UTCDateTime, index=True)
