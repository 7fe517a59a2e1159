"""The gate before every route: who asks is read fresh from the database, and what is not declared is refused."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import anyio
from sqlalchemy import update
from sqlmodel import col
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from app.core.clock import utc_now
from app.core.errors import Refused
from app.core.i18n import LANGUAGES, choose_language
from app.core.ids import hash_token
from app.customers.models import ContactSession
from app.flows.use_api_key import note_use, note_wrong_key
from app.shop import Shop
from app.staff.models import StaffSession
from app.web.access import REGISTRY, Access, Entry
from app.web.cookies import LANGUAGE_COOKIE, session_cookie, staff_cookie
from app.web.deps import caller_address
from app.web.errors import on_shop_error, problem
from app.web.problems import problem_details, wants_json
from app.web.refusal import refused_page
from app.web.refusal_count import RefusalCount
from app.web.rendering import see_other
from app.web.visitor import StaffVisitor, Visitor, read_api_key, read_staff, read_visitor

SEEN_EVERY = timedelta(minutes=5)
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class RouteTable:
    """Finds the registry's entry for a request, the same way as the router does: fixed paths first, then patterns."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._fixed: dict[str, dict[str, Entry | None]] = {}
        self._patterns: list[tuple[re.Pattern[str], dict[str, Entry | None]]] = []
        tables: dict[str, dict[str, Entry | None]] = {}
        for route in routes:
            if not isinstance(route, Route):
                raise TypeError(f"only plain routes can be guarded, not {route!r}")
            is_new = route.path not in tables
            entries = tables.setdefault(route.path, {})
            for method in (route.methods or set()) - {"HEAD"}:
                entries[method] = REGISTRY.get((method, route.path))
            if not is_new:
                continue
            if "{" in route.path:
                self._patterns.append((route.path_regex, entries))
            else:
                self._fixed[route.path] = entries

    def find(self, method: str, path: str) -> Entry | None:
        """Who may ask, or None for an undeclared route and for a path that no route has."""
        entries = self._fixed.get(path)
        if entries is None:
            entries = next((found for pattern, found in self._patterns if pattern.match(path)), None)
        if entries is None:
            return None
        # A method that the path does not have is refused like the path's first one: it tells a stranger nothing.
        return entries[method] if method in entries else next(iter(entries.values()))

    def is_known(self, path: str) -> bool:
        """Whether any route has this path."""
        return path in self._fixed or any(pattern.match(path) for pattern, _ in self._patterns)


class Doorkeeper:
    """Middleware: language, visitor, gate. It never reads the body, keeps no answer and lets no error open a door."""

    def __init__(self, app: ASGIApp, *, shop: Shop, routes: RouteTable) -> None:
        self._app, self._shop, self._routes = app, shop, routes
        self._session_cookie = session_cookie(shop.settings)
        self._staff_cookie = staff_cookie(shop.settings)
        self._refusals = RefusalCount(shop)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        scope["shop"], scope["visitor"], scope["staff"] = self._shop, None, None
        scope["lang"] = _language(request, None)
        path = scope["path"]
        now = utc_now()
        entry = self._routes.find(scope["method"], path)
        # PostgreSQL takes no NUL in a text, so nothing that anybody looks for has one.
        if entry is None or "\0" in path or b"%00" in scope["query_string"]:
            # Undeclared and missing look the same.
            await problem(request, 404, code="http.404")(scope, receive, send)
            return
        if entry.access is Access.API:
            await self._serve_program(request, entry, now, receive, send)
            return
        await self._recognise(request, entry, now)
        scope["lang"] = _language(request, scope["visitor"])
        refusal = _foreign_origin(request, self._shop) or _refusal(request, entry)
        if refusal is not None:
            await refusal(scope, receive, send)
            await self._refusals.note(scope["visitor"], path, now=now)
            return
        await self._app(scope, receive, send)

    async def _serve_program(
        self, request: Request, entry: Entry, now: datetime, receive: Receive, send: Send
    ) -> None:
        """A program has its key and nothing else: no cookie counts, so no page elsewhere can misuse one."""
        refusal: Response | None = None
        key = bearer_key(request)
        try:
            found = read_api_key(self._shop.db, hash_token(key), now=now) if key else None
            request.scope["program"] = found
            if found is not None:
                await anyio.to_thread.run_sync(self._note_use, found.key_id, now)
            elif key:
                await anyio.to_thread.run_sync(self._note_wrong_key, caller_address(request), now)
            if found is None:
                unknown = {"www-authenticate": "Bearer"}
                refusal = problem(request, 401, code="access.unknown", headers=unknown)
            elif entry.scope is None or not found.may(entry.scope):
                refusal = problem(request, 403, code="access.refused")
        except Refused as error:
            refusal = on_shop_error(request, error)
        await (refusal or self._app)(request.scope, receive, send)

    def _note_use(self, key_id: int, now: datetime) -> None:
        with self._shop.db.session() as session:
            note_use(session, key_id, now=now)

    def _note_wrong_key(self, address: str, now: datetime) -> None:
        with self._shop.db.session() as session:
            note_wrong_key(session, address=address, now=now)

    async def _recognise(self, request: Request, entry: Entry, now: datetime) -> None:
        scope = request.scope
        is_staff_path = scope["path"].startswith("/admin")
        token = request.cookies.get(self._staff_cookie if is_staff_path else self._session_cookie)
        if not token or entry.access is Access.WEBHOOK:
            return
        read: Any = read_staff if is_staff_path else read_visitor
        # Not in a thread: the hop costs more than the one row that is read, on both engines.
        found: Visitor | StaffVisitor | None = read(self._shop.db, hash_token(token), now=now)
        scope["staff" if is_staff_path else "visitor"] = found
        if found is not None and now - found.last_seen_at > SEEN_EVERY:
            model = StaffSession if is_staff_path else ContactSession
            await anyio.to_thread.run_sync(self._note_seen, model, found.session_hash, now)

    def _note_seen(
        self, model: type[ContactSession] | type[StaffSession], session_hash: str, now: datetime
    ) -> None:
        with self._shop.db.reading.connect() as connection:
            connection.execute(
                update(model).where(col(model.token_hash) == session_hash).values(last_seen_at=now)
            )


