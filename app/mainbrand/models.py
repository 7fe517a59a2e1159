"""The screening copy of the main brand: companies and what they bought, no more than recognising and rating needs."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index
from sqlmodel import Field, SQLModel

from app.core.db import UTCDateTime, enum_type
from app.mainbrand.rules.prospect import Judgement
from app.mainbrand.rules.segments import Segment

RATED_COLUMNS = (
    "segment",
    "segment_reason",
    "rated_segment",
    "revenue_12m_cents",
    "prospect_bp",
    "prospect_low_bp",
    "prospect_high_bp",
    "evidence",
)
"""The columns of a main account that a rating sets."""


class MainAccount(SQLModel, table=True):
    """A company in the main brand's list, with the keys by which it is recognised, normalised.

    `trade_names` and `earlier_names` hold several, separated by semicolons; `phone_key` is E.164.
    `keyed_as` is the version of the rules by which its rows in `match_keys` were made; 0 for none yet.
    `listed_segment` is what the list itself says; `rated_at` is set once purchases were rated. `segment` is what
    counts: `rated_segment`, unless a person's override (`override_id`) is in force.
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
    headcount: int | None = None
    industry: str = Field(default="", max_length=120)
    sales_judgement: Judgement | None = Field(default=None, sa_type=enum_type(Judgement))
    rated_segment: Segment | None = Field(default=None, sa_type=enum_type(Segment, name="is_rated_segment"))
    override_id: int | None = None
    prospect_bp: int | None = None
    prospect_low_bp: int | None = None
    prospect_high_bp: int | None = None
    evidence: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
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

    `is_goods` is false for postage, fees and adjustments; `import_key` makes reading a line twice once;
    `import_id` is the import that added it.
    """

    __tablename__ = "purchases"
    __table_args__ = (Index("ix_purchases_account_number_purchased_at", "account_number", "purchased_at"),)

    id: int | None = Field(default=None, primary_key=True)
    import_key: str = Field(unique=True, max_length=32)
    account_number: str = Field(max_length=64)
    invoice_number: str = Field(max_length=64)
    sku: str = Field(max_length=64, index=True)
    description: str = Field(default="", max_length=300)
    quantity_milli: int = Field(sa_type=BigInteger)
    net_cents: int = Field(sa_type=BigInteger)
    currency: str = Field(max_length=3)
    is_goods: bool = True
    country: str = Field(default="", max_length=64)
    purchased_at: datetime = Field(sa_type=UTCDateTime)
    import_id: int | None = Field(default=None, index=True)


class ProspectModel(SQLModel, table=True):
    """One version of the growth model: its numbers, what it learned from, and how well it did on the unseen."""

    __tablename__ = "prospect_models"

    id: int | None = Field(default=None, primary_key=True)
    parameters: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    bound_cents: int = Field(sa_type=BigInteger)
    company_count: int
    grower_count: int
    auc_bp: int
    learned_to: date
    created_at: datetime = Field(sa_type=UTCDateTime)


class RunState(StrEnum):
    """A rating is proposed, then applied or superseded by a newer one; the last applied one can be undone.

    `unchanged` is one that found every account as it was.
    """

    PROPOSED = "proposed"
    APPLIED = "applied"
    UNDONE = "undone"
    SUPERSEDED = "superseded"
    UNCHANGED = "unchanged"


class RatingRun(SQLModel, table=True):
    """One rating of all accounts; `summary` is what its preview shows, `basis` what it was worked out from.

    `night_on` is the local date of a nightly run: each night has one.
    """

    __tablename__ = "rating_runs"

    id: int | None = Field(default=None, primary_key=True)
    state: RunState = Field(sa_type=enum_type(RunState))
    summary: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    basis: str = Field(max_length=200)
    policy_version_id: int
    prospect_model_id: int | None = Field(default=None, foreign_key="prospect_models.id")
    ends_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    night_on: date | None = Field(default=None, unique=True)
    started_by: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UTCDateTime)
    applied_by: str = Field(default="", max_length=200)
    applied_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    undone_by: str = Field(default="", max_length=200)
    undone_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class RatingResult(SQLModel, table=True):
    """What a run changes in one account; `old` and `new` are the values of its columns, for applying and undoing.

    Kept for the newest proposal and the last applied run.
    """

    __tablename__ = "rating_results"
    __table_args__ = (Index("ix_rating_results_run_id_has_moved", "run_id", "has_moved"),)

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="rating_runs.id")
    main_account_id: int = Field(foreign_key="main_accounts.id", index=True)
    has_moved: bool
    old_segment: Segment = Field(sa_type=enum_type(Segment, name="is_old_segment"))
    new_segment: Segment = Field(sa_type=enum_type(Segment, name="is_new_segment"))
    old: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    new: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class Cause(StrEnum):
    """Why a segment changed."""

    RATING = "rating"
    UNDO = "undo"
    OVERRIDE = "override"
    OVERRIDE_ENDED = "override_ended"
    LIST = "list"


class SegmentChange(SQLModel, table=True):
    """One change of a main account's segment: from what to what, when, why, by whom, by which model and policy."""

    __tablename__ = "segment_changes"
    __table_args__ = (Index("ix_segment_changes_main_account_id_at", "main_account_id", "at"),)

    id: int | None = Field(default=None, primary_key=True)
    main_account_id: int = Field(foreign_key="main_accounts.id")
    at: datetime = Field(sa_type=UTCDateTime)
    old_segment: Segment = Field(sa_type=enum_type(Segment, name="is_old_segment"))
    new_segment: Segment = Field(sa_type=enum_type(Segment, name="is_new_segment"))
    cause: Cause = Field(sa_type=enum_type(Cause))
    reason: str = Field(default="", max_length=500)
    changed_by: str = Field(max_length=200)
    run_id: int | None = Field(default=None, foreign_key="rating_runs.id", index=True)
    prospect_model_id: int | None = Field(default=None, foreign_key="prospect_models.id")
    policy_version_id: int | None = None


class OverrideState(StrEnum):
    """A proposed override waits for a second person; an active one counts until it ends."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    REFUSED = "refused"
    ENDED = "ended"


class RatingOverride(SQLModel, table=True):
    """A person's own segment for a main account or a customer of the shop, with its reason and its last day.

    Exactly one of `main_account_id` and `customer_id` is set. `before_segment` is what a customer gets back.
    """

    __tablename__ = "rating_overrides"
    __table_args__ = (Index("ix_rating_overrides_state_last_on", "state", "last_on"),)

    id: int | None = Field(default=None, primary_key=True)
    main_account_id: int | None = Field(default=None, foreign_key="main_accounts.id", index=True)
    customer_id: int | None = Field(default=None, foreign_key="customers.id", index=True)
    segment: Segment = Field(sa_type=enum_type(Segment))
    before_segment: Segment | None = Field(default=None, sa_type=enum_type(Segment, name="is_before_segment"))
    before_reason: str = Field(default="", max_length=500)
    reason: str = Field(max_length=500)
    last_on: date
    state: OverrideState = Field(sa_type=enum_type(OverrideState))
    proposed_by: str = Field(max_length=200)
    proposed_by_id: int | None = None
    proposed_at: datetime = Field(sa_type=UTCDateTime)
    decided_by: str = Field(default="", max_length=200)
    decided_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    ended_by: str = Field(default="", max_length=200)
    ended_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
