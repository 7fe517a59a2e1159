"""Reading the shelves of the catalogue and what stands near a bundle."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from app.catalogue.models import BundleItem, Category, Listing
from app.catalogue.queries import BundleCard, BundleFacts, listing_cards, published_bundle
from app.core.errors import NotFound

MOST_RELATED = 4


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category as customers see it, its words in the reader's language."""

    category_id: int
    slug: str
    name: str
    text: str
    pictogram: str


def shelves(session: Session, *, language: str) -> list[Shelf]:
    """The categories that hold a bundle on sale, in their order; an empty one is nobody's business yet."""
    filled = select(Listing.category_id).where(col(Listing.category_id).is_not(None)).distinct()
    rows = session.exec(
        select(Category)
        .where(col(Category.id).in_(filled))
        .order_by(col(Category.position), col(Category.id))
    )
    return [
        Shelf(
            category_id=row.id or 0,
            slug=row.slug,
            name=row.name_de if language == "de" else row.name_en,
            text=row.text_de if language == "de" else row.text_en,
            pictogram=row.pictogram,
        )
        for row in rows
    ]


def related_bundles(session: Session, version_id: int, *, language: str) -> list[BundleCard]:
    """At most four bundles on sale that share blocks with a version: most shared first, then fewest others."""
    mine = select(BundleItem.block_id).where(col(BundleItem.bundle_version_id) == version_id)
    # Counted before the list is joined: both steps are read from indexes alone.
    shared = (
        select(BundleItem.bundle_version_id, func.count().label("count"))
        .where(col(BundleItem.block_id).in_(mine), col(BundleItem.bundle_version_id) != version_id)
        .group_by(col(BundleItem.bundle_version_id))
        .subquery()
    )
    rows = session.execute(
        select(Listing.bundle_id)
        .join(shared, shared.c.bundle_version_id == col(Listing.bundle_version_id))
        .order_by(shared.c.count.desc(), col(Listing.block_count), col(Listing.position))
        .limit(MOST_RELATED)
    )
    return listing_cards(session, [row[0] for row in rows], language=language)


def bundles_on_sale(session: Session, slugs: Sequence[str], *, language: str) -> list[BundleFacts]:
    """The facts of some bundles in the order of their addresses' names; those not on sale are left out."""
    found = []
    for slug in slugs:
        try:
            found.append(published_bundle(session, slug, language=language))
        except NotFound:
            continue
    return found
