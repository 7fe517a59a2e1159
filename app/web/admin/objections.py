"""Objections of companies that are kept outside: the list, and the answer to one."""

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, Invalid, Refused
from app.customers.queries_desk import standing_of
from app.customers.queries_objections import find_objection, list_objections, objections_of
from app.customers.queries_screening import newest_screening
from app.customers.rules.objections import Outcome
from app.flows.answer_objection import answer_objection
from app.mainbrand.queries_desk import find_account
from app.web.admin.lists import asked, asked_page, chips, desk, form_error, page_urls
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other

router = APIRouter()

OUTCOMES = (
    (Outcome.UPHELD.value, N_("The company is right: open its case again, or serve it again")),
    (Outcome.DISMISSED.value, N_("Our decision stays")),
)


@router.get("/admin/objections")
def show_objections(request: Request, session: ReadDep) -> Response:
    is_answered = asked(request, "state") == "answered"
    found = list_objections(session, is_answered=is_answered, page=asked_page(request))
    return desk(
        request,
        "objections/list.html",
        objections=found.rows,
        pages=page_urls(request, found),
        is_answered=is_answered,
        states=chips(request, "state", [("answered", N_("Answered"))], all_=N_("To answer")),
    )


@router.get("/admin/objections/{objection_id}")
def show_objection(request: Request, objection_id: RowId, session: ReadDep) -> Response:
    return _page(request, session, objection_id)


@router.post("/admin/objections/{objection_id}")
def submit_answer(
    request: Request,
    objection_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        answer_objection(
            session,
            objection_id,
            outcome=values.get("outcome", ""),
            answer=values.get("answer", ""),
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, reading, objection_id, status=422, values=values, errors=errors)
    except Refused as error:
        errors = form_error(request, error)
        return _page(request, reading, objection_id, status=409, values=values, errors=errors)
    return see_other("/admin/objections?done=objection")


def _page(
    request: Request,
    session: Session,
    objection_id: int,
    *,
    status: int = 200,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    case = find_objection(session, objection_id)
    customer = case.customer
    return desk(
        request,
        "objections/show.html",
        status=status,
        errors=errors or {},
        values={"outcome": "", "answer": "", **(values or {})},
        case=case,
        admission=standing_of(session, customer),
        account=find_account(session, customer.main_account_id) if customer.main_account_id else None,
        screening=newest_screening(session, customer.id or 0),
        before=[one for one in objections_of(session, customer.id or 0) if one.id != objection_id],
        outcomes=OUTCOMES,
    )
