"""Answering with pages that all admitted visitors share, apart from a few words."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import anyio
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from app.core.clock import utc_now
from app.web.csrf import FIELD, csrf_token
from app.web.page_cache import PageCache, SlotMarkers
from app.web.rendering import render
from app.web.visitor import Visitor

MARKERS = SlotMarkers("cart_count", "csrf_token")
CSRF_FIELD = Markup(f'<input type="hidden" name="{FIELD}" value="{MARKERS["csrf_token"]}">')


@dataclass(frozen=True, slots=True)
class Content:
    """What a shared page shows, and until when it is right."""

    values: dict[str, Any]
    good_until: datetime


@dataclass(frozen=True, slots=True)
class AnyVisitor:
    """What the layouts ask of an admitted visitor, with markers for what differs."""

    is_signed_in: bool = True
    is_admitted: bool = True
    cart_count: str = MARKERS["cart_count"]


async def shared_page(
    request: Request, template: str, load: Callable[[datetime], Content], *, key: Hashable = None
) -> Response:
    """The page of a template for an admitted visitor; `load` (given the time) runs only where no copy is kept.

    `key` names what the page shows beside its path: two requests with equal path, language, catalogue
    version and key get the same page. `load` runs in a thread, as does the rendering; what it raises
    is not kept.
    """
    visitor: Visitor | None = request.scope["visitor"]
    if visitor is None or not visitor.is_admitted:
        raise RuntimeError("a shared page is for admitted visitors: its route must be declared so")
    cache = page_cache(request)
    whole_key = (visitor.catalogue_version, request.scope["lang"], request.scope["path"], key)
    now = utc_now()
    page = cache.get(whole_key, now=now.timestamp())
    if page is None:
        text, good_until = await anyio.to_thread.run_sync(_render, request, template, load, now)
        page = MARKERS.cut(text)
        cache.put(whole_key, page, good_until=good_until.timestamp())
    body = page.fill(
        {"cart_count": str(visitor.cart_count).encode(), "csrf_token": csrf_token(request).encode()}
    )
    return Response(body, media_type="text/html; charset=utf-8")


def page_cache(request: Request) -> PageCache:
    """The kept pages of this application in this process."""
    state = request.scope["app"].state
    if not hasattr(state, "page_cache"):
        state.page_cache = PageCache()
    cache: PageCache = state.page_cache
    return cache


def _render(
    request: Request, template: str, load: Callable[[datetime], Content], now: datetime
) -> tuple[str, datetime]:
    content = load(now)
    text = render(
        request,
        template,
        visitor=AnyVisitor(),
        csrf_token=MARKERS["csrf_token"],
        csrf_field=lambda: CSRF_FIELD,
        **content.values,
    )
    return text, content.good_until
