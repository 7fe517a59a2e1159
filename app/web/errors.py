"""What a failure looks like: a page for people, problem details (RFC 9457) for programs."""

import logging

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Invalid, NotFound, Refused, ShopError, Unavailable
from app.core.i18n import translate
from app.web.forms import errors_of
from app.web.problems import problem_details, text_of, title_of, wants_json
from app.web.rendering import page

log = logging.getLogger("app.web")

STATUS: dict[type[ShopError], int] = {NotFound: 404, Refused: 403, Invalid: 422, Unavailable: 503}
CONFLICTS = (
    "order.sales_frozen", "order.changed", "order.too_little", "stock.sold_out", "cart.changed",
    "import.wrong_state", "import.being_written", "difference.not_mendable",
    "bundle.below_floor", "bundle.too_fast", "bundle.more_service", "bundle.needs_approval", "bundle.kept_out",
    "bundle.illegal_transition", "bundle.second_person", "bundle.not_submitted", "bundle.changed_meanwhile",
    "bundle.approval_not_open", "bundle.approval_open", "bundle.approval_void", "bundle.no_approval_needed",
    "bundle.same_person", "bundle.commission_only", "bundle.empty", "bundle.no_name", "bundle.no_price",
    "block.made_to_order", "block.stock_moved", "block.retires_bundles", "block.changed_meanwhile",
    "bundle.unorderable", "category.not_empty", "proposal.kept_out", "proposal.not_open", "proposal.unknown_blocks",
    "terms.name_taken", "terms.changed_meanwhile", "billing.in_check",
    "complaint.open_already", "complaint.too_early", "complaint.closed", "complaint.decided", "complaint.same_person",
    "complaint.reopened_before", "complaint.replaced_before", "complaint.refunded_before", "complaint.not_sendable",
    "complaint.nothing_paid", "complaint.not_sent", "complaint.nothing_left", "refund.nothing_left",
    "complaint.complained_before", "refund.none_failed", "refund.not_the_answer", "refund.nothing_paid",
    "refund.disputed", "refund.form_used", "refund.same_person", "refund.decided", "refund.changed_meanwhile",
    "refund.corrected", "dispute.over", "dispute.not_lost", "proof.there_already",
    "order.no_goods", "order.disputed", "order.vat_unconfirmed", "dispatch.list_changed",
    "calendar.moves_orders", "run.gone", "run.still_taking_orders",
    "standing.over", "standing.ended", "standing.too_many",
    "service.changed", "service.not_possible", "service.nothing_left", "service.visit_not_approved", "offer.over",
    "offer.not_admitted",
    "visit.open", "visit.not_open", "visit.same_person", "visit.lacks", "visit.not_listed", "visit.nobody",
    "effort.step_over", "effort.not_dispatched",
    "mail.address_marked", "mail_text.changed_meanwhile",
    "books.month_not_over", "books.earlier_month_open",
    "card.none", "card.not_admitted", "card.vat",
)  # fmt: skip
"""Refusals by the present state of a thing, not by who asks."""
CARD_PAGE_LIMITS = ("payment.too_many_pages", "payment.too_many_declines", "payment.first_payment_waits")
STATUS_BY_CODE = {
    "throttled": 429,
    **dict.fromkeys(CARD_PAGE_LIMITS, 429),
    "import.too_many": 429,
    **dict.fromkeys(CONFLICTS, 409),
}

UNITS = ("_cents", "_bp", "_days")
"""The ends of names of values that are figures: a program reads them beside the sentence."""


def on_shop_error(request: Request, error: Exception) -> Response:
    """The answer to one of the four kinds of failure."""
    assert isinstance(error, ShopError)
    of_kind = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    status = STATUS_BY_CODE.get(error.code, of_kind)
    language = request.scope["lang"]
    text = translate(language, error.message, **error.values)
    fields = errors_of(error.fields, language=language) if isinstance(error, Invalid) else {}
    headers = {}
    if isinstance(error, Unavailable) or status == 429:
        headers["Retry-After"] = str(error.values.get("retry_after_seconds", 60))
    figures = {name: value for name, value in error.values.items() if name.endswith(UNITS)}
    return problem(
        request, status, code=error.code, text=text, fields=fields, headers=headers, figures=figures
    )


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
    figures: dict[str, object] | None = None,
) -> Response:
    """A failure as page or as JSON; `fields` names each wrong input with its fix, `figures` are for programs."""
    if wants_json(request):
        more = {"figures": figures} if figures else {}
        return problem_details(
            request, status, code=code, detail=text, fields=fields, headers=headers, **more
        )
    return page(
        request,
        "store/public/errors.html",
        status=status,
        headers=headers,
        title=title_of(request, status),
        text=text or text_of(request, status),
        fields=fields or {},
    )
