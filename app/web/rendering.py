"""Turning templates into answers for the person who asks."""

import html
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app.catalogue.rules.kinds import Kind
from app.core.errors import N_
from app.core.i18n import catalogue
from app.mail.rendering import seller_of
from app.ordering.rules.vat import VatCase
from app.ordering.rules.vat_words import exemption_note
from app.payments.rules.keys import is_test_key
from app.shop import Shop
from app.staff.rules.roles import Role
from app.web.cookies import set_form_cookie
from app.web.csrf import FIELD, csrf_token, fresh_form_cookie
from app.web.navigation import admin_nav
from app.web.problems import problem_details, wants_json
from app.web.static import pictogram_url, static_url

KIND_NAMES = {
    Kind.SPARE_PART: N_("Spare parts"),
    Kind.CARE_PRODUCT: N_("Care products"),
    Kind.CONSUMABLE: N_("Consumables"),
    Kind.RAW_MATERIAL: N_("Raw materials"),
    Kind.SEMI_FINISHED: N_("Semi-finished products"),
    Kind.CONSULTING_UNIT: N_("Consulting units"),
    Kind.SERVICE: N_("Services"),
}
ROLE_NAMES = {
    Role.ADMIN: N_("Administrator"),
    Role.LEAD: N_("Lead"),
    Role.OPERATIONS: N_("Operations"),
    Role.FINANCE: N_("Finance"),
    Role.VIEWER: N_("Viewer"),
}
CODES = {403: "form.refused", 409: "form.conflict", 422: "form.invalid", 429: "throttled"}
"""What a program reads beside the status of a form that came back."""


def page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: Any,
) -> Response:
    """The page of a template, never stored by anybody.

    A failure (status 400 and up) with its `errors` (field → sentence in the reader's language) reaches a
    program that asks for JSON as problem details instead.
    """
    if status >= 400 and wants_json(request):
        code = CODES.get(status, f"http.{status}")
        return problem_details(request, status, code=code, fields=values.get("errors"), headers=headers)
    response = Response(
        render(request, template, status=status, **values),
        status,
        headers=headers,
        media_type="text/html; charset=utf-8",
    )
    fresh = fresh_form_cookie(request)
    if fresh:
        set_form_cookie(response, shop_of(request).settings, fresh)
    return response


def render(request: Request, template: str, **values: Any) -> str:
    """The text of a template with all that every page may use."""
    environment = shop_of(request).environments[request.scope["lang"]]
    return environment.get_template(template).render({**_frame(request), **values})


def see_other(url: str) -> Response:
    """After a form: the page to look at now."""
    return RedirectResponse(url, status_code=303)


def is_htmx(request: Request) -> bool:
    """Whether htmx asks and a fragment is enough."""
    return request.headers.get("hx-request") == "true"


def shop_of(request: Request) -> Shop:
    """The running shop behind a request."""
    shop: Shop = request.scope["shop"]
    return shop


def prepare(shop: Shop) -> None:
    """Puts into the environments what is the same for every page of this installation."""
    for language, environment in shop.environments.items():
        gettext = catalogue(language).gettext
        environment.globals.update(
            seller=seller_of(shop.settings),
            main_brand={"name": shop.settings.main_brand_name, "contact": shop.settings.main_brand_contact},
            is_demo=shop.settings.env == "demo",
            is_test=is_test_key(shop.settings.stripe_api_key.get_secret_value()),
            static=static_url,
            pictogram_url=pictogram_url,
        )
        environment.filters["kind_name"] = lambda kind, gettext=gettext: gettext(KIND_NAMES[Kind(kind)])
        environment.filters["vat_note"] = lambda case, language=language: exemption_note(
            VatCase(case), language
        )
        environment.filters["role_name"] = lambda role, gettext=gettext: gettext(ROLE_NAMES[Role(role)])


def _frame(request: Request) -> dict[str, Any]:
    token = _Once(request)
    staff = request.scope.get("staff")
    return {
        "request_id": request.scope.get("request_id", ""),
        "path": request.scope["path"],
        "visitor": request.scope.get("visitor"),
        "staff": staff,
        "admin_nav": admin_nav(staff, path=request.scope["path"], language=request.scope["lang"]),
        "csrf_token": token,
        "csrf_field": token.field,
    }


class _Once:
    """The CSRF token, made only when a template asks for it: a page without a form sets no cookie."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def __str__(self) -> str:
        return csrf_token(self._request)

    __html__ = __str__

    def field(self) -> Markup:
        return Markup(f'<input type="hidden" name="{FIELD}" value="{html.escape(str(self))}">')
