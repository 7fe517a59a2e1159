"""What waits to become a document, or cannot: why, what shall stand on it, and trying again."""

from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Invalid, Refused
from app.flows.change_draft import COLUMNS, change_draft
from app.flows.issue_invoice import try_again
from app.invoices.queries_desk import find_draft
from app.invoices.rules.billing import BillingDetails
from app.web.admin.lists import desk, form_error
from app.web.countries import country_options
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other

router = APIRouter()


@router.get("/admin/invoices/drafts/{draft_id}")
def show_draft(request: Request, draft_id: RowId, session: ReadDep) -> Response:
    return _page(request, session, draft_id)


@router.post("/admin/invoices/drafts/{draft_id}")
def submit_draft(
    request: Request,
    draft_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    texts: dict[str, Any] = {name: values.get(name, "").strip() for name in COLUMNS}
    details = BillingDetails(**{**texts, "country": texts["country"].upper()})
    try:
        is_new = change_draft(session, draft_id, details, actor=staff.actor, now=now)
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, reading, draft_id, status=422, values=values, errors=errors)
    except Refused as error:
        errors = form_error(request, error)
        return _page(request, reading, draft_id, status=409, values=values, errors=errors)
    return see_other(f"/admin/invoices/drafts/{draft_id}?done={'draft_changed' if is_new else 'unchanged'}")


@router.post("/admin/invoices/drafts/{draft_id}/retry")
def submit_retry(draft_id: RowId, session: WriteDep, staff: StaffDep, _: Values, now: Now) -> Response:
    is_done = try_again(session, draft_id=draft_id, actor=staff.actor, now=now)
    return see_other(f"/admin/invoices/drafts/{draft_id}?done={'draft_retried' if is_done else 'unchanged'}")


def _page(
    request: Request,
    session: Session,
    draft_id: int,
    *,
    status: int = 200,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    found = find_draft(session, draft_id)
    stored: dict[str, Any] = {name: getattr(found.draft, column) for name, column in COLUMNS.items()}
    return desk(
        request,
        "invoices/draft.html",
        status=status,
        draft=found.draft,
        order=found.order,
        values=stored if values is None else values,
        errors=errors or {},
        countries=country_options(request.scope["lang"]),
    )
