"""Puts the web face together: routes, the registry's check, and the layers around them."""

import importlib
import pkgutil
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

import app.web.admin
import app.web.api
import app.web.hooks
import app.web.storefront
from app.core.errors import ShopError
from app.shop import Shop
from app.web.access import REGISTRY
from app.web.doorkeeper import Doorkeeper, RouteTable
from app.web.envelope import Envelope
from app.web.errors import on_bad_request, on_http_error, on_shop_error
from app.web.rendering import prepare
from app.web.static import with_static_files

FACES = (app.web.storefront, app.web.admin, app.web.hooks, app.web.api)


class Undeclared(RuntimeError):
    """A route exists that the registry of access does not know: the shop does not start with it."""


def build(shop: Shop, *, beside: AbstractContextManager[object] | None = None) -> FastAPI:
    """The web application of a shop; `beside` is entered while it serves (the worker inside this process).

    Raises Undeclared for a route without an entry in the registry.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with beside or nullcontext():
            yield
        shop.close()

    web = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    # One flat list of plain routes: what is guarded is exactly what is served. A path without a parameter comes
    # before one that has a parameter in its place.
    routes = [route for router in routers() for route in router.routes]
    web.router.routes.extend(sorted(routes, key=lambda route: getattr(route, "path", "").count("{")))
    undeclared = declared(web) - set(REGISTRY)
    if undeclared:
        raise Undeclared(", ".join(f"{method} {path}" for method, path in sorted(undeclared)))
    prepare(shop)
    web.add_exception_handler(ShopError, on_shop_error)
    web.add_exception_handler(HTTPException, on_http_error)
    web.add_exception_handler(RequestValidationError, on_bad_request)
    web.add_middleware(Doorkeeper, shop=shop, routes=RouteTable(web.router.routes))
    web.add_middleware(with_static_files)
    web.add_middleware(Envelope, shop=shop)
    return web


def declared(web: FastAPI) -> set[tuple[str, str]]:
    """Each method and path that the application answers to, HEAD left out (it is answered like GET)."""
    found: set[tuple[str, str]] = set()
    for route in web.router.routes:
        methods: set[str] = getattr(route, "methods", None) or {"*"}
        found |= {(method, getattr(route, "path", "?")) for method in methods if method != "HEAD"}
    return found


def routers() -> list[APIRouter]:
    """The router of every module of the faces, in the order of their names."""
    found = []
    for face in FACES:
        for module in pkgutil.iter_modules(face.__path__, prefix=f"{face.__name__}."):
            router = getattr(importlib.import_module(module.name), "router", None)
            if isinstance(router, APIRouter):
                found.append(router)
    return found
