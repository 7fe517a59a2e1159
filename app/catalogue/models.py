"""What is sold: blocks, bundles, their frozen versions, and the list that customers browse."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.catalogue.rules.kinds import BundleState, Kind, Source
from app.core.db import UTCDateTime, enum_type


class Block(SQLModel, table=True):
    """The smallest sellable part; never sold alone. Unit codes are UN/ECE Recommendation 20."""

    __tablename__ = "blocks"
    __table_args__ = (
        CheckConstraint("unit_cost_cents >= 0 and main_brand_price_cents >= 0", name="prices"),
        CheckConstraint("main_brand_lead_time_days >= 0", name="lead_time"),
        CheckConstraint("vat_rate_bp in (0, 700, 1900)", name="vat_rate"),
    )

    id: int | None = Field(default=None, primary_key=True)
    sku: str = Field(unique=True, max_length=64)
    name_de: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    kind: Kind = Field(sa_type=enum_type(Kind))
    unit_code: str = Field(max_length=3)
    unit_cost_cents: int
    main_brand_price_cents: int
    main_brand_lead_time_days: int
    vat_rate_bp: int
    source: Source = Field(default=Source.OWN, sa_type=enum_type(Source))
    created_at: datetime = Field(sa_type=UTCDateTime)


class Bundle(SQLModel, table=True):
    """A standardized offer; what it holds and costs stands in its versions."""

    __tablename__ = "bundles"

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(unique=True, max_length=120)
    state: BundleState = Field(default=BundleState.DRAFT, sa_type=enum_type(BundleState))
    current_version_id: int | None = Field(default=None)
    image_id: int | None = Field(default=None, foreign_key="bundle_images.id")
    created_at: datetime = Field(sa_type=UTCDateTime)


class BundleVersion(SQLModel, table=True):
    """The frozen state of a bundle, kept for ever by orders; changed only while it was never published."""

    __tablename__ = "bundle_versions"
    __table_args__ = (
        UniqueConstraint("bundle_id", "version_number"),
        CheckConstraint("price_cents > 0", name="price"),
        CheckConstraint("minimum_quantity > 0 and order_step > 0", name="quantities"),
    )

    id: int | None = Field(default=None, primary_key=True)
    bundle_id: int = Field(foreign_key="bundles.id", index=True)
    version_number: int
    name_de: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    text_de: str = Field(default="", max_length=4000)
    text_en: str = Field(default="", max_length=4000)
    kind: Kind = Field(sa_type=enum_type(Kind))
    price_cents: int
    minimum_quantity: int = 1
    order_step: int = 1
    published_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    created_at: datetime = Field(sa_type=UTCDateTime)


class BundleItem(SQLModel, table=True):
    """A block and its count in one unit of a bundle version, with the block's facts as they were then."""

    __tablename__ = "bundle_items"
    __table_args__ = (
        UniqueConstraint("bundle_version_id", "block_id"),
        CheckConstraint("quantity > 0", name="quantity"),
    )

    id: int | None = Field(default=None, primary_key=True)
    bundle_version_id: int = Field(foreign_key="bundle_versions.id", index=True)
    block_id: int = Field(foreign_key="blocks.id", index=True)
    quantity: int
    sku: str = Field(max_length=64)
    name_de: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    unit_code: str = Field(max_length=3)
    vat_rate_bp: int
    reference_price_cents: int
    unit_cost_cents: int
    main_brand_lead_time_days: int


class BundleImage(SQLModel, table=True):
    """A picture, kept in the database so that it is served only through the gate."""

    __tablename__ = "bundle_images"

    id: int | None = Field(default=None, primary_key=True)
    content_type: str = Field(max_length=64)
    content: bytes = Field(sa_type=LargeBinary)
    sha256: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UTCDateTime)


class Listing(SQLModel, table=True):
    """One published bundle as customers browse it; positions are dense (1, 2, 3 …) per kind and over all."""

    __tablename__ = "listings"
    __table_args__ = (Index("ix_listings_kind_kind_position", "kind", "kind_position"),)

    bundle_id: int = Field(primary_key=True, foreign_key="bundles.id")
    bundle_version_id: int = Field(foreign_key="bundle_versions.id")
    slug: str = Field(max_length=120)
    name_de: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    kind: Kind = Field(sa_type=enum_type(Kind))
    price_cents: int
    minimum_quantity: int
    order_step: int
    main_brand_lead_time_days: int
    block_count: int
    has_image: bool = False
    position: int = Field(index=True)
    kind_position: int
    sort_key: str = Field(max_length=240, index=True)
    search_name: str = Field(default="", max_length=2000)
    search_text: str = Field(default="", max_length=8000)


class CatalogueState(SQLModel, table=True):
    """One row: a number that grows with every change of what customers see, read with the gate."""

    __tablename__ = "catalogue_states"

    id: int | None = Field(default=None, primary_key=True)
    version: int = 1
