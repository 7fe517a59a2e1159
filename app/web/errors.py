"""What a failure looks like: a page for people, problem details (RFC 9457) for programs."""

import logging
from typing import Any

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.core.errors import N_, Invalid, NotFound, Refused, ShopError, Unavailable
from app.core.i18n import translate
from app.web.forms import errors_of
from app.web.rendering import page

log = logging.getLogger("app.web")

STATUS: dict[type[ShopError], int] = {NotFound: 404, Refused: 403, Invalid: 422, Unavailable: 503}
STATUS_BY_CODE = {"throttled": 429, "order.changed": 409, "cart.changed": 409}

TITLES = {
    400: N_("This request makes no sense to us"),
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
    403: N_("Your account does not have the right for this. Ask somebody who has it."),
    400: N_("The address or the form was damaged on its way. Go back and try again."),
    404: N_("The page does not exist, or you may not see it."),
    405: N_("The page exists, but it does not answer to this kind of request."),
    413: N_("The form or file is larger than allowed."),
    500: N_("We have noted it. Nothing is lost; please try again in a moment."),
    503: N_("Please try again in a minute."),
}


def wants_json(request: Request) -> bool:
    """Whether a program asks: an API path, or JSON preferred over pages."""
    accept = request.headers.get("accept", "")
    return request.scope["path"].startswith(("/api/", "/hooks/")) or (
        "json" in accept and "text/html" not in accept
    )


def on_shop_error(request: Request, error: Exception) -> Response:
    """The answer to one of the four kinds of failure."""
    assert isinstance(error, ShopError)
    status = STATUS_BY_CODE.get(error.code, STATUS[type(error)])
    language = request.scope["lang"]
    text = translate(language, error.message, **error.values)
    fields = errors_of(error.fields, language=language) if isinstance(error, Invalid) else {}
    headers = {}
    if isinstance(error, Unavailable) or status == 429:
        headers["Retry-After"] = str(error.values.get("retry_after_seconds", 60))
    return problem(request, status, code=error.code, text=text, fields=fields, headers=headers)


def on_http_error(request: Request, error: Exception) -> Response:
    """The answer to what the framework itself refuses (unknown path, wrong method …)."""
    assert isinstance(error, HTTPException)
    return problem(
        request, error.status_code, code=f"http.{error.status_code}", headers=dict(error.headers or {})
    )


def on_bad_request(request: Request, error: Exception) -> Response:
    """The answer to path or query values that cannot be read; an address that no thing can have is not found."""
    assert isinstance(error, RequestValidationError)
    if any(fault["loc"][0] == "path" for fault in error.errors()):
        return problem(request, 404, code="http.404")
    fields = {str(fault["loc"][-1]): str(fault["msg"]) for fault in error.errors()}
    return problem(request, 422, code="request.invalid", fields=fields)


def on_crash(request: Request, error: Exception) -> Response:
    """The answer to a mistake of ours or a database that is away: logged with its traceback, told without details."""
    if isinstance(error, OperationalError | PoolTimeout):
        log.error(
            "the database does not answer",
            exc_info=error,
            extra={"request_id": request.scope.get("request_id")},
        )
        return problem(request, 503, code="database.unavailable", headers={"Retry-After": "5"})
    log.error("unhandled error", exc_info=error, extra={"request_id": request.scope.get("request_id", "")})
    return problem(request, 500, code="internal")


def problem(
    request: Request,
    status: int,
    *,
    code: str,
    text: str = "",
    fields: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """A failure as page or as JSON; `fields` names each wrong input with its fix."""
    language = request.scope.get("lang", "de")
    title = translate(language, TITLES.get(status, TITLES[400 if status < 500 else 500]))
    text = text or translate(language, TEXTS.get(status, TEXTS[400 if status < 500 else 500]))
    if wants_json(request):
        body: dict[str, Any] = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "code": code,
            "detail": text,
        }
        if fields:
            body["errors"] = [{"field": name, "detail": sentence} for name, sentence in fields.items()]
        return JSONResponse(body, status, headers=headers, media_type="application/problem+json")
    return page(
        request,
        "store/public/errors.html",
        status=status,
        headers=headers,
        title=title,
        text=text,
        fields=fields or {},
    )
