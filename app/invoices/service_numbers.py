"""The counters of document numbers: looked at before a document is made, locked as the last step of issuing it."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.invoices.models import NumberRange
from app.invoices.rules.document import PREFIXES, DocumentKind
from app.invoices.rules.numbering import number_of
from app.jobs.service import insert_into


@dataclass(frozen=True, slots=True)
class Stand:
    """How far a range is: its last number, and when and in which year the last document of all years was issued."""

    last_number: int
    last_year: int
    last_issued_at: datetime | None


def look(session: Session, kind: DocumentKind, year: int) -> Stand:
    """How far the range of a kind is in a year; nothing is locked."""
    rows = session.exec(
        select(NumberRange).where(col(NumberRange.prefix) == PREFIXES[kind]).order_by(col(NumberRange.year))
    ).all()
    last_number = next((row.last_number for row in rows if row.year == year), 0)
    moments = [row.last_issued_at for row in rows if row.last_issued_at is not None]
    return Stand(last_number, rows[-1].year if rows else year, max(moments, default=None))


def lock_range(session: Session, kind: DocumentKind, year: int) -> NumberRange:
    """The counter of a kind and year, locked until the transaction ends: nothing slow may follow."""
    prefix = PREFIXES[kind]
    insert = insert_into(session, NumberRange).values(prefix=prefix, year=year, last_number=0)
    session.execute(insert.on_conflict_do_nothing())
    query = select(NumberRange).where(col(NumberRange.prefix) == prefix, col(NumberRange.year) == year)
    return session.exec(query.with_for_update().execution_options(populate_existing=True)).one()


def draw(row: NumberRange, kind: DocumentKind, *, at: datetime) -> str:
    """The next number of a locked counter; it is given only if the transaction is committed."""
    number = number_of(kind, row.year, row.last_number)
    row.last_number += 1
    row.last_issued_at = at
    return number
