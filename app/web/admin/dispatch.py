"""Dispatch: the runs, what is late, the orders of the next run, and handing them over."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Invalid, NotFound, Refused
from app.flows.dispatch_order import Parcel, dispatch_orders
from app.fulfilment.queries import (
    DueOrder,
    disputed_orders,
    due_counts,
    due_orders,
    in_parcels,
    latest_shipments,
)
from app.fulfilment.queries_runs import (
    late_orders,
    runs_that_left,
    short_orders,
)
from app.fulfilment.rules.runs import Course
from app.web.admin.lists import asked, desk, form_error
from app.web.admin.runs_view import course_of, named_short
from app.web.deps import Now, ReadDep, ShopDep, StaffDep, ValueLists, WriteDep
from app.web.rendering import see_other

router = APIRouter()

NEXT_RUNS, PAST_RUNS, SHOWN_LATE, SHOWN_ORDERS = 4, 6, 50, 100


@dataclass(frozen=True)
class Group:
    """Orders that should leave on one day; `is_late`: they will not."""

    dispatch_on: date
    is_late: bool
    parcels: list[list[DueOrder]]


@router.get("/admin/dispatch")
def show_dispatch(request: Request, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    return _page(request, shop, session, now)


@router.post("/admin/dispatch")
def submit_dispatch(
    request: Request,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: ValueLists,
    now: Now,
) -> Response:
    today = course_of(shop, reading, now=now).today
    parcels = [
        Parcel(number, _first(values, f"tracking_{number}"))
        for number in dict.fromkeys(values.get("number", []))
    ]
    try:
        dispatch_orders(
            session,
            parcels,
            carrier=_first(values, "carrier"),
            today=today,
            actor=staff.actor,
            now=now,
        )
    except (Invalid, NotFound, Refused) as error:
        status = 422 if isinstance(error, Invalid) else 409
        return _page(request, shop, reading, now, status=status, errors=form_error(request, error))
    return see_other(f"{_way_back(values, parcels)}?done=dispatched")


def _page(
    request: Request,
    shop: ShopDep,
    session: ReadDep,
    now: Now,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response:
    course = course_of(shop, session, now=now)
    runs = course.next_runs(NEXT_RUNS)
    until = read_date(asked(request, "until")) or runs[0].run_on
    orders = due_orders(session, until=until, limit=SHOWN_ORDERS, language=request.scope["lang"])
    return desk(
        request,
        "dispatch/dispatch.html",
        status=status,
        errors=errors or {},
        runs=runs,
        past_runs=runs_that_left(session, before=course.today, limit=PAST_RUNS),
        waiting=course.by_run(due_counts(session)),
        until=until,
        groups=_groups(orders, course),
        disputed=disputed_orders(session, limit=SHOWN_LATE),
        late=_late(session, course),
        short=named_short(
            session, short_orders(session, until=runs[0].run_on), language=request.scope["lang"]
        ),
        shipments=latest_shipments(session, limit=10),
    )


def _groups(orders: list[DueOrder], course: Course) -> list[Group]:
    return [
        Group(dispatch_on, course.misses_its_run(dispatch_on), in_parcels(list(group)))
        for dispatch_on, group in groupby(orders, key=lambda one: one.order.dispatch_on)
    ]


def _late(session: Session, course: Course) -> list[tuple[object, date, date]]:
    """The orders that miss their run, with the run that takes them and the day on which they arrive."""
    return [
        (order, course.run_for(order.dispatch_on).run_on, course.expected_on(order.dispatch_on))
        for order in late_orders(session, course, limit=SHOWN_LATE)
    ]


def _way_back(values: dict[str, list[str]], parcels: list[Parcel]) -> str:
    back = _first(values, "back")
    if back == "order" and len(parcels) == 1:
        return f"/admin/orders/{parcels[0].number}"
    run_on = read_date(back)
    return f"/admin/dispatch/runs/{run_on.isoformat()}" if run_on else "/admin/dispatch"


def _first(values: dict[str, list[str]], name: str) -> str:
    return values.get(name, [""])[0].strip()


def read_date(text: str) -> date | None:
    """The day of an ISO date such as 2026-12-31; None for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