def _refusal(request: Request, entry: Entry) -> Response | None:
    """The answer for somebody who may not pass, or None for somebody who may."""
    access = entry.access
    visitor: Visitor | None = request.scope["visitor"]
    staff: StaffVisitor | None = request.scope["staff"]
    if access in (Access.PUBLIC, Access.WEBHOOK):
        return None
    if access in (Access.KNOWN, Access.ADMITTED, Access.OWN):
        if visitor is None:
            return _to_login(request, "/login")
        if access is Access.KNOWN or visitor.is_admitted:
            return None
        return refused_page(request, visitor)
    if access in (Access.STAFF, Access.HALF_STAFF):
        if staff is None:
            return _to_login(request, "/admin/login")
        if access is Access.HALF_STAFF:
            return None
        if not staff.has_second_factor:
            return _to_login(
                request, "/admin/login/code" if staff.is_totp_confirmed else "/admin/login/enrol"
            )
        if entry.right is not None and staff.may(entry.right):
            return None
    return problem(request, 403, code="access.refused")


def bearer_key(request: Request) -> str:
    """The key that a program shows; empty without one."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _to_login(request: Request, login: str) -> Response:
    if wants_json(request):
        return problem_details(request, 401, code="access.unknown")
    if request.headers.get("hx-request") == "true":
        return Response(status_code=401, headers={"HX-Redirect": login})
    if request.method == "GET" and login == "/login":
        query = request.scope["query_string"].decode("latin-1")
        wanted = request.scope["path"] + (f"?{query}" if query else "")
        return see_other(f"{login}?next={quote(wanted, safe='')}")
    return see_other(login)


def _foreign_origin(request: Request, shop: Shop) -> Response | None:
    """Refuses what another site's page sends with this browser's cookies."""
    if request.method not in UNSAFE or request.scope["path"].startswith("/hooks/"):
        return None
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    is_foreign = site is not None and site not in ("same-origin", "none")
    # Chromium sends "null" from pages whose Referrer-Policy is no-referrer; the fetch metadata then decides.
    if origin is not None and origin != "null":
        is_foreign = is_foreign or origin.rstrip("/") not in request.scope["own_origins"]
    return problem(request, 403, code="form.foreign_origin") if is_foreign else None


def _language(request: Request, visitor: Visitor | None) -> str:
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    if chosen not in LANGUAGES and visitor is not None:
        chosen = visitor.language
    return choose_language(chosen=chosen, accept_language=request.headers.get("accept-language", ""))
