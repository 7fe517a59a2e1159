"""How an invariant is written down, and what is reported where it does not hold."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, text
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session

from app.core.db import UTCDateTime

PATIENCE = timedelta(minutes=15)
"""How long something may stand between two beats before it counts as stuck."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One offending row: the invariant it breaks, its id, and a sentence for the person who looks into it."""

    invariant: str
    id: str
    sentence: str


Check = Callable[[Session, datetime], Iterator[tuple[object, str]]]
"""Reads offending rows at a moment: their ids and sentences."""


@dataclass(frozen=True, slots=True)
class Invariant:
    """Something that must always be true; `check` only reads."""

    name: str
    promise: str
    check: Check

    def findings(self, session: Session, *, now: datetime) -> list[Finding]:
        """The rows that break it. A database that cannot answer counts as broken too."""
        try:
            return [
                Finding(self.name, str(row_id), sentence) for row_id, sentence in self.check(session, now)
            ]
        except DatabaseError as error:
            return [Finding(self.name, "database", f"This could not be checked: {error.orig}.")]


def rows_of(sql: str, sentence: str) -> Check:
    """A check by one SELECT that means the same on both engines; each of its rows is an offence.

    One statement sees one moment, so that it tells the truth while the shop sells. Its columns, `id` among
    them, fill the sentence; it may use `:now` and `:late` (PATIENCE before now).
    """
    moments = [name for name in ("now", "late") if f":{name}" in sql]
    statement = text(sql).bindparams(*(bindparam(name, type_=UTCDateTime) for name in moments))

    def check(session: Session, now: datetime) -> Iterator[tuple[object, str]]:
        values = {"now": now, "late": now - PATIENCE}
        found = session.execute(statement, {name: values[name] for name in moments})
        for row in found.mappings().all():
            yield row["id"], sentence.format_map(row)

    return check
