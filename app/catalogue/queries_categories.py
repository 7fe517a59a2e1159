"""Reading the shelves of the catalogue."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.catalogue.models import Category, Listing
from app.core.errors import N_, NotFound


def list_categories(session: Session) -> Sequence[Category]:
    """All categories in the order in which customers see them."""
    return session.exec(select(Category).order_by(col(Category.position), col(Category.id))).all()


def find_category(session: Session, category_id: int) -> Category:
    """One category. Raises NotFound."""
    category = session.get(Category, category_id)
    if category is None:
        raise NotFound(N_("There is no such category."), code="category.not_found")
    return category


def category_counts(session: Session) -> Mapping[int, int]:
    """How many bundles are on sale in each category that has any, by its id."""
    category_id = col(Listing.category_id)
    rows = session.execute(
        select_columns(category_id, func.count()).where(category_id.is_not(None)).group_by(category_id)
    )
    return {one: count for one, count in rows if one is not None}
