"""Reading what customers browse: pages of the list, one bundle, its picture."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, case
from sqlmodel import Session, col, func, select

from app.catalogue.models import Block, Bundle, BundleImage, BundleItem, BundleVersion, Listing
from app.catalogue.rules.kinds import BundleState, Kind
from app.catalogue.rules.stock import StockLevel
from app.core.errors import N_, NotFound

PAGE_SIZE = 24


@dataclass(frozen=True, slots=True)
class BundleCard:
    """A bundle as the catalogue page shows it, its name in the reader's language."""

    bundle_id: int
    slug: str
    name: str
    kind: Kind
    price_cents: int
    minimum_quantity: int
    order_step: int
    main_brand_lead_time_days: int
    block_count: int
    has_image: bool
    pictogram: str
    maximum_quantity: int | None
    stock_level: StockLevel
    single_unit_code: str
    single_quantity_milli: int


@dataclass(frozen=True, slots=True)
class BundleContent:
    """A block in one bundle: thousandths of its unit; `unit_code` is a UN/ECE Recommendation 20 code."""

    quantity_milli: int
    unit_code: str
    sku: str
    name: str


@dataclass(frozen=True, slots=True)
class BundleFacts:
    """A published bundle as its own page shows it."""

    bundle_id: int
    version_id: int
    slug: str
    name: str
    text: str
    kind: Kind
    price_cents: int
    minimum_quantity: int
    order_step: int
    main_brand_lead_time_days: int
    has_image: bool
    contents: tuple[BundleContent, ...]
    purpose: str
    category_id: int | None
    pictogram: str
    maximum_quantity: int | None
    stock_level: StockLevel


@dataclass(frozen=True, slots=True)
class ListingCounts:
    """How many bundles are listed: over all, of the chosen kind and category, and of each other choice.

    The counts of the kinds are those in the chosen category, those of the categories are of the chosen kind.
    """

    total: int
    chosen: int
    of_kind: Mapping[Kind, int]
    of_category: Mapping[int, int]


def listing_counts(
    session: Session, *, kind: Kind | None = None, category_id: int | None = None
) -> ListingCounts:
    """The lengths of the list, counted in an index of it that holds nothing else."""
    groups = session.execute(
        select(Listing.kind, Listing.category_id, func.count()).group_by(
            col(Listing.kind), col(Listing.category_id)
        )
    ).all()
    of_kind, of_category = dict.fromkeys(Kind, 0), Counter[int]()
    chosen = 0
    for its_kind, its_category, count in groups:
        is_kind, is_category = kind in (None, its_kind), category_id in (None, its_category)
        of_kind[its_kind] += count * is_category
        if its_category is not None:
            of_category[its_category] += count * is_kind
        chosen += count * (is_kind and is_category)
    return ListingCounts(
        sum(group[2] for group in groups),
        chosen,
        {its_kind: count for its_kind, count in of_kind.items() if count},
        {its_category: count for its_category, count in of_category.items() if count},
    )


def listing_page(
    session: Session, *, language: str, kind: Kind | None, page: int, category_id: int | None = None
) -> list[BundleCard]:
    """The bundles of a page (24, counted from 1), over all or of one kind and category; empty past the end."""
    first = (page - 1) * PAGE_SIZE
    is_kind = [col(Listing.kind) == kind] if kind is not None else []
    if category_id is not None:
        where = [*is_kind, col(Listing.category_id) == category_id]
        return _cards(
            session, where, order_by=col(Listing.position), language=language, cut=(first, PAGE_SIZE)
        )
    # Positions are dense over all and per kind: a page deep in the list costs no more than the first.
    position: Any = col(Listing.position if kind is None else Listing.kind_position)
    where = [*is_kind, position.between(first + 1, first + PAGE_SIZE)]
    return _cards(session, where, order_by=position, language=language)


def listing_cards(session: Session, bundle_ids: Sequence[int], *, language: str) -> list[BundleCard]:
    """The cards of some bundles in the order of their ids; those that are not listed are left out."""
    where = [col(Listing.bundle_id).in_(bundle_ids)]
    cards = _cards(session, where, order_by=col(Listing.position), language=language)
    place = {bundle_id: index for index, bundle_id in enumerate(bundle_ids)}
    return sorted(cards, key=lambda card: place[card.bundle_id])


