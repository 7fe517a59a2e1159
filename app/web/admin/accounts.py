"""Main accounts: the screening copy of the main brand's list, and one account with its rating."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, Invalid, NotFound, Refused
from app.customers.queries_desk import customers_of_account
from app.flows.override_rating import Target
from app.mainbrand.queries_desk import find_account, list_accounts
from app.mainbrand.queries_rating import find_model, history_of, last_applied, overrides_of
from app.mainbrand.rules.segments import Segment
from app.web.admin import words
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, form_error, page_urls
from app.web.admin.overrides import CHOICES, override_of_form
from app.web.deps import Now, ReadDep, RowId, ShopDep, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other

router = APIRouter()


@router.get("/admin/accounts")
def show_accounts(request: Request, session: ReadDep) -> Response:
    text, segment = asked(request, "q"), asked_choice(request, "segment", Segment)
    found = list_accounts(session, text=text, segment=segment, page=asked_page(request))
    return desk(
        request,
        "accounts/list.html",
        accounts=found.rows,
        pages=page_urls(request, found),
        text=text,
        segment=asked(request, "segment"),
        segments=chips(request, "segment", [(one.value, word.label) for one, word in words.SEGMENTS.items()]),
    )


@router.get("/admin/accounts/{account_id}")
def show_account(request: Request, account_id: RowId, session: ReadDep) -> Response:
    return _page(request, session, account_id)


@router.post("/admin/accounts/{account_id}/override")
def submit_override(
    request: Request,
    account_id: RowId,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        done = override_of_form(shop, session, Target(account_id=account_id), values, staff=staff, now=now)
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, reading, account_id, status=422, errors=errors, values=values)
    except Refused as error:
        errors = form_error(request, error)
        return _page(request, reading, account_id, status=409, errors=errors, values=values)
    return see_other(f"/admin/accounts/{account_id}?done={done}")


def _page(
    request: Request,
    session: ReadDep,
    account_id: int,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
) -> Response:
    account = find_account(session, account_id)
    if account is None:
        raise NotFound(N_("There is no such main account."), code="account.not_found")
    applied = last_applied(session)
    return desk(
        request,
        "accounts/account.html",
        status=status,
        errors=errors or {},
        values={"segment": "", "last_on": "", "reason": "", **(values or {})},
        account=account,
        evidence=account.evidence,
        customers=customers_of_account(session, account_id),
        overrides=overrides_of(session, account_id=account_id),
        history=history_of(session, account_id),
        model=find_model(session, applied.prospect_model_id) if applied else None,
        choices=CHOICES,
    )
