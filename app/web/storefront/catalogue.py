"""The catalogue: pages, kinds and search."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.queries import PAGE_SIZE, BundleCard, listing_cards, listing_counts, listing_page
from app.catalogue.queries_search import Found, SearchMemory, search
from app.catalogue.rules.kinds import Kind
from app.catalogue.rules.words import query_words
from app.ordering.rules.promise import Promise, delivery_promise
from app.ordering.rules.quantities import QuantityRule, least_quantity
from app.policy.queries import current_policy
from app.policy.rules.policy import Policy
from app.web.rendering import shop_of
from app.web.shared_pages import Content, shared_page
from app.web.storefront.promises import calendar_of

router = APIRouter()

LONGEST_QUERY = 100
LAST_PAGE = 100_000
NOTHING_PROMISED = timedelta(hours=1)


@router.get("/catalogue")
async def show_catalogue(request: Request) -> Response:
    asked = request.query_params
    query = " ".join(asked.get("q", "").split())[:LONGEST_QUERY]
    kind = Kind(asked["kind"]) if asked.get("kind") in set(Kind) else None
    page = _page(asked.get("page", ""))

    def load(now: datetime) -> Content:
        with shop_of(request).db.read_session() as session:
            return _content(request, session, query=query, kind=kind, page=page, now=now)

    return await shared_page(request, "store/catalogue/catalogue.html", load, key=(query, kind, page))


def _content(
    request: Request, session: Session, *, query: str, kind: Kind | None, page: int, now: datetime
) -> Content:
    language = request.scope["lang"]
    counts = listing_counts(session)
    found = _search(request, session, query, kind, page) if query else None
    if found is None:
        cards = listing_page(session, language=language, kind=kind, page=page)
        count = counts.of_kind.get(kind, 0) if kind else counts.total
    else:
        cards = listing_cards(session, found.hits.bundle_ids, language=language)
        count = found.hits.count
    promises = _promises(request, current_policy(session), cards, now=now)
    values = {
        "query": query,
        "kind": kind,
        "page_number": page,
        "count": count,
        "corrected": found.reading.corrected if found else (),
        "known_words": _known_words(query, found),
        "chips": (
            _chips(found.hits.of_kind, sum(found.hits.of_kind.values()), query=query)
            if found
            else _chips(counts.of_kind, counts.total, query=query)
        ),
        "cards": [
            (card, promises[card.main_brand_lead_time_days].promised_on, _least(card)) for card in cards
        ],
        "previous_url": _url(query, kind, page - 1) if page > 1 else None,
        "next_url": _url(query, kind, page + 1) if page * PAGE_SIZE < count else None,
    }
    ends = [promise.cut_off_at for promise in promises.values()]
    return Content(values, good_until=min(ends, default=now + NOTHING_PROMISED))


def _search(request: Request, session: Session, query: str, kind: Kind | None, page: int) -> Found:
    state = request.scope["app"].state
    if not hasattr(state, "search_memory"):
        state.search_memory = SearchMemory()
    memory: SearchMemory = state.search_memory
    return search(session, query, memory.current(session), kind=kind, first=(page - 1) * PAGE_SIZE)


def _known_words(query: str, found: Found | None) -> list[str]:
    """Where nothing has all the words of a query: those that would find something alone."""
    words = query_words(query)
    if found is None or found.hits.count or len(words) < 2:
        return []
    return [word for word in words if word not in found.reading.unknown]


def _promises(
    request: Request, policy: Policy, cards: list[BundleCard], *, now: datetime
) -> dict[int, Promise]:
    calendar = calendar_of(request)
    lead_times = {card.main_brand_lead_time_days for card in cards}
    return {
        days: delivery_promise(policy, calendar, ordered_at=now, main_brand_lead_time_days=days)
        for days in lead_times
    }


def _least(card: BundleCard) -> int:
    return least_quantity(QuantityRule(card.minimum_quantity, card.order_step))


def _chips(of_kind: Any, total: int, *, query: str) -> list[tuple[Kind | None, str, int | None]]:
    """Kind, address and count for each kind that has bundles."""
    chips: list[tuple[Kind | None, str, int | None]] = [(None, _url(query, None, 1), total)]
    chips += [(kind, _url(query, kind, 1), count) for kind, count in of_kind.items()]
    return chips


def _url(query: str, kind: Kind | None, page: int) -> str:
    asked = {"q": query, "kind": kind.value if kind else "", "page": page if page > 1 else ""}
    given = {name: value for name, value in asked.items() if value}
    return "/catalogue" + (f"?{urlencode(given)}" if given else "")


def _page(text: str) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 1
    return min(max(number, 1), LAST_PAGE)
