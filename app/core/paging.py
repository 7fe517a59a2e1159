"""Lists in pages: one row more is read than shown, so that nothing is ever counted."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Select
from sqlmodel import Session

T = TypeVar("T")

PAGE_SIZE = 50
LAST_PAGE = 10_000


@dataclass(frozen=True)
class Slice(Generic[T]):
    """One page of a list, counted from 1, and whether another follows."""

    rows: list[T]
    page: int
    has_next: bool

    @property
    def has_previous(self) -> bool:
        return self.page > 1


def read_page(
    session: Session, query: Select[*tuple[Any, ...]], *, page: int, size: int = PAGE_SIZE
) -> Slice[Any]:
    """The rows of an ordered query that stand on one page; a query for one entity gives the entities."""
    page = min(max(page, 1), LAST_PAGE)
    found = session.execute(query.limit(size + 1).offset((page - 1) * size)).all()
    rows = [row[0] if len(row) == 1 else row for row in found]
    return Slice(rows[:size], page, len(rows) > size)
