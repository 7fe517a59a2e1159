"""Proof that a form was sent from a page of ours that was made for this very browser."""

from starlette.requests import Request

from app.core.errors import N_, Refused
from app.core.ids import new_token
from app.core.security import is_signed, sign
from app.web.cookies import form_cookie, session_cookie, staff_cookie

PURPOSE = "csrf"
FIELD = "csrf"
HEADER = "x-csrf-token"


def csrf_token(request: Request) -> str:
    """The token for forms of this page; for a browser without any session a fresh form cookie is prepared."""
    return sign(_secret(request), purpose=PURPOSE, value=_bound_to(request, make=True))


def fresh_form_cookie(request: Request) -> str | None:
    """The form cookie that a page just made and the response has to set, or None."""
    value: str | None = request.scope.get("fresh_form_cookie")
    return value


def check_csrf(request: Request, *, token: str) -> None:
    """Raises Refused unless the token was made for this browser's session (or form cookie)."""
    bound = _bound_to(request, make=False)
    if not bound or not is_signed(_secret(request), purpose=PURPOSE, value=bound, signature=token):
        raise Refused(
            N_("This page was open for too long or in another session. Go back, reload it and try again."),
            code="form.foreign",
        )


def _bound_to(request: Request, *, make: bool) -> str:
    settings = request.scope["shop"].settings
    if request.scope["path"].startswith("/admin") and request.scope.get("staff") is not None:
        return request.cookies.get(staff_cookie(settings), "")
    if request.scope.get("visitor") is not None:
        return request.cookies.get(session_cookie(settings), "")
    known = request.scope.get("fresh_form_cookie") or request.cookies.get(form_cookie(settings), "")
    if not known and make:
        known = request.scope["fresh_form_cookie"] = new_token()
    return str(known)


def _secret(request: Request) -> str:
    secret: str = request.scope["shop"].settings.secret_key.get_secret_value()
    return secret
