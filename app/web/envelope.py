"""The outermost layer: known hosts only, security headers on every answer, HEAD like GET, bodies within bounds."""

import logging
import time
import uuid
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.shop import Shop
from app.web.errors import on_crash, problem

log = logging.getLogger("app.access")

BODY_LIMIT_BYTES = 1_000_000
UPLOAD_LIMIT_BYTES = 10_000_000
UPLOAD_PATHS = ("/admin/bundles/", "/admin/disputes/")
PHOTO_LIMIT_BYTES = 64_000_000
PHOTO_PATHS = ("/complaints/",)
"""Where customers send photos: more than five of the largest, so that one too large gets a sentence."""
LIST_LIMIT_BYTES = 512 * 1024**2
LIST_PATHS = frozenset(
    {
        "/admin/imports",
        "/api/v1/imports/accounts",
        "/api/v1/imports/purchases",
        "/api/v1/imports/blocks",
    }
)
"""Where lists come in; who has no right to it is refused before a byte is read, and the bytes go to disk."""
HEALTH_PATHS = frozenset({"/healthz", "/readyz"})
STRIPE_PAGES = "https://checkout.stripe.com"


class Envelope:
    """Middleware around everything else."""

    def __init__(self, app: ASGIApp, *, shop: Shop) -> None:
        self._app, self._shop = app, shop
        settings = shop.settings
        base = urlsplit(settings.base_url)
        self._hosts = {base.netloc.encode()}
        if settings.env == "demo":
            self._hosts |= {f"{name}:{base.port or 80}".encode() for name in ("localhost", "127.0.0.1")}
            self._hosts.add(b"testserver")
        self._origins = {f"{base.scheme}://{host.decode()}" for host in self._hosts}
        self._headers = _security_headers(
            card_page=settings.stripe_api_base or STRIPE_PAGES, is_https=settings.is_https
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        request_id = uuid.uuid4().hex[:12]
        scope["request_id"], scope["own_origins"] = request_id, self._origins
        method = scope["method"]
        status = 0

        async def send_sealed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(raw=message["headers"])
                message["headers"].extend(self._headers)
                headers["x-request-id"] = request_id
                if "cache-control" not in headers:
                    headers["cache-control"] = "no-store"
            elif method == "HEAD":
                if message.get("more_body"):
                    return
                message = {**message, "body": b""}
            await send(message)

        host = Headers(scope=scope).get("host", "").encode()
        # A health check comes from inside and does not know the public name.
        if host not in self._hosts and scope["path"] not in HEALTH_PATHS:
            await PlainTextResponse("unknown host", 400)(scope, receive, send_sealed)
            return
        if method == "HEAD":
            scope = {**scope, "method": "GET"}
        limit = _limit_of(scope["path"])
        if _declared_length(scope) > limit:
            await _too_large(scope)(scope, receive, send_sealed)
            return
        try:
            await self._app(scope, _limited(receive, limit), send_sealed)
        except TooLarge:
            await _too_large(scope)(scope, receive, send_sealed)
        except Exception as error:
            if status:
                raise
            scope.setdefault("shop", self._shop)
            await on_crash(Request(scope), error)(scope, receive, send_sealed)
        if log.isEnabledFor(logging.DEBUG):
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            fields = {
                "request_id": request_id,
                "method": method,
                "status": status,
                "duration_ms": milliseconds,
            }
            log.debug("request", extra=fields)


class TooLarge(Exception):
    """More body arrived than was declared or allowed; the connection is given up."""


def _too_large(scope: Scope) -> Response:
    if scope["path"].startswith("/api/"):
        return problem(Request(scope), 413, code="http.413")
    return PlainTextResponse("body too large", 413)


def _limit_of(path: str) -> int:
    if path in LIST_PATHS:
        return LIST_LIMIT_BYTES
    if path.startswith(PHOTO_PATHS):
        return PHOTO_LIMIT_BYTES
    return UPLOAD_LIMIT_BYTES if path.startswith(UPLOAD_PATHS) else BODY_LIMIT_BYTES


def _limited(receive: Receive, limit: int) -> Receive:
    seen = 0

    async def receive_limited() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            raise TooLarge
        return message

    return receive_limited


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else 0
    return 0


def _security_headers(*, card_page: str, is_https: bool) -> list[tuple[bytes, bytes]]:
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action 'self' {card_page}"
    )
    headers = {
        "content-security-policy": policy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }
    if is_https:
        headers["strict-transport-security"] = "max-age=31536000; includeSubDomains"
    return [(name.encode(), value.encode()) for name, value in headers.items()]
