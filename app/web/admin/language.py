"""The language of the staff's pages: their forms are proven by the staff's cookie, which /language never gets."""

from urllib.parse import urlsplit

from fastapi import APIRouter
from starlette.responses import Response

from app.core.errors import N_, FieldError, Invalid
from app.core.i18n import LANGUAGES
from app.web.cookies import set_language
from app.web.deps import ShopDep, Values
from app.web.rendering import see_other

router = APIRouter()


@router.post("/admin/language")
def choose_language(shop: ShopDep, values: Values) -> Response:
    language = values.get("lang", "")
    if language not in LANGUAGES:
        fault = FieldError("lang", N_("Please choose one of the offered values."))
        raise Invalid(N_("We do not speak this language yet."), code="language.unknown", fields=(fault,))
    path = urlsplit(values.get("next", "")).path
    response = see_other(path if path.startswith("/admin") and path.isprintable() else "/admin")
    set_language(response, shop.settings, language)
    return response
