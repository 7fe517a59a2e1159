"""The way of a bundle to the shop: review, date, publishing, retiring."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.queries_desk import read_sheet
from app.core.clock import NoSuchMoment, local_moment
from app.core.errors import N_, FieldError, Invalid, Refused
from app.flows.publish_bundle import publish_bundle, schedule_bundle
from app.flows.retire_bundle import retire_bundle
from app.flows.review_bundle import send_back, submit_for_review, unschedule
from app.web.admin.bundle_editor import sheet_page
from app.web.admin.lists import form_error
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.problems import wants_json
from app.web.rendering import see_other, shop_of

router = APIRouter()


@router.post("/admin/bundles/{bundle_id}/submit")
def submit_submit(
    request: Request,
    bundle_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    def act() -> None:
        submit_for_review(session, bundle_id, actor=staff.actor, now=now, seen=values.get("seen", ""))

    return _answer(request, reading, bundle_id, values, act, done="submitted")


@router.post("/admin/bundles/{bundle_id}/send-back")
def submit_send_back(
    request: Request,
    bundle_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    def act() -> None:
        send_back(session, bundle_id, reason=values.get("reason", ""), actor=staff.actor, now=now)

    return _answer(request, reading, bundle_id, values, act, done="sent_back")


@router.post("/admin/bundles/{bundle_id}/schedule")
def submit_schedule(
    request: Request,
    bundle_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    def act() -> None:
        publish_at = _moment(values, zone=ZoneInfo(shop_of(request).settings.timezone))
        seen = values.get("seen", "")
        schedule_bundle(session, bundle_id, publish_at=publish_at, actor=staff.actor, now=now, seen=seen)

    return _answer(request, reading, bundle_id, values, act, done="scheduled")


@router.post("/admin/bundles/{bundle_id}/unschedule")
def submit_unschedule(
    request: Request,
    bundle_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    def act() -> None:
        unschedule(session, bundle_id, actor=staff.actor, now=now)

    return _answer(request, reading, bundle_id, values, act, done="unscheduled")


@router.post("/admin/bundles/{bundle_id}/publish")
def submit_publish(
    request: Request,
    bundle_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    def act() -> None:
        publish_bundle(session, bundle_id, actor=staff.actor, now=now, seen=values.get("seen", ""))

    return _answer(request, reading, bundle_id, values, act, done="published")


@router.post("/admin/bundles/{bundle_id}/retire")
def submit_retire(
    request: Request,
    bundle_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    def act() -> None:
        retire_bundle(session, bundle_id, reason=values.get("reason", ""), actor=staff.actor, now=now)

    return _answer(request, reading, bundle_id, values, act, done="retired")


def _answer(
    request: Request,
    session: ReadDep,
    bundle_id: int,
    values: dict[str, str],
    act: Callable[[], Any],
    *,
    done: str,
) -> Response:
    """What was done, or the bundle's page with what was wrong and typed."""
    try:
        act()
    except Invalid as error:
        status, errors = 422, errors_of(error.fields, language=request.scope["lang"])
    except Refused as error:
        if wants_json(request):
            raise
        status, errors = 409, form_error(request, error)
    else:
        return see_other(f"/admin/bundles/{bundle_id}?done={done}")
    sheet = read_sheet(session, bundle_id)
    return sheet_page(request, session, sheet, status=status, errors=errors, acts=values)


def _moment(values: dict[str, str], *, zone: ZoneInfo) -> datetime:
    """Day and time of the form, as the shop's clock shows them. Raises Invalid."""
    faults, day, time = [], values.get("publish_on", "").strip(), values.get("publish_time", "").strip()
    try:
        return local_moment(day, time or "00:00", zone)
    except NoSuchMoment:
        message = N_("The clocks are changed then: please choose a time that there is.")
        faults.append(FieldError("publish_time", message))
    except ValueError as error:
        is_day = str(error) == "day"
        message = (
            N_("Please enter a date such as 2026-12-31.")
            if is_day
            else N_("Please enter a time such as 08:30.")
        )
        faults.append(FieldError("publish_on" if is_day else "publish_time", message))
    raise Invalid(N_("Please check the entries."), code="bundle.invalid", fields=tuple(faults))
