"""Searching the list: the index that each process keeps of it, and what a query finds there."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TypeGuard

from sqlmodel import Session, col, select

from app.catalogue.models import CatalogueState, Listing, SynonymGroup
from app.catalogue.rules.index import Entry, Hits, SearchIndex
from app.catalogue.rules.kinds import Kind
from app.catalogue.rules.synonyms import Group, Synonyms, read_synonyms
from app.catalogue.rules.terms import Reading, read_query
from app.catalogue.rules.words import index_words, query_words
from app.core.paging import Slice, read_page

BATCH = 2_000
MOST_TRIES = 3


@dataclass(frozen=True, slots=True)
class Found:
    """What a query found and how it was understood.

    Where it found nothing, `nearest` pairs its unknown words with up to three words of the list, as they are
    spelled there. `is_behind` says that the list has changed since and is just being read anew.
    """

    hits: Hits
    reading: Reading
    nearest: tuple[tuple[str, tuple[str, ...]], ...] = ()
    is_behind: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """An index, the synonyms, and the versions of the catalogue that they were read from."""

    words_version: int
    version: int
    index: SearchIndex
    synonyms: Synonyms
    is_behind: bool = False


class SearchMemory:
    """The list as this process searches it: read again when its words have changed, the synonyms on every change."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: Kept | None = None

    def current(self, session: Session) -> Kept:
        """The index and synonyms as the database has them now, or newer.

        One thread reads a new list, which may take seconds; to others it is given as it was, marked as behind.
        Only where there is none yet they wait.
        """
        version, words_version = session.execute(
            select(CatalogueState.version, CatalogueState.words_version)
        ).one()
        kept = self._kept
        if _is_current(kept, version, words_version):
            return kept
        if kept is None or kept.words_version >= words_version:
            self._lock.acquire()
        elif not self._lock.acquire(blocking=False):
            return replace(kept, is_behind=True)
        try:
            kept = self._kept
            if _is_current(kept, version, words_version):
                return kept
            if kept is None or kept.words_version < words_version:
                words_version, index = _index(session)
            else:
                index = kept.index
            self._kept = Kept(words_version, version, index, _synonyms(session))
            return self._kept
        finally:
            self._lock.release()


def search(
    session: Session,
    query: str,
    kept: Kept,
    *,
    kind: Kind | None = None,
    category_id: int | None = None,
    first: int = 0,
    most: int = 24,
) -> Found:
    """What a person's query finds, of one kind and category or of all, from the `first` (counted from 0) on."""
    reading = read_query(query_words(query), kept.index.vocabulary, kept.synonyms)
    hits = kept.index.find(reading, kind=kind, category_id=category_id, first=first, most=most)
    nearest = () if hits.count else tuple(_nearest(session, reading, kept.index))
    return Found(hits, reading, nearest, kept.is_behind)


def list_synonyms(session: Session, *, text: str, page: int) -> Slice[SynonymGroup]:
    """One page of the groups of synonyms, the newest first; `text` is looked for in their words."""
    query = select(SynonymGroup).order_by(col(SynonymGroup.id).desc())
    if text:
        query = query.where(col(SynonymGroup.words).icontains(text, autoescape=True))
    return read_page(session, query, page=page)


def _is_current(kept: Kept | None, version: int, words_version: int) -> TypeGuard[Kept]:
    # Newer than what was asked for is better still: two requests must not undo each other's reading.
    return kept is not None and kept.version >= version and kept.words_version >= words_version


def _index(session: Session) -> tuple[int, SearchIndex]:
    """The index of the list with the version of its words; read once more where these changed meanwhile."""
    words_version = _words_version(session)
    for _ in range(MOST_TRIES):
        index = SearchIndex(_entries(session))
        before, words_version = words_version, _words_version(session)
        if before == words_version:
            break
    return before, index


def _words_version(session: Session) -> int:
    return session.exec(select(CatalogueState.words_version)).one()


def _entries(session: Session) -> Iterator[Entry]:
    """The list in its order, batch by batch: all of it at once would take the memory of the index a second time."""
    position = 0
    while True:
        rows = session.execute(
            select(  # type: ignore[call-overload]
                Listing.bundle_id, Listing.kind, Listing.category_id, Listing.search_name, Listing.search_text
            )
            .where(col(Listing.position).between(position + 1, position + BATCH))
            .order_by(col(Listing.position))
        ).all()
        if not rows:
            return
        for row in rows:
            yield Entry(*row)
        position += BATCH


def _synonyms(session: Session) -> Synonyms:
    rows = session.exec(select(SynonymGroup).order_by(col(SynonymGroup.id))).all()
    return read_synonyms(Group(tuple(row.words.split("\n")), row.is_one_way) for row in rows)


def _nearest(session: Session, reading: Reading, index: SearchIndex) -> Iterator[tuple[str, tuple[str, ...]]]:
    for unknown in reading.unknown:
        near = index.nearest_names(unknown)
        if near:
            spelled = (_spelled(session, word, bundle_id) for word, bundle_id in near)
            yield unknown, tuple(dict.fromkeys(spelled))


def _spelled(session: Session, word: str, bundle_id: int) -> str:
    """A word of the index as it stands in the name of a bundle (`Bürste` for `buerste`)."""
    names = session.execute(
        select(Listing.name_de, Listing.name_en).where(col(Listing.bundle_id) == bundle_id)
    ).first()
    for chunk in " ".join(names or ()).replace("-", " ").split():
        if word in index_words(chunk):
            return chunk.strip("(),;:.!?\"'„“”")
    return word
