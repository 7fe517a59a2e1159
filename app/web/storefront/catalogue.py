"""The catalogue: pages, categories, kinds and search."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.queries import PAGE_SIZE, ListingCounts, listing_cards, listing_counts, listing_page
from app.catalogue.queries_search import Found, SearchMemory, search
from app.catalogue.queries_shelves import Shelf, shelves
from app.catalogue.rules.kinds import Kind
from app.catalogue.rules.words import query_words
from app.web.rendering import shop_of
from app.web.shared_pages import Content, shared_page
from app.web.storefront.cards import shown_cards

router = APIRouter()

LONGEST_QUERY = 100
LONGEST_SLUG = 120
LAST_PAGE = 100_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What a visitor wants to see; `category` is the address's name of one, which may not exist."""

    query: str
    kind: Kind | None
    category: str
    page: int

    def url(self, **changes: Any) -> str:
        """The address of this page, or of one that differs in some respects; from the first page unless told."""
        wanted = {"q": self.query, "category": self.category, "kind": self.kind, "page": 1} | changes
        given = {name: value for name, value in wanted.items() if value and (name, value) != ("page", 1)}
        return "/catalogue" + (f"?{urlencode(given)}" if given else "")


@router.get("/catalogue")
async def show_catalogue(request: Request) -> Response:
    given = request.query_params
    asked = Asked(
        query=" ".join(given.get("q", "")[: LONGEST_QUERY * 4].split())[:LONGEST_QUERY],
        kind=Kind(given["kind"]) if given.get("kind") in set(Kind) else None,
        category=given.get("category", "")[:LONGEST_SLUG],
        page=_page(given.get("page", "")),
    )

    def load(now: datetime) -> Content:
        with shop_of(request).db.read_session() as session:
            return _content(request, session, asked, now=now)

    return await shared_page(request, "store/catalogue/catalogue.html", load, key=asked)


def _content(request: Request, session: Session, asked: Asked, *, now: datetime) -> Content:
    language = request.scope["lang"]
    all_shelves = shelves(session, language=language)
    shelf = next((shelf for shelf in all_shelves if shelf.slug == asked.category), None)
    category_id = shelf.category_id if shelf else None
    if shelf is None:
        asked = replace(asked, category="")
    found = _search(request, session, asked, category_id) if asked.query else None
    counts: ListingCounts | None = None
    if found is None or not found.hits.count:
        counts = listing_counts(session, kind=asked.kind, category_id=category_id)
    if found is None:
        bundles = listing_page(
            session, language=language, kind=asked.kind, page=asked.page, category_id=category_id
        )
    else:
        bundles = listing_cards(session, found.hits.bundle_ids, language=language)
    cards, good_until = shown_cards(request, session, bundles, now=now)
    if found and found.is_behind:
        good_until = now
    facets = found.hits if found else counts
    count = found.hits.count if found else counts.chosen if counts else 0
    values = {
        "query": asked.query,
        "kind": asked.kind,
        "shelf": shelf,
        "is_whole": asked == Asked("", None, "", asked.page),
        "page_number": asked.page,
        "count": count,
        "corrected": found.reading.corrected if found else (),
        "help": _help(asked, found, all_shelves, counts),
        "kinds": _kinds(asked, facets),
        "shelves": _shelves(asked, all_shelves, facets),
        "cards": cards,
        "previous_url": asked.url(page=asked.page - 1) if asked.page > 1 else None,
        "next_url": asked.url(page=asked.page + 1) if asked.page * PAGE_SIZE < count else None,
    }
    return Content(values, good_until)


def _search(request: Request, session: Session, asked: Asked, category_id: int | None) -> Found:
    state = request.scope["app"].state
    if not hasattr(state, "search_memory"):
        state.search_memory = SearchMemory()
    memory: SearchMemory = state.search_memory
    first = (asked.page - 1) * PAGE_SIZE
    return search(
        session,
        asked.query,
        memory.current(session),
        kind=asked.kind,
        category_id=category_id,
        first=first,
        most=PAGE_SIZE,
    )


def _help(
    asked: Asked, found: Found | None, all_shelves: list[Shelf], counts: ListingCounts | None
) -> dict[str, Any] | None:
    """What to try where a search found nothing: words found on their own, words like the unknown ones, shelves,
    or the same words without the filters.
    """
    if found is None or found.hits.count or counts is None:
        return None
    words, meant = query_words(asked.query), dict(found.reading.corrected)
    known = [word for word in words if word not in found.reading.unknown] if len(words) > 1 else []
    return {
        "known": [
            (meant.get(word, word), asked.url(q=meant.get(word, word), kind=None, category=""))
            for word in known
        ],
        "nearest": [
            (word, asked.url(q=word, kind=None, category="")) for _, near in found.nearest for word in near
        ],
        "shelves": [(shelf, asked.url(q="", kind=None, category=shelf.slug)) for shelf in all_shelves],
        "unfiltered_url": asked.url(kind=None, category="") if found.hits.total else None,
    }


def _kinds(asked: Asked, facets: Any) -> list[tuple[Kind | None, str, int, bool]]:
    """Kind (None: all), address, count and whether it is chosen, for each kind that has any."""
    total = sum(facets.of_kind.values())
    shown = {kind: facets.of_kind.get(kind, 0) for kind in Kind if kind in (*facets.of_kind, asked.kind)}
    chips: list[tuple[Kind | None, str, int, bool]] = [
        (None, asked.url(kind=None), total, asked.kind is None)
    ]
    return chips + [(kind, asked.url(kind=kind), count, kind == asked.kind) for kind, count in shown.items()]


def _shelves(
    asked: Asked, all_shelves: list[Shelf], facets: Any
) -> list[tuple[Shelf | None, str, int | None, bool]]:
    """Shelf (None: all), address, count and whether it is chosen, for each that has any; empty without shelves."""
    shown: list[tuple[Shelf | None, str, int | None, bool]] = [
        (shelf, asked.url(category=shelf.slug), count, shelf.slug == asked.category)
        for shelf in all_shelves
        if (count := facets.of_category.get(shelf.category_id, 0)) or shelf.slug == asked.category
    ]
    is_chosen = any(chosen for *_, chosen in shown)
    return [(None, asked.url(category=""), None, not is_chosen), *shown] if shown else []


def _page(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
    return min(max(number, 1), LAST_PAGE)
