"""The screening copy of the main brand: companies and what they bought, no more than recognising and rating needs."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime, enum_type
from app.mainbrand.rules.segments import Segment


class MainAccount(SQLModel, table=True):
    """A company in the main brand's list, with the keys by which it is recognised, normalised.

    `listed_segment` is what the list itself says; `rated_at` is set once purchases were rated.
    `trade_names` and `earlier_names` hold several, separated by semicolons; `phone_key` is E.164.
    `keyed_as` is the version of the rules by which its rows in `match_keys` were made; 0 for none yet.
    """

    __tablename__ = "main_accounts"
    __table_args__ = (Index("ix_main_accounts_name_key_postal_code", "name_key", "postal_code"),)

    id: int | None = Field(default=None, primary_key=True)
    account_number: str = Field(unique=True, max_length=64)
    company_name: str = Field(max_length=300)
    legal_form: str = Field(default="", max_length=64)
    name_key: str = Field(default="", max_length=300)
    vat_id: str | None = Field(default=None, max_length=20, index=True)
    register_key: str | None = Field(default=None, max_length=120, index=True)
    street: str = Field(default="", max_length=200)
    postal_code: str = Field(default="", max_length=16)
    city: str = Field(default="", max_length=120)
    country: str = Field(default="DE", max_length=2)
    email_domain: str | None = Field(default=None, max_length=253, index=True)
    phone: str = Field(default="", max_length=64)
    sales_contact: str = Field(default="", max_length=300)
    phone_key: str = Field(default="", max_length=20, sa_column_kwargs={"server_default": ""})
    web_domain: str | None = Field(default=None, max_length=253)
    trade_names: str = Field(default="", max_length=1000, sa_column_kwargs={"server_default": ""})
    earlier_names: str = Field(default="", max_length=1000, sa_column_kwargs={"server_default": ""})
    contact_name: str = Field(default="", max_length=200, sa_column_kwargs={"server_default": ""})
    keyed_as: int = Field(default=0, index=True, sa_column_kwargs={"server_default": "0"})
    segment: Segment = Field(default=Segment.UNRATED, sa_type=enum_type(Segment))
    segment_reason: str = Field(default="", max_length=500)
    listed_segment: Segment | None = Field(default=None, sa_type=enum_type(Segment, name="is_listed_segment"))
    revenue_12m_cents: int | None = Field(default=None, sa_type=BigInteger)
    rated_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    row_hash: str = Field(default="", max_length=64)
    imported_at: datetime = Field(sa_type=UTCDateTime)


class MatchKey(SQLModel, table=True):
    """A key under which an account is found when an applicant has it too; `key_hash` see rules/match_keys.py."""

    __tablename__ = "match_keys"
    __table_args__ = {"sqlite_with_rowid": False}

    key_hash: int = Field(primary_key=True, sa_type=BigInteger)
    account_id: int = Field(primary_key=True, index=True)


class CommonKey(SQLModel, table=True):
    """How many accounts have a key that several have, counted after each import; key 0 stands for all accounts."""

    __tablename__ = "common_keys"
    __table_args__ = {"sqlite_with_rowid": False}

    key_hash: int = Field(primary_key=True, sa_type=BigInteger)
    account_count: int


class Purchase(SQLModel, table=True):
    """One line of a past invoice of the main brand; returns have a negative quantity.

    `is_goods` is false for postage, fees and adjustments; `import_key` makes reading a line twice once.
    """

    __tablename__ = "purchases"
    __table_args__ = (Index("ix_purchases_account_number_purchased_at", "account_number", "purchased_at"),)

    id: int | None = Field(default=None, primary_key=True)
    import_key: str = Field(unique=True, max_length=32)
    account_number: str = Field(max_length=64)
    invoice_number: str = Field(max_length=64)
    sku: str = Field(max_length=64)
    description: str = Field(default="", max_length=300)
    quantity_milli: int = Field(sa_type=BigInteger)
    net_cents: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    is_goods: bool = True
    country: str = Field(default="", max_length=64)
    purchased_at: datetime = Field(sa_type=UTCDateTime)
