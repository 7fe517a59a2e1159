"""The description of the API: its own routes and no others."""

import functools
from typing import Any

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.web.access import REGISTRY, Access
from app.web.api import imports, orders, shipments
from app.web.api.problems import Problem

router = APIRouter()

TITLE = "Schlicht"
VERSION = "1"


@router.get("/api/v1/openapi.json", include_in_schema=False)
def get_description(_: Request) -> Response:
    return JSONResponse(description())


@functools.cache
def description() -> dict[str, Any]:
    """OpenAPI of the routes that are declared for programs, each with the scope that it needs."""
    declared = [*imports.router.routes, *orders.router.routes, *shipments.router.routes]
    routes = [route for route in declared if isinstance(route, APIRoute) and _is_declared(route)]
    found: dict[str, Any] = get_openapi(
        title=TITLE,
        version=VERSION,
        description="Each request carries a key: `Authorization: Bearer …`. Errors are problem details (RFC 9457).",
        routes=routes,
    )
    components = found.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs", {})
    schemas["Problem"] = problem
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    for path, methods in found["paths"].items():
        for method, operation in methods.items():
            scope = REGISTRY[method.upper(), path].scope
            operation["security"] = [{"key": [scope.value] if scope else []}]
    return found


def _is_declared(route: APIRoute) -> bool:
    return all(
        (entry := REGISTRY.get((method, route.path))) is not None and entry.access is Access.API
        for method in route.methods or ()
        if method != "HEAD"
    )
