"""The warehouse's calendar: its next runs, public holidays and closing days, which staff enter and take away."""

from datetime import date, datetime, timedelta

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Invalid, Refused
from app.flows.edit_calendar import add_closing_days, remove_closing_day
from app.fulfilment.calendar import holidays_between
from app.fulfilment.queries_calendar import closing_days_from
from app.fulfilment.rules.closing import ClosingSpan
from app.shop import Shop
from app.web.admin.dispatch import read_date
from app.web.admin.lists import desk, form_error
from app.web.admin.runs_view import course_of
from app.web.deps import Now, ReadDep, ShopDep, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.problems import wants_json
from app.web.rendering import see_other

router = APIRouter()

SHOWN_RUNS = 10
SHOWN_DAYS = timedelta(days=180)


@router.get("/admin/dispatch/calendar")
def show_calendar(request: Request, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    return _page(request, shop, session, now=now)


@router.post("/admin/dispatch/calendar")
def submit_closing_days(
    request: Request,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    first_on = read_date(values.get("first_on", "").strip())
    last_text = values.get("last_on", "").strip()
    span = ClosingSpan(
        first_on, read_date(last_text) if last_text else first_on, values.get("name", "").strip()
    )
    try:
        count = add_closing_days(
            session,
            span,
            state=shop.settings.seller_federal_state,
            timezone=shop.settings.timezone,
            confirmed_count=_count(values.get("is_confirmed", "")),
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, shop, reading, now=now, status=422, values=values, errors=errors)
    except Refused as error:
        if wants_json(request):
            raise
        errors = {"is_confirmed": form_error(request, error)["form"]}
        late_count = error.values.get("count", 0)
        return _page(
            request, shop, reading, now=now, status=409, values=values, errors=errors, late_count=late_count
        )
    return see_other(f"/admin/dispatch/calendar?done={'calendar_closed' if count else 'unchanged'}")


@router.post("/admin/dispatch/calendar/{day}/remove")
def submit_removal(
    day: date, shop: ShopDep, session: WriteDep, staff: StaffDep, _: Values, now: Now
) -> Response:
    settings = shop.settings
    remove_closing_day(
        session,
        day,
        state=settings.seller_federal_state,
        timezone=settings.timezone,
        actor=staff.actor,
        now=now,
    )
    return see_other("/admin/dispatch/calendar?done=calendar_opened")


def _count(text: str) -> int:
    """So many late orders were confirmed: none for what is no number."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def _page(
    request: Request,
    shop: Shop,
    session: Session,
    *,
    now: datetime,
    status: int = 200,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    late_count: object = 0,
) -> Response:
    course = course_of(shop, session, now=now)
    settings = shop.settings
    return desk(
        request,
        "dispatch/calendar.html",
        status=status,
        errors=errors or {},
        late_count=late_count,
        values={"first_on": "", "last_on": "", "name": "", **(values or {})},
        runs=course.next_runs(SHOWN_RUNS),
        arrivals=course.arrival_of,
        days=closing_days_from(session, since=course.today),
        holidays=holidays_between(
            settings.seller_federal_state,
            course.today,
            course.today + SHOWN_DAYS,
            language=request.scope["lang"],
        ),
        today=course.today,
    )
