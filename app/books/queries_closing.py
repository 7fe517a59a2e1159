"""Reading which months are closed, and what a new document may still be dated."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlmodel import Session, col, select

from app.books.models import MonthClose
from app.books.rules.months import Month


def is_closed(session: Session, day: date) -> bool:
    """Whether no document may be dated to a day any more: its month is closed, or a later one is."""
    return day < earliest_open_day(session)


def earliest_open_day(session: Session) -> date:
    """The first day to which a document may be dated: the one after all closed months; date.min while none is."""
    newest = last_close(session)
    if newest is None:
        return date.min
    return Month.of(newest.month).last_on + timedelta(days=1)


def last_close(session: Session) -> MonthClose | None:
    """The newest closed month, or None."""
    return session.exec(select(MonthClose).order_by(col(MonthClose.month).desc()).limit(1)).first()


def close_of(session: Session, month: Month) -> MonthClose | None:
    """The close of a month, or None while it is open."""
    return session.exec(select(MonthClose).where(col(MonthClose.month) == month.first_on)).first()


def list_closes(session: Session, *, year: int) -> Sequence[MonthClose]:
    """The closed months of a year, oldest first."""
    days = col(MonthClose.month).between(date(year, 1, 1), date(year, 12, 31))
    return session.exec(select(MonthClose).where(days).order_by(col(MonthClose.month))).all()
