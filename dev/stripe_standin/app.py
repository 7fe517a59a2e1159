"""Puts the stand-in together as one ASGI application."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dev.stripe_standin import controls, pages
from dev.stripe_standin.api import LOST, answer
from dev.stripe_standin.errors import StripeError
from dev.stripe_standin.faults import Faults
from dev.stripe_standin.store import Store
from dev.stripe_standin.sweep import sweep
from dev.stripe_standin.webhooks import Webhooks
from dev.stripe_standin.world import World

_TICK_S = 0.5


def create_app(
    *,
    public_url: str,
    state: Path | None = None,
    webhook_url: str | None = None,
    webhook_secret: str | None = None,
) -> FastAPI:
    """The application; `app.state.world` is its inside. Raises ValueError for a webhook without a secret."""
    store = Store(state)
    world = World(store, Webhooks(store), Faults(), public_url.rstrip("/"))
    if webhook_url is not None:
        world.webhooks.set_endpoints([{"url": webhook_url, "secret": webhook_secret or ""}])

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        world.webhooks.resume()
        ticking = asyncio.create_task(_tick(world))
        yield
        ticking.cancel()
        await world.webhooks.close()
        store.close()

    app = FastAPI(title="Stripe stand-in", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.world = world
    app.add_api_route("/v1/{path:path}", _v1, methods=["GET", "POST", "DELETE"], response_model=None)
    app.include_router(controls.router)
    app.include_router(pages.router)
    app.add_exception_handler(StripeError, _refuse)
    return app


class LoseAnswers:
    """Cuts the connection instead of sending an answer that a fault marked as lost; must stand outermost."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Passes everything on but a lost answer."""
        is_lost = False

        async def send_unless_lost(message: Message) -> None:
            nonlocal is_lost
            if message["type"] == "http.response.start":
                is_lost = any(name == LOST.encode() for name, _ in message["headers"])
            if not is_lost:
                await send(message)
            elif message["type"] == "http.response.start":
                send.__self__.transport.abort()  # type: ignore[attr-defined]  # the server's own request object
                await asyncio.sleep(0.01)

        await self.app(scope, receive, send_unless_lost if scope["type"] == "http" else send)


async def _v1(request: Request) -> Response:
    return await answer(request.app.state.world, request)


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, StripeError)
    return JSONResponse(error.envelope(), error.status)


async def _tick(world: World) -> None:
    while True:
        await asyncio.sleep(_TICK_S)
        sweep(world)
        world.store.flush()
