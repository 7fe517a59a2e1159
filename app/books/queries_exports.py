"""Reading the exports that were asked for."""

from collections.abc import Sequence

from sqlmodel import Session, col, select

from app.books.models import BookExport
from app.books.rules.months import Month


def exports_with(session: Session, month: Month, *, limit: int = 10) -> Sequence[BookExport]:
    """The newest exports that hold a month."""
    return session.exec(
        select(BookExport)
        .where(col(BookExport.first_month) <= month.first_on, col(BookExport.last_month) >= month.first_on)
        .order_by(col(BookExport.id).desc())
        .limit(limit)
    ).all()