def published_bundle(session: Session, slug: str, *, language: str) -> BundleFacts:
    """A bundle on sale. Raises NotFound, alike for an unknown, draft or retired one."""
    row = session.execute(
        select(  # type: ignore[call-overload]
            Bundle.id,
            Bundle.image_id,
            BundleVersion,
            Listing.stock_level,
            Listing.main_brand_lead_time_days,
            Listing.minimum_quantity,
            Listing.order_step,
        )
        .join(BundleVersion, col(BundleVersion.id) == col(Bundle.current_version_id))
        .outerjoin(Listing, col(Listing.bundle_id) == col(Bundle.id))
        .where(col(Bundle.slug) == slug, col(Bundle.state) == BundleState.PUBLISHED)
    ).first()
    if row is None:
        raise no_such_bundle()
    bundle_id, image_id, version, stock_level, lead_time_days, minimum_quantity, order_step = row
    items = session.exec(
        select(BundleItem).where(col(BundleItem.bundle_version_id) == version.id).order_by(col(BundleItem.id))
    ).all()
    return BundleFacts(
        bundle_id=bundle_id or 0,
        version_id=version.id or 0,
        slug=slug,
        name=version.name_de if language == "de" else version.name_en,
        text=version.text_de if language == "de" else version.text_en,
        kind=version.kind,
        price_cents=version.price_cents,
        minimum_quantity=minimum_quantity or version.minimum_quantity,
        order_step=order_step or version.order_step,
        main_brand_lead_time_days=max(
            lead_time_days or 0, *(item.main_brand_lead_time_days for item in items)
        ),
        has_image=image_id is not None,
        contents=tuple(
            BundleContent(
                item.quantity_milli,
                item.unit_code,
                item.sku,
                item.name_de if language == "de" else item.name_en,
            )
            for item in items
        ),
        purpose=version.purpose_de if language == "de" else version.purpose_en,
        category_id=version.category_id,
        pictogram=version.pictogram,
        maximum_quantity=version.maximum_quantity,
        stock_level=stock_level or StockLevel.PLENTY,
    )


def published_bundle_id(session: Session, slug: str) -> int:
    """The id of a bundle on sale. Raises NotFound, alike for an unknown, draft or retired one."""
    found = session.exec(
        select(Bundle.id).where(col(Bundle.slug) == slug, col(Bundle.state) == BundleState.PUBLISHED)
    ).first()
    if found is None:
        raise no_such_bundle()
    return found


def published_ids_of(session: Session, slugs: Sequence[str]) -> dict[str, int]:
    """The ids of those of some bundles that are on sale, by the names in their addresses."""
    is_wanted = col(Bundle.slug).in_(set(slugs)), col(Bundle.state) == BundleState.PUBLISHED
    rows = session.exec(select(Bundle.slug, Bundle.id).where(*is_wanted))
    return {slug: bundle_id for slug, bundle_id in rows if bundle_id is not None}


def published_slug(session: Session, bundle_id: int) -> str:
    """The address's name of a bundle on sale. Raises NotFound, alike for an unknown, draft or retired one."""
    found = session.exec(
        select(Bundle.slug).where(col(Bundle.id) == bundle_id, col(Bundle.state) == BundleState.PUBLISHED)
    ).first()
    if found is None:
        raise no_such_bundle()
    return found


def published_image(session: Session, slug: str) -> tuple[Kind, str, bytes | None]:
    """Kind, content type and bytes (None without a picture) of a bundle on sale. Raises NotFound like the above."""
    row = session.execute(
        select(BundleVersion.kind, BundleImage.content_type, BundleImage.content)
        .select_from(Bundle)
        .join(BundleVersion, col(BundleVersion.id) == col(Bundle.current_version_id))
        .outerjoin(BundleImage, col(BundleImage.id) == col(Bundle.image_id))
        .where(col(Bundle.slug) == slug, col(Bundle.state) == BundleState.PUBLISHED)
    ).first()
    if row is None:
        raise no_such_bundle()
    kind, content_type, content = row
    return kind, content_type or "", content


def lead_time_today() -> ColumnElement[int]:
    """The lead time of a bundle item whose block is joined: as it was frozen or as it is today, whichever is longer.

    So that no delivery is promised sooner than the main brand's, whatever changed there since (domain.md section 5).
    """
    frozen, today = col(BundleItem.main_brand_lead_time_days), col(Block.main_brand_lead_time_days)
    return case((today > frozen, today), else_=frozen)


def no_such_bundle() -> NotFound:
    """What is said of every bundle that is not on sale."""
    return NotFound(N_("There is no such bundle."), code="bundle.not_found")


def _cards(
    session: Session,
    where: Sequence[ColumnElement[bool]],
    *,
    order_by: Any,
    language: str,
    cut: tuple[int, int] | None = None,
) -> list[BundleCard]:
    asked = (
        select(  # type: ignore[call-overload]
            Listing.bundle_id,
            Listing.slug,
            Listing.name_de if language == "de" else Listing.name_en,
            Listing.kind,
            Listing.price_cents,
            Listing.minimum_quantity,
            Listing.order_step,
            Listing.main_brand_lead_time_days,
            Listing.block_count,
            Listing.has_image,
            Listing.pictogram,
            Listing.maximum_quantity,
            Listing.stock_level,
            Listing.single_unit_code,
            Listing.single_quantity_milli,
        )
        .where(*where)
        .order_by(order_by)
    )
    if cut is not None:
        asked = asked.offset(cut[0]).limit(cut[1])
    return [BundleCard(*row) for row in session.execute(asked)]
