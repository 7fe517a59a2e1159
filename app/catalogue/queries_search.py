"""Searching the list: the same bundles in the same order on SQLite and on PostgreSQL."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, column, table, text
from sqlalchemy import select as core_select
from sqlmodel import Session, col, select

from app.catalogue.models import Listing
from app.catalogue.rules.kinds import Kind
from app.catalogue.rules.terms import Reading, Term, read_query
from app.catalogue.rules.words import query_words

MOST_FOUND = 960
"""Forty pages: who finds more than that needs a better word, not more pages."""


@dataclass(frozen=True, slots=True)
class Found:
    """The ids of the bundles that match, best first, at most 960; and how the query was understood."""

    bundle_ids: tuple[int, ...]
    reading: Reading
    is_cut: bool = False


class Vocabularies:
    """All words of the list, kept for the newest version of the catalogue that was asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version: int | None = None
        self._words: tuple[str, ...] = ()

    def words(self, session: Session, *, catalogue_version: int) -> tuple[str, ...]:
        """The words in order, read from the database where the catalogue has changed since."""
        with self._lock:
            if self._version != catalogue_version:
                found: set[str] = set()
                for search_text in session.exec(select(Listing.search_text)):
                    found.update(search_text.split(" "))
                found.discard("")
                self._words = tuple(sorted(found))
                self._version = catalogue_version
            return self._words


def search(session: Session, query: str, *, kind: Kind | None, vocabulary: Sequence[str]) -> Found:
    """What a person's query finds, of one kind or of all.

    All words must be in a bundle's name, contents or text; bundles with all of them in the name come
    first, then the order of the catalogue decides.
    """
    words = query_words(query)
    reading = read_query(words, vocabulary)
    if not reading.terms or reading.unknown:
        return Found((), reading)
    anywhere = _matching(session, reading.terms, is_name_only=False, kind=kind)
    if len(anywhere) < 2:
        return Found(tuple(anywhere), reading)
    in_name = _matching(session, reading.terms, is_name_only=True, kind=kind)
    ordered = tuple(dict.fromkeys([*in_name, *anywhere]))
    return Found(ordered[:MOST_FOUND], reading, is_cut=len(ordered) > MOST_FOUND)


def _matching(session: Session, terms: Sequence[Term], *, is_name_only: bool, kind: Kind | None) -> list[int]:
    if session.get_bind().dialect.name == "sqlite":
        index = table("search_listings", column("rowid"))
        expression = " AND ".join(_sqlite_term(term) for term in terms)
        match = text("search_listings MATCH :expression").bindparams(
            bindparam("expression", f"{{search_name}} : ({expression})" if is_name_only else expression)
        )
        joined = index.c.rowid == col(Listing.bundle_id)
    else:
        index = table("search_listings", column("bundle_id"))
        match = text(
            f"{'name_words' if is_name_only else 'words'} @@ CAST(:expression AS tsquery)"
        ).bindparams(bindparam("expression", " & ".join(_postgresql_term(term) for term in terms)))
        joined = index.c.bundle_id == col(Listing.bundle_id)
    found = core_select(col(Listing.bundle_id)).select_from(index).join(Listing, joined).where(match)
    if kind is not None:
        found = found.where(col(Listing.kind) == kind)
    rows = session.execute(found.order_by(col(Listing.position)).limit(MOST_FOUND + 1))
    return list(rows.scalars())


# Words hold nothing but a-z and 0-9 (see `query_words`): quoted, they cannot say anything else.
def _sqlite_term(term: Term) -> str:
    alternatives = [f'"{word}"' for word in term.words]
    if term.prefix:
        alternatives.append(f'"{term.prefix}"*')
    return f"({' OR '.join(alternatives)})"


def _postgresql_term(term: Term) -> str:
    alternatives = [f"'{word}'" for word in term.words]
    if term.prefix:
        alternatives.append(f"'{term.prefix}':*")
    return f"({' | '.join(alternatives)})"
