"""A carrier's list of tracking codes: uploaded or pasted, looked at, and dispatched line by line."""

import hashlib
from datetime import datetime

from fastapi import APIRouter
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, Invalid, NotFound, Refused, ShopError
from app.core.i18n import translate
from app.flows.dispatch_order import Parcel, dispatch_orders
from app.fulfilment.queries_tracking import judge
from app.fulfilment.rules.tracking_list import MOST_BYTES, TrackingList, decode, read_tracking_list
from app.shop import Shop
from app.web.admin.lists import desk, form_error
from app.web.admin.runs_view import course_of
from app.web.deps import Now, ReadDep, ShopDep, StaffDep, Values, WriteDep
from app.web.problems import wants_json
from app.web.rendering import see_other
from app.web.visitor import StaffVisitor

router = APIRouter()


@router.get("/admin/dispatch/tracking")
def show_tracking(request: Request) -> Response:
    return _page(request, {})


@router.post("/admin/dispatch/tracking")
async def submit_tracking(
    request: Request,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    form = await request.form()
    upload = form.get("file")
    content = await upload.read(MOST_BYTES + 1) if isinstance(upload, UploadFile) else b""
    await form.close()
    return await run_in_threadpool(_submit, request, shop, session, reading, staff, values, content, now=now)


def _submit(
    request: Request,
    shop: Shop,
    session: Session,
    reading: Session,
    staff: StaffVisitor,
    values: dict[str, str],
    content: bytes,
    *,
    now: datetime,
) -> Response:
    """Shows what the list would do; with `act=dispatch` its good lines leave, all of them or none."""
    carrier = values.get("carrier", "").strip()
    shown = {**values, "carrier": carrier}
    try:
        shown["list"] = decode(content) if content else values.get("list", "")
        read, gone = judge(reading, read_tracking_list(shown["list"], carrier=carrier))
    except Invalid as error:
        return _page(request, shown, status=422, errors={"list": form_error(request, error)["form"]})
    if values.get("act") != "dispatch" or not read.lines:
        return _page(request, shown, read=read, gone=gone)
    if values.get("mark") != mark_of(read):
        changed = Refused(
            N_("The orders have changed since this list was shown. Nothing has left: look at it again."),
            code="dispatch.list_changed",
        )
        return _shown_again(request, shown, read, gone, changed)
    parcels = [Parcel(line.number, line.tracking_code, line.carrier) for line in read.lines]
    today = course_of(shop, reading, now=now).today
    try:
        dispatch_orders(session, parcels, carrier="", today=today, actor=staff.actor, now=now)
    except (Invalid, NotFound, Refused) as error:
        read, gone = judge(reading, read_tracking_list(shown["list"], carrier=carrier))
        return _shown_again(request, shown, read, gone, error)
    return see_other("/admin/dispatch?done=dispatched")


def mark_of(read: TrackingList) -> str:
    """A mark of the lines that would leave: who sends it back has seen exactly these."""
    lines = "\n".join(f"{line.number};{line.tracking_code};{line.carrier}" for line in read.lines)
    return hashlib.sha256(lines.encode()).hexdigest()


def _shown_again(
    request: Request, shown: dict[str, str], read: TrackingList, gone: list[str], error: ShopError
) -> Response:
    if wants_json(request):
        raise error
    return _page(request, shown, read=read, gone=gone, status=409, errors=form_error(request, error))


def _page(
    request: Request,
    values: dict[str, str],
    *,
    read: TrackingList | None = None,
    gone: list[str] | None = None,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response:
    language = request.scope["lang"]
    return desk(
        request,
        "dispatch/tracking.html",
        status=status,
        errors=errors or {},
        values={"list": "", "carrier": "", **values},
        read=read,
        mark=mark_of(read) if read else "",
        faults=[
            (fault.line_number, fault.number, translate(language, fault.message))
            for fault in (read.faults if read else [])
        ],
        gone=gone or [],
    )
