"""Pages to sign in and out."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Refused
from app.core.i18n import translate
from app.core.ids import hash_token
from app.flows.log_in import log_in
from app.flows.log_out import log_out
from app.shop import Shop
from app.web.cookies import clear_session, session_cookie, set_session
from app.web.deps import Address, Now, ShopDep, Values, VisitorDep, WriteDep
from app.web.forms import Errors, Form, parse
from app.web.rendering import page, see_other
from app.web.storefront.public import own_path
from app.web.visitor import read_visitor

router = APIRouter()

DONE = ("confirmed", "reset", "out")


class LoginForm(Form):
    """E-mail address and password, the latter as typed."""

    email: Annotated[str, StringConstraints(max_length=254)]
    password: Annotated[str, StringConstraints(strip_whitespace=False, max_length=1000)]
    next: str = ""


@router.get("/login")
def show_form(request: Request) -> Response:
    if request.scope["visitor"] is not None:
        return see_other("/status")
    done = request.query_params.get("done", "")
    return _form(
        request,
        {"next": request.query_params.get("next", "")},
        {},
        done=done if done in DONE else "",
    )


@router.post("/login")
def sign_in(
    request: Request, shop: ShopDep, session: WriteDep, values: Values, address: Address, now: Now
) -> Response:
    language = request.scope["lang"]
    form, errors = parse(LoginForm, values, language=language)
    if form is None:
        return _form(request, values, errors, status=422)
    try:
        token = log_in(
            session,
            email=form.email,
            password=form.password,
            address=address,
            now=now,
            old_token=request.cookies.get(session_cookie(shop.settings), ""),
        )
    except Refused as refused:
        if refused.code != "login.wrong":
            raise
        return _form(request, values, {"form": translate(language, refused.message)}, status=422)
    visitor = read_visitor(shop.db, hash_token(token), now=now)
    is_admitted = visitor is not None and visitor.is_admitted
    response = see_other(_after(form.next, is_admitted=is_admitted))
    set_session(response, shop.settings, token)
    return response


@router.post("/logout")
def sign_out(shop: ShopDep, session: WriteDep, visitor: VisitorDep, _: Values) -> Response:
    log_out(session, session_hash=visitor.session_hash)
    return _signed_out(shop)


def _signed_out(shop: Shop) -> Response:
    response = see_other("/login?done=out")
    clear_session(response, shop.settings)
    return response


def _after(wanted: str, *, is_admitted: bool) -> str:
    if not is_admitted:
        return "/status"
    path = own_path(wanted)
    return "/catalogue" if path == "/" or path.startswith(("/login", "/register")) else path


def _form(
    request: Request, values: dict[str, str], errors: Errors, *, status: int = 200, done: str = ""
) -> Response:
    return page(request, "store/login/form.html", status=status, values=values, errors=errors, done=done)
