"""What waits to become a document, or cannot: why, what shall stand on it, and trying again."""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Invalid, Refused
from app.flows.change_order_billing import change_order_billing
from app.flows.issue_invoice import try_again
from app.invoices.queries_billing import billing_of_order
from app.invoices.queries_desk import find_draft
from app.invoices.rules.billing import OF_AN_ORDER, BillingDetails
from app.ordering.queries_desk import find_order
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
    order_id = find_draft(reading, draft_id).draft.order_id
    try:
        is_new = change_order_billing(session, _typed(values), order_id=order_id, actor=staff.actor, now=now)
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


@router.get("/admin/orders/{number}/billing")
def show_billing(request: Request, number: str, session: ReadDep) -> Response:
    return _billing_page(request, session, number)


@router.post("/admin/orders/{number}/billing")
def submit_billing(
    request: Request,
    number: str,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    order_id = find_order(reading, number).id or 0
    try:
        is_new = change_order_billing(session, _typed(values), order_id=order_id, actor=staff.actor, now=now)
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _billing_page(request, reading, number, status=422, values=values, errors=errors)
    except Refused as error:
        errors = form_error(request, error)
        return _billing_page(request, reading, number, status=409, values=values, errors=errors)
    return see_other(f"/admin/orders/{number}?done={'draft_changed' if is_new else 'unchanged'}")


def _typed(values: dict[str, str]) -> BillingDetails:
    texts: dict[str, Any] = {name: values.get(name, "").strip() for name in OF_AN_ORDER}
    return BillingDetails(**{**texts, "country": texts["country"].upper()})


def _billing_page(
    request: Request,
    session: Session,
    number: str,
    *,
    status: int = 200,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    order = find_order(session, number)
    stored = asdict(billing_of_order(session, order.id or 0))
    return desk(
        request,
        "invoices/billing.html",
        status=status,
        order=order,
        action=f"/admin/orders/{number}/billing",
        values=stored if values is None else values,
        errors=errors or {},
        countries=country_options(request.scope["lang"]),
    )


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
    stored = asdict(billing_of_order(session, found.draft.order_id))
    return desk(
        request,
        "invoices/draft.html",
        status=status,
        draft=found.draft,
        order=found.order,
        action=f"/admin/invoices/drafts/{draft_id}",
        values=stored if values is None else values,
        errors=errors or {},
        countries=country_options(request.scope["lang"]),
    )
