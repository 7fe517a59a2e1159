"""Field visits: the request with its reasons, the lead's decision, and the report of every exception."""

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.care.rules.services import VisitState
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.i18n import translate
from app.customers.queries_desk import find_customer
from app.flows.ask_for_visit import ask_for_visit, decide_visit
from app.insights.exceptions import read_exceptions
from app.web.admin.lists import asked_page, desk, form_error, page_urls
from app.web.admin.service_orders import STANDINGS
from app.web.admin.words import Word
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.forms_money import NotMoney, parse_cents
from app.web.problems import wants_json
from app.web.rendering import see_other

router = APIRouter()

STATES = {
    VisitState.REQUESTED: Word(N_("waits for a lead"), "signal"),
    VisitState.APPROVED: Word(N_("approved"), "ok"),
    VisitState.REFUSED: Word(N_("refused"), "bad"),
}
DECISIONS = {"approve": True, "refuse": False}
AMOUNTS = ("expected_contribution_cents", "price_cents")


@router.get("/admin/reports/exceptions")
def show_exceptions(request: Request, session: ReadDep, now: Now) -> Response:
    return _report(request, session, now=now)


@router.get("/admin/customers/{number}/visit")
def show_request(request: Request, number: str, session: ReadDep) -> Response:
    return _form(request, session, number)


@router.post("/admin/customers/{number}/visit")
def submit_request(
    request: Request,
    number: str,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    language = request.scope["lang"]
    amounts: dict[str, int | None] = dict.fromkeys(AMOUNTS)
    unreadable: dict[str, str] = {}
    for name in AMOUNTS:
        if values.get(name, "").strip():
            try:
                amounts[name] = parse_cents(values[name])
            except NotMoney as wrong:
                unreadable[name] = translate(language, str(wrong))
    try:
        ask_for_visit(
            session,
            customer_number=number,
            reason=values.get("reason", ""),
            expected_contribution_cents=amounts["expected_contribution_cents"],
            price_cents=amounts["price_cents"],
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        errors = {**errors_of(error.fields, language=language), **unreadable}
        return _form(request, reading, number, values, status=422, errors=errors)
    except Refused as error:
        if wants_json(request):
            raise
        return _form(request, reading, number, values, status=409, errors=form_error(request, error))
    return see_other("/admin/reports/exceptions?done=visit_asked")


@router.post("/admin/visits/{visit_id}")
def submit_decision(
    request: Request,
    visit_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    decision = values.get("decision", "")
    try:
        if decision not in DECISIONS:
            fault = FieldError("decision", N_("Please choose one of the offered values."))
            raise Invalid(N_("Please check the entries."), code="visit.invalid", fields=(fault,))
        decide_visit(
            session,
            visit_id,
            is_approved=DECISIONS[decision],
            reason=values.get("reason", ""),
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _report(request, reading, now=now, status=422, errors=errors)
    except Refused as error:
        if wants_json(request):
            raise
        return _report(request, reading, now=now, status=409, errors=form_error(request, error))
    done = "visit_approved" if DECISIONS[decision] else "visit_refused"
    return see_other(f"/admin/reports/exceptions?done={done}")


def _form(
    request: Request,
    session: Session,
    number: str,
    values: dict[str, str] | None = None,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response:
    known = {"reason": "", **dict.fromkeys(AMOUNTS, ""), **(values or {})}
    return desk(
        request,
        "visits/request.html",
        status=status,
        errors=errors or {},
        customer=find_customer(session, number),
        values=known,
    )


def _report(
    request: Request, session: Session, *, now: Now, status: int = 200, errors: dict[str, str] | None = None
) -> Response:
    found = read_exceptions(session, page=asked_page(request), now=now)
    return desk(
        request,
        "visits/exceptions.html",
        status=status,
        errors=errors or {},
        exceptions=found.rows,
        pages=page_urls(request, found),
        states=STATES,
        standings=STANDINGS,
    )
