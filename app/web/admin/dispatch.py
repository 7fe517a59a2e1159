"""Dispatch: the next runs, the orders of a run, and handing them over."""

from datetime import date
from itertools import groupby

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Invalid, NotFound, Refused
from app.flows.dispatch_order import MOST_PARCELS, Parcel, dispatch_orders
from app.fulfilment.calendar import work_calendar
from app.fulfilment.queries import due_counts, due_orders, latest_shipments
from app.fulfilment.rules.runs import is_late, next_runs
from app.policy.queries import current_policy
from app.web.admin.lists import asked, desk, form_error
from app.web.deps import Now, ReadDep, ShopDep, StaffDep, ValueLists, WriteDep
from app.web.rendering import see_other

router = APIRouter()


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
    settings = shop.settings
    zone = work_calendar(settings.seller_federal_state, settings.timezone).zone
    parcels = [
        Parcel(number, _first(values, f"tracking_{number}"))
        for number in dict.fromkeys(values.get("number", []))
    ]
    try:
        dispatch_orders(
            session,
            parcels,
            carrier=_first(values, "carrier"),
            today=now.astimezone(zone).date(),
            actor=staff.actor,
            now=now,
        )
    except (Invalid, NotFound, Refused) as error:
        status = 422 if isinstance(error, Invalid) else 409
        return _page(request, shop, reading, now, status=status, errors=form_error(request, error))
    is_from_order = _first(values, "back") == "order" and len(parcels) == 1
    where = f"/admin/orders/{parcels[0].number}" if is_from_order else "/admin/dispatch"
    return see_other(f"{where}?done=dispatched")


def _page(
    request: Request,
    shop: ShopDep,
    session: ReadDep,
    now: Now,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response:
    settings = shop.settings
    calendar = work_calendar(settings.seller_federal_state, settings.timezone)
    today = now.astimezone(calendar.zone).date()
    runs = next_runs(current_policy(session), calendar, now=now, count=4)
    until = _date(asked(request, "until")) or runs[0].run_on
    orders = due_orders(session, until=until, limit=MOST_PARCELS, language=request.scope["lang"])
    return desk(
        request,
        "dispatch/dispatch.html",
        status=status,
        errors=errors or {},
        runs=runs,
        waiting=dict(due_counts(session)),
        until=until,
        groups=[
            (run_on, is_late(run_on, today=today), list(group))
            for run_on, group in groupby(orders, key=lambda order: order.dispatch_on)
        ],
        shipments=latest_shipments(session, limit=10),
    )


def _first(values: dict[str, list[str]], name: str) -> str:
    return values.get(name, [""])[0].strip()


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
