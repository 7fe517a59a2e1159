"""Objections of companies to being kept outside or to their effort: the list, and the answer to one."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.care.models import EffortEvent
from app.care.queries_effort import events_of, year_of
from app.care.rules.cost_to_serve import YearFigures
from app.care.rules.effort import EffortCause
from app.care.rules.levels import OVERRIDES
from app.core.errors import N_, Invalid, Refused
from app.customers.queries_desk import standing_of
from app.customers.queries_objections import find_objection, list_objections, objections_of
from app.customers.queries_screening import newest_screening
from app.customers.rules.objections import EFFORT, Outcome
from app.flows.answer_objection import Relief, answer_objection
from app.mainbrand.queries_desk import find_account
from app.mainbrand.rules.rating import twelve_months_before
from app.policy.queries import current_policy
from app.web.admin import effort_words
from app.web.admin.effort import read_day
from app.web.admin.lists import asked, asked_page, chips, desk, form_error, page_urls
from app.web.deps import Now, ReadDep, RowId, ShopDep, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other

router = APIRouter()

TICK = "event_"

OUTCOMES = (
    (Outcome.UPHELD.value, N_("The company is right: open its case again, or serve it again")),
    (Outcome.DISMISSED.value, N_("Our decision stays")),
)
EFFORT_OUTCOMES = (
    (Outcome.UPHELD.value, N_("The company is right: change what is ticked or chosen below")),
    (Outcome.DISMISSED.value, N_("Our decision stays")),
)


@dataclass(frozen=True)
class EffortCase:
    """The figures on which the effort level of a company rests, and the touches that count."""

    figures: YearFigures
    minutes: int
    events: list[EffortEvent]


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
def show_objection(request: Request, objection_id: RowId, session: ReadDep, now: Now) -> Response:
    return _page(request, session, objection_id, now=now)


@router.post("/admin/objections/{objection_id}")
def submit_answer(
    request: Request,
    objection_id: RowId,
    shop: ShopDep,
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
            relief=Relief(_ticked(values), values.get("level", ""), read_day(values.get("ends_on", ""))),
            today=now.astimezone(ZoneInfo(shop.settings.timezone)).date(),
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, reading, objection_id, now=now, status=422, values=values, errors=errors)
    except Refused as error:
        errors = form_error(request, error)
        return _page(request, reading, objection_id, now=now, status=409, values=values, errors=errors)
    return see_other("/admin/objections?done=objection")


def _page(
    request: Request,
    session: Session,
    objection_id: int,
    *,
    now: datetime,
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
        values={"outcome": "", "answer": "", "level": "", "ends_on": "", **(values or {})},
        case=case,
        effort=_effort(session, customer.id or 0, now=now) if case.objection.against == EFFORT else None,
        effort_words=effort_words,
        levels=[(level.value, effort_words.LEVELS[level].label) for level in OVERRIDES],
        ticked=_ticked(values or {}),
        admission=standing_of(session, customer),
        account=find_account(session, customer.main_account_id) if customer.main_account_id else None,
        screening=newest_screening(session, customer.id or 0),
        before=[one for one in objections_of(session, customer.id or 0) if one.id != objection_id],
        outcomes=EFFORT_OUTCOMES if case.objection.against == EFFORT else OUTCOMES,
    )


def _effort(session: Session, customer_id: int, *, now: datetime) -> EffortCase:
    policy = current_policy(session)
    year = year_of(session, customer_id, policy=policy, now=now)
    events = events_of(session, customer_id, since=twelve_months_before(now))
    counted = [event for event in events if event.cause is EffortCause.THEIRS]
    return EffortCase(year.figures(policy), year.counted_minutes, counted)


def _ticked(values: dict[str, str]) -> set[int]:
    """The ids of the touches that a form ticks."""
    named = (name.removeprefix(TICK) for name in values if name.startswith(TICK))
    return {int(text) for text in named if text.isascii() and text.isdigit() and len(text) < 10}
