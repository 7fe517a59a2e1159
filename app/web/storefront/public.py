"""Pages for everybody: start, imprint, privacy, language, health."""

from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app.core.errors import N_, FieldError, Invalid
from app.core.i18n import LANGUAGES
from app.web.cookies import set_language
from app.web.deps import ShopDep, Values
from app.web.rendering import page, see_other
from app.web.static import FOLDER, static_url

router = APIRouter()


@router.get("/")
def show_home(request: Request) -> Response:
    return page(request, "store/public/home.html")


@router.get("/imprint")
def show_imprint(request: Request) -> Response:
    return page(request, "store/public/imprint.html")


@router.get("/privacy")
def show_privacy(request: Request) -> Response:
    return page(request, "store/public/privacy.html")


@router.post("/language")
def choose_language(shop: ShopDep, values: Values) -> Response:
    language = values.get("lang", "")
    if language not in LANGUAGES:
        fault = FieldError("lang", N_("Please choose one of the offered values."))
        raise Invalid(N_("We do not speak this language yet."), code="language.unknown", fields=(fault,))
    response = see_other(own_path(values.get("next", "/")))
    set_language(response, shop.settings, language)
    return response


@router.get("/robots.txt")
def show_robots() -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


@router.get("/favicon.ico")
def show_favicon() -> Response:
    path = FOLDER / Path(urlsplit(static_url("img/favicon.svg")).path).relative_to("/static")
    return Response(path.read_bytes(), media_type="image/svg+xml", headers={"Cache-Control": "max-age=86400"})


@router.get("/healthz")
def show_health() -> Response:
    return JSONResponse({"status": "alive"})


@router.get("/readyz")
def show_readiness(shop: ShopDep) -> Response:
    with shop.db.reading.connect() as connection:
        connection.execute(text("SELECT version_num FROM alembic_version"))
    return JSONResponse({"status": "ready"})


def own_path(wanted: str) -> str:
    """The address if it is a plain path of this shop, else the start page: never a way to another site."""
    is_plain = wanted.startswith("/") and not wanted.startswith("//")
    if not is_plain or "\\" in wanted or any(ord(character) < 33 for character in wanted):
        return "/"
    return wanted
