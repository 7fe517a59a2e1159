"""Reading the shelves of the catalogue."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from app.catalogue.models import Category


def list_categories(session: Session) -> Sequence[Category]:
    """All categories in the order in which customers see them."""
    return session.exec(select(Category).order_by(col(Category.position), col(Category.id))).all()
