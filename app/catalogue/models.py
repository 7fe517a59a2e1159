"""What is sold: blocks, bundles, their frozen versions, and the list that customers browse."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.catalogue.rules.kinds import BundleState, Kind, Packaging, PriceCause, Source
from app.catalogue.rules.stages import VersionStage
from app.catalogue.rules.stock import ReservationState, StockCause, StockLevel
from app.core.db import UTCDateTime, enum_type


class Partner(SQLModel, table=True):
    """A company that finishes, supplies or takes over what we sell."""

    __tablename__ = "partners"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True, max_length=200)
    created_at: datetime = Field(sa_type=UTCDateTime)


class Category(SQLModel, table=True):
    """A shelf of the catalogue; bundles stand on one each, or on none."""

    __tablename__ = "categories"

    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(unique=True, max_length=120)
    name_de: str = Field(max_length=120)
    name_en: str = Field(max_length=120)
    text_de: str = Field(default="", max_length=1000)
    text_en: str = Field(default="", max_length=1000)
    pictogram: str = Field(default="", max_length=64)
    position: int = 0


class Block(SQLModel, table=True):
    """The smallest sellable part; never sold alone. Unit codes are UN/ECE Recommendation 20.

    Amounts and weight are those of one unit; `partner_cost_cents` is what the partner gets for it beside
    `unit_cost_cents`. Stock is counted in thousandths of a unit, `reserved_milli` of it for open orders; neither
    counts where the block is made to order. A hazardous or restricted block stays out of the shop.
    `largest_need_milli` is at least what the smallest order of any listed bundle takes of it: as long as much
    more is free, no level of stock can change (rules/stock.py). `minimum_quantity_milli` and `order_step_milli` say in
    which sizes it is sold, None for no word on it (rules/agreements.py).
    """

    __tablename__ = "blocks"
    __table_args__ = (
        CheckConstraint("unit_cost_cents >= 0 and main_brand_price_cents >= 0", name="prices"),
        CheckConstraint("main_brand_lead_time_days >= 0", name="lead_time"),
        CheckConstraint("vat_rate_bp in (0, 700, 1900)", name="vat_rate"),
        CheckConstraint("partner_cost_cents >= 0", name="partner_cost"),
        CheckConstraint("packing_cost_cents >= 0", name="packing_cost"),
        CheckConstraint("weight_g >= 0", name="weight"),
        CheckConstraint("stock_milli >= 0", name="stock"),
        CheckConstraint("reserved_milli >= 0", name="reserved"),
        CheckConstraint("minimum_quantity_milli > 0", name="minimum_quantity"),
        CheckConstraint("order_step_milli > 0", name="order_step"),
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
    text_de: str = Field(default="", max_length=2000)
    text_en: str = Field(default="", max_length=2000)
    partner_id: int | None = Field(default=None, foreign_key="partners.id")
    partner_cost_cents: int = 0
    weight_g: int = 0
    packaging: Packaging = Field(default=Packaging.NONE, sa_type=enum_type(Packaging))
    packing_cost_cents: int = 0
    is_hazardous: bool = False
    is_restricted: bool = False
    cpv_code: str = Field(default="", max_length=10)
    is_made_to_order: bool = True
    stock_milli: int = Field(default=0, sa_type=BigInteger)
    reserved_milli: int = Field(default=0, sa_type=BigInteger)
    largest_need_milli: int = Field(default=0, sa_type=BigInteger)
    minimum_quantity_milli: int | None = None
    order_step_milli: int | None = None


class BlockPrice(SQLModel, table=True):
    """What a block cost and sold for from a moment on; never changed or deleted."""

    __tablename__ = "block_prices"
    __table_args__ = (Index("ix_block_prices_block_id_valid_from_at", "block_id", "valid_from_at"),)

    id: int | None = Field(default=None, primary_key=True)
    block_id: int = Field(foreign_key="blocks.id")
    unit_cost_cents: int
    partner_cost_cents: int
    main_brand_price_cents: int
    cause: PriceCause = Field(sa_type=enum_type(PriceCause))
    changed_by: str = Field(max_length=200)
    valid_from_at: datetime = Field(sa_type=UTCDateTime)


class StockMove(SQLModel, table=True):
    """One change of a block's stock, with the stock after it; never changed or deleted."""

    __tablename__ = "stock_moves"
    __table_args__ = (Index("ix_stock_moves_block_id_id", "block_id", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    block_id: int = Field(foreign_key="blocks.id")
    cause: StockCause = Field(sa_type=enum_type(StockCause))
    delta_milli: int = Field(sa_type=BigInteger)
    stock_after_milli: int = Field(sa_type=BigInteger)
    order_id: int | None = Field(default=None, index=True)
    reason: str = Field(default="", max_length=500)
    changed_by: str = Field(max_length=200)
    at: datetime = Field(sa_type=UTCDateTime)


class StockReservation(SQLModel, table=True):
    """What an order holds of a counted block until it is dispatched (`used`) or ends otherwise (`released`)."""

    __tablename__ = "stock_reservations"
    __table_args__ = (
        UniqueConstraint("order_id", "block_id"),
        CheckConstraint("quantity_milli > 0", name="quantity"),
        Index("ix_stock_reservations_block_id_state", "block_id", "state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    order_id: int
    block_id: int = Field(foreign_key="blocks.id")
    quantity_milli: int = Field(sa_type=BigInteger)
    state: ReservationState = Field(default=ReservationState.HELD, sa_type=enum_type(ReservationState))


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
    """The frozen state of a bundle, kept for ever by orders; changed only while it was never published.

    `purpose` says what the bundle is for. `maximum_quantity` is the most of one order, None for no such bound.
    `publish_at` is the moment from which a scheduled version is on sale. `revision` grows with every change by a
    person; `refusal` says why a scheduled version was not published (code, message, values of a Refused).
    `own_minimum_quantity` and `own_order_step` are what the bundle itself says of its sizes, None where it inherits
    what its blocks say; `minimum_quantity` and `order_step` are what held when the version was written. In which sizes
    it is sold today stands in its listing.
    """

    __tablename__ = "bundle_versions"
    __table_args__ = (
        UniqueConstraint("bundle_id", "version_number"),
        CheckConstraint("maximum_quantity > 0", name="maximum"),
        CheckConstraint("price_cents > 0", name="price"),
        CheckConstraint("minimum_quantity > 0 and order_step > 0", name="quantities"),
        CheckConstraint("own_minimum_quantity > 0", name="own_minimum"),
        CheckConstraint("own_order_step > 0", name="own_step"),
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
    purpose_de: str = Field(default="", max_length=1000)
    purpose_en: str = Field(default="", max_length=1000)
    category_id: int | None = Field(default=None, foreign_key="categories.id")
    pictogram: str = Field(default="", max_length=64)
    maximum_quantity: int | None = None
    stage: VersionStage = Field(default=VersionStage.DRAFT, sa_type=enum_type(VersionStage))
    submitted_by: str = Field(default="", max_length=200)
    submitted_by_id: int | None = None
    submitted_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    publish_at: datetime | None = Field(default=None, sa_type=UTCDateTime)
    published_by: str = Field(default="", max_length=200)
    written_by: str = Field(default="", max_length=200)
    revision: int = 0
    scheduled_by: str = Field(default="", max_length=200)
    scheduled_by_id: int | None = None
    refusal: dict[str, Any] | None = Field(
        default=None, sa_column=Column(JSON(none_as_null=True), nullable=True)
    )
    own_minimum_quantity: int | None = None
    own_order_step: int | None = None


class BundleItem(SQLModel, table=True):
    """A block and its quantity (thousandths of its unit) in one bundle, with the block's facts as they were then."""

    __tablename__ = "bundle_items"
    __table_args__ = (
        UniqueConstraint("bundle_version_id", "block_id"),
        CheckConstraint("quantity_milli > 0", name="quantity"),
        Index("ix_bundle_items_block_id_bundle_version_id", "block_id", "bundle_version_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    bundle_version_id: int = Field(foreign_key="bundle_versions.id", index=True)
    block_id: int = Field(foreign_key="blocks.id", index=True)
    quantity_milli: int
    sku: str = Field(max_length=64)
    name_de: str = Field(max_length=200)
    name_en: str = Field(max_length=200)
    unit_code: str = Field(max_length=3)
    vat_rate_bp: int
    reference_price_cents: int
    unit_cost_cents: int
    main_brand_lead_time_days: int
    partner_cost_cents: int = 0
    packing_cost_cents: int = 0
    weight_g: int = 0


class BundleApproval(SQLModel, table=True):
    """A second person's word that a version may take business from the main brand, with the figures they saw."""

    __tablename__ = "bundle_approvals"

    id: int | None = Field(default=None, primary_key=True)
    bundle_version_id: int = Field(unique=True, foreign_key="bundle_versions.id")
    figures: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    reason: str = Field(max_length=500)
    requested_by: str = Field(max_length=200)
    requested_by_id: int | None = None
    requested_at: datetime = Field(sa_type=UTCDateTime)
    is_approved: bool | None = None
    decision_reason: str = Field(default="", max_length=500)
    decided_by: str = Field(default="", max_length=200)
    decided_by_id: int | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UTCDateTime)


class BundleMargin(SQLModel, table=True):
    """What a published bundle contributes at today's costs, kept so that the inbox need not work it out."""

    __tablename__ = "bundle_margins"

    bundle_id: int = Field(primary_key=True, foreign_key="bundles.id")
    bundle_version_id: int = Field(foreign_key="bundle_versions.id")
    margin_cents: int
    margin_bp: int
    lowest_price_cents: int
    is_below_floor: bool = Field(index=True)
    computed_at: datetime = Field(sa_type=UTCDateTime)


class BlockNote(SQLModel, table=True):
    """What somebody saw at a customer's about a block or a bundle; exactly one of the two is named."""

    __tablename__ = "block_notes"
    __table_args__ = (CheckConstraint("(block_id is null) <> (bundle_id is null)", name="subject"),)

    id: int | None = Field(default=None, primary_key=True)
    block_id: int | None = Field(default=None, foreign_key="blocks.id", index=True)
    bundle_id: int | None = Field(default=None, foreign_key="bundles.id", index=True)
    text: str = Field(max_length=2000)
    visited_on: date | None = None
    written_by: str = Field(max_length=200)
    created_at: datetime = Field(sa_type=UTCDateTime)


class BundleImage(SQLModel, table=True):
    """A picture, kept in the database so that it is served only through the gate."""

    __tablename__ = "bundle_images"

    id: int | None = Field(default=None, primary_key=True)
    content_type: str = Field(max_length=64)
    content: bytes = Field(sa_type=LargeBinary)
    sha256: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=UTCDateTime)


class Listing(SQLModel, table=True):
    """One published bundle as customers browse it; positions are dense (1, 2, 3 …) per kind and over all.

    `minimum_quantity` and `order_step` are those of today, which a block may have changed since the publication.

    `single_…` are unit and quantity of the block where a bundle holds only one, else empty: for the price per unit.
    """

    __tablename__ = "listings"
    __table_args__ = (
        Index("ix_listings_kind_kind_position", "kind", "kind_position"),
        Index("ix_listings_category_id_position", "category_id", "position"),
        Index("ix_listings_bundle_version_id", "bundle_version_id"),
        Index("ix_listings_kind_category_id", "kind", "category_id"),
    )

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
    category_id: int | None = Field(default=None, foreign_key="categories.id")
    pictogram: str = Field(default="", max_length=64)
    maximum_quantity: int | None = None
    stock_level: StockLevel = Field(default=StockLevel.PLENTY, sa_type=enum_type(StockLevel))
    single_unit_code: str = Field(default="", max_length=3)
    single_quantity_milli: int = 0


class SynonymGroup(SQLModel, table=True):
    """Words and short phrases that mean the same, one a line; one way: only the first finds the others."""

    __tablename__ = "synonym_groups"

    id: int | None = Field(default=None, primary_key=True)
    words: str = Field(max_length=1000)
    is_one_way: bool = False
    changed_by: str = Field(max_length=200)
    changed_at: datetime = Field(sa_type=UTCDateTime)


class CatalogueState(SQLModel, table=True):
    """One row: a number that grows with every change of what customers see, read with the gate.

    `words_version` grows only when the words of the list change, by which it is searched.
    """

    __tablename__ = "catalogue_states"

    id: int | None = Field(default=None, primary_key=True)
    version: int = 1
    words_version: int = 1
