"""Reading what customers browse: pages of the list, one bundle, its picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, func, select

from app.catalogue.models import Bundle, BundleImage, BundleItem, BundleVersion, Listing
from app.catalogue.rules.kinds import BundleState, Kind
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


@dataclass(frozen=True, slots=True)
class ListingCounts:
    """How many bundles are listed, over all and of each kind that has any."""

    total: int
    of_kind: Mapping[Kind, int]


def listing_counts(session: Session) -> ListingCounts:
    """The lengths of the list. They are its last positions: nothing is counted, whatever its length."""
    row = session.execute(_COUNTS).one()
    return ListingCounts(
        row[0] or 0, {kind: count for kind, count in zip(Kind, row[1:], strict=True) if count}
    )


def listing_page(session: Session, *, language: str, kind: Kind | None, page: int) -> list[BundleCard]:
    """The bundles of a page (24, counted from 1), over all or of one kind; empty past the end."""
    first = (page - 1) * PAGE_SIZE + 1
    position: Any = col(Listing.position if kind is None else Listing.kind_position)
    where = [position.between(first, first + PAGE_SIZE - 1)]
    if kind is not None:
        where.append(col(Listing.kind) == kind)
    return _cards(session, where, order_by=position, language=language)


def listing_cards(session: Session, bundle_ids: Sequence[int], *, language: str) -> list[BundleCard]:
    """The cards of some bundles in the order of their ids; those that are not listed are left out."""
    where = [col(Listing.bundle_id).in_(bundle_ids)]
    cards = _cards(session, where, order_by=col(Listing.position), language=language)
    place = {bundle_id: index for index, bundle_id in enumerate(bundle_ids)}
    return sorted(cards, key=lambda card: place[card.bundle_id])


def published_bundle(session: Session, slug: str, *, language: str) -> BundleFacts:
    """A bundle on sale. Raises NotFound, alike for an unknown, draft or retired one."""
    names, texts = (
        (BundleVersion.name_de, BundleVersion.text_de)
        if language == "de"
        else (BundleVersion.name_en, BundleVersion.text_en)
    )
    row = session.execute(
        select(Bundle.id, Bundle.image_id, BundleVersion, names, texts)  # type: ignore[call-overload]
        .join(BundleVersion, col(BundleVersion.id) == col(Bundle.current_version_id))
        .where(col(Bundle.slug) == slug, col(Bundle.state) == BundleState.PUBLISHED)
    ).first()
    if row is None:
        raise no_such_bundle()
    bundle_id, image_id, version, name, text = row
    items = session.exec(
        select(BundleItem).where(col(BundleItem.bundle_version_id) == version.id).order_by(col(BundleItem.id))
    ).all()
    return BundleFacts(
        bundle_id=bundle_id,
        version_id=version.id,
        slug=slug,
        name=name,
        text=text,
        kind=version.kind,
        price_cents=version.price_cents,
        minimum_quantity=version.minimum_quantity,
        order_step=version.order_step,
        main_brand_lead_time_days=max((item.main_brand_lead_time_days for item in items), default=0),
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
    )


def published_bundle_id(session: Session, slug: str) -> int:
    """The id of a bundle on sale. Raises NotFound, alike for an unknown, draft or retired one."""
    found = session.exec(
        select(Bundle.id).where(col(Bundle.slug) == slug, col(Bundle.state) == BundleState.PUBLISHED)
    ).first()
    if found is None:
        raise no_such_bundle()
    return found


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


def no_such_bundle() -> NotFound:
    """What is said of every bundle that is not on sale."""
    return NotFound(N_("There is no such bundle."), code="bundle.not_found")


def _cards(
    session: Session, where: Sequence[ColumnElement[bool]], *, order_by: Any, language: str
) -> list[BundleCard]:
    rows = session.execute(
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
        )
        .where(*where)
        .order_by(order_by)
    )
    return [BundleCard(*row) for row in rows]


_COUNTS = select(
    select(func.max(Listing.position)).scalar_subquery(),
    *(
        select(func.max(Listing.kind_position)).where(col(Listing.kind) == kind).scalar_subquery()
        for kind in Kind
    ),
)
