"""Failures as problem details (RFC 9457), for programs that ask for JSON instead of pages."""

from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.core.errors import N_
from app.core.i18n import translate

TITLES = {
    400: N_("This request makes no sense to us"),
    401: N_("You are not logged in"),
    403: N_("You may not do this"),
    404: N_("There is nothing here"),
    405: N_("This cannot be done here"),
    409: N_("Something has changed"),
    413: N_("That is too much at once"),
    422: N_("Please check your input"),
    429: N_("Too many attempts"),
    500: N_("Something went wrong on our side"),
    503: N_("Not reachable for the moment"),
}
TEXTS = {
    401: N_("Log in first; a program shows its key: “Authorization: Bearer …”."),
    403: N_("Your account does not have the right for this. Ask somebody who has it."),
    400: N_("The address or the form was damaged on its way. Go back and try again."),
    404: N_("The page does not exist, or you may not see it."),
    405: N_("The page exists, but it does not answer to this kind of request."),
    409: N_("Look at the page again, then decide anew."),
    413: N_("The form or file is larger than allowed."),
    422: N_("Some fields need a correction; nothing was changed."),
    429: N_("Please wait a little, then try again."),
    500: N_("We have noted it. Nothing is lost; please try again in a moment."),
    503: N_("Please try again in a minute."),
}
WHOLE_FORM = ("form", "")
"""The keys of errors that are about no single field."""


def wants_json(request: Request) -> bool:
    """Whether a program asks: an API path, or JSON preferred over pages."""
    accept = request.headers.get("accept", "")
    return request.scope["path"].startswith(("/api/", "/hooks/")) or (
        "json" in accept and "text/html" not in accept
    )


def title_of(request: Request, status: int) -> str:
    """What kind of failure a status is, in the reader's language."""
    return _said(request, TITLES, status)


def text_of(request: Request, status: int) -> str:
    """What to do about a failure that has no sentence of its own, in the reader's language."""
    return _said(request, TEXTS, status)


def problem_details(
    request: Request,
    status: int,
    *,
    code: str,
    detail: str = "",
    fields: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """A failure as `application/problem+json`, never stored.

    `errors` names each wrong field with its fix; a sentence about the whole form is the `detail`.
    """
    given = dict(fields or {})
    whole = " ".join(given.pop(name) for name in WHOLE_FORM if name in given)
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": title_of(request, status),
        "status": status,
        "code": code,
        "detail": whole or detail or text_of(request, status),
        **more,
    }
    if given:
        body["errors"] = [{"field": name, "detail": sentence} for name, sentence in given.items()]
    return JSONResponse(body, status, headers=headers, media_type="application/problem+json")


def _said(request: Request, sentences: Mapping[int, str], status: int) -> str:
    language = request.scope.get("lang", "de")
    return translate(language, sentences.get(status, sentences[400 if status < 500 else 500]))
