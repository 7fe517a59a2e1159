"""Pages for everybody: start, imprint, privacy, terms, language, health."""

from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app.core.errors import N_, FieldError, Invalid
from app.core.i18n import LANGUAGES
from app.ordering.queries_terms import terms_in_force, terms_named
from app.web.cookies import set_language
from app.web.deps import ReadDep, ShopDep, Values
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


@router.get("/terms")
def show_terms(request: Request, session: ReadDep, version: str = "") -> Response:
    in_force = terms_in_force(session)
    terms = terms_named(session, version) if version else in_force
    shown = None
    if terms is not None:
        is_german = request.scope["lang"] == "de"
        shown = {
            "name": terms.name,
            "text": terms.text_de if is_german else terms.text_en,
            "created_at": terms.created_at,
            "is_in_force": in_force is not None and terms.id == in_force.id,
        }
    return page(request, "store/public/terms.html", terms=shown)


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
