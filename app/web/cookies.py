"""The few cookies: the session's, the staff's, the form's and the chosen language; all strictly necessary."""

from typing import Literal

from starlette.responses import Response

from app.settings import Settings

YEAR_SECONDS = 365 * 24 * 3600
SESSION_SECONDS = 30 * 24 * 3600


def session_cookie(settings: Settings) -> str:
    """The name of the customers' session cookie."""
    return _name(settings, "schlicht")


def staff_cookie(settings: Settings) -> str:
    """The name of the staff's session cookie."""
    return "schlicht_staff"


def form_cookie(settings: Settings) -> str:
    """The name of the cookie that ties a form to a browser that is not signed in."""
    return _name(settings, "schlicht_form")


LANGUAGE_COOKIE = "schlicht_language"


def set_session(response: Response, settings: Settings, token: str) -> None:
    """Signs a browser in as a customer's person."""
    _set(response, settings, session_cookie(settings), token, seconds=SESSION_SECONDS)


def clear_session(response: Response, settings: Settings) -> None:
    """Signs a browser out."""
    response.delete_cookie(
        session_cookie(settings), path="/", secure=settings.is_https, httponly=True, samesite="lax"
    )


def set_staff_session(response: Response, settings: Settings, token: str) -> None:
    """Signs a browser in as staff; the cookie is sent to admin pages only and ends with the browser."""
    _set(response, settings, staff_cookie(settings), token, seconds=None, path="/admin", same_site="strict")


def clear_staff_session(response: Response, settings: Settings) -> None:
    """Signs a staff member's browser out."""
    response.delete_cookie(
        staff_cookie(settings), path="/admin", secure=settings.is_https, httponly=True, samesite="strict"
    )


def set_form_cookie(response: Response, settings: Settings, token: str) -> None:
    """Ties the next form to this browser."""
    _set(response, settings, form_cookie(settings), token, seconds=None)


def set_language(response: Response, settings: Settings, language: str) -> None:
    """Remembers the chosen language for a year."""
    _set(response, settings, LANGUAGE_COOKIE, language, seconds=YEAR_SECONDS)


def _name(settings: Settings, name: str) -> str:
    # __Host- binds the cookie to this host, path / and https; a browser refuses it over plain http.
    return f"__Host-{name}" if settings.is_https else name


def _set(
    response: Response,
    settings: Settings,
    name: str,
    value: str,
    *,
    seconds: int | None,
    path: str = "/",
    same_site: Literal["lax", "strict"] = "lax",
) -> None:
    response.set_cookie(
        name, value, max_age=seconds, path=path, secure=settings.is_https, httponly=True, samesite=same_site
    )
