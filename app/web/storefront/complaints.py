"""A company's own complaints: the form, the list, one with its thread, its photos, and saying "I disagree"."""

import re
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.care.models import Complaint
from app.care.queries_complaints import (
    Complainable,
    complaints_of,
    own_case,
    own_photo,
    read_complainable,
)
from app.care.rules.complaining import (
    LONGEST_TEXT,
    MOST_PHOTOS,
    fault_of_reason,
    may_complain,
    obvious_until,
)
from app.care.rules.complaints import ComplaintReason, ComplaintState
from app.core.errors import N_, Invalid, Refused, ShopError, Unavailable
from app.core.i18n import translate
from app.core.ids import new_token
from app.flows.file_complaint import file_complaint
from app.flows.reopen_complaint import reopen_complaint
from app.flows.write_to_complaint import write_as_customer
from app.ordering.rules.promise import Calendar, add_working_days
from app.ordering.rules.states import OrderKind
from app.policy.queries import current_policy
from app.shop import Shop
from app.web.deps import Now, PhotoFormDep, ReadDep, ShopDep, Values, VisitorDep, WriteDep
from app.web.forms import errors_of
from app.web.forms_quantity import line_quantities
from app.web.rendering import page, see_other
from app.web.storefront.promises import calendar_of
from app.web.visitor import Visitor

router = APIRouter()

PageNumber = Annotated[int, Query(alias="page")]

STATES = {
    ComplaintState.OPEN: (N_("Being looked at"), "warn"),
    ComplaintState.DECIDED: (N_("Answered"), "ok"),
}
NOTICES = {
    "filed": N_(
        "Your complaint is here. We answer by the day that stands below; the receipt is on its way by e-mail."
    ),
    "known": N_("This complaint was here already: nothing was sent twice."),
    "written": N_("Added. We are told by e-mail."),
    "reopened": N_("Noted. Another person looks at it and answers by the day that stands below."),
}
PHOTO_ID = re.compile(r"[1-9][0-9]{0,8}")
PHOTOS_AGAIN = N_("Please choose the photos once more: a browser does not keep them.")


@router.get("/complaints")
def list_complaints(request: Request, visitor: VisitorDep, session: ReadDep, at: PageNumber = 1) -> Response:
    found = complaints_of(session, visitor.customer_id, page=at)
    return page(
        request,
        "store/complaints/list.html",
        complaints=[(complaint, number, STATES[complaint.state]) for complaint, number in found.rows],
        at=found.page,
        previous_url=f"/complaints?page={found.page - 1}" if found.has_previous else None,
        next_url=f"/complaints?page={found.page + 1}" if found.has_next else None,
    )


@router.get("/complaints/new")
def show_form(
    request: Request, shop: ShopDep, visitor: VisitorDep, session: ReadDep, now: Now, order: str = ""
) -> Response:
    if not order:
        return see_other("/orders")
    found = read_complainable(session, order[:32], customer_id=visitor.customer_id)
    values = {"form_key": new_token()[:32], "reason": "", "text": ""}
    return _form(request, shop, session, found, values, now=now)


@router.post("/complaints/new")
def submit_form(
    request: Request,
    shop: ShopDep,
    visitor: VisitorDep,
    session: WriteDep,
    reading: ReadDep,
    form: PhotoFormDep,
    now: Now,
) -> Response:
    values = form.values
    number = values.get("order", "")[:32]
    quantities, unread = line_quantities(values)
    try:
        filed = file_complaint(
            session,
            customer_id=visitor.customer_id,
            contact_id=visitor.contact_id,
            order_number=number,
            form_key=values.get("form_key", "")[:64] or new_token()[:32],
            reason=next((one for one in ComplaintReason if one == values.get("reason")), None),
            text=values.get("text", ""),
            quantities=quantities,
            photos=form.photos,
            staff_address=shop.settings.seller_email,
            calendar=calendar_of(request),
            now=now,
            unread=unread,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _form_again(request, shop, reading, visitor, form, number, errors, now=now, status=422)
    except Refused as error:
        if error.code == "throttled":
            raise
        return _form_again(
            request, shop, reading, visitor, form, number, _whole(request, error), now=now, status=409
        )
    except Unavailable as error:
        return _form_again(
            request, shop, reading, visitor, form, number, _whole(request, error), now=now, status=503
        )
    return see_other(f"/complaints/{filed.number}?notice={'filed' if filed.is_new else 'known'}")


@router.get("/complaints/{number}")
def show_complaint(
    request: Request, number: str, visitor: VisitorDep, session: ReadDep, notice: str = ""
) -> Response:
    return _page(request, session, visitor, number, notice=notice)


@router.get("/complaints/{number}/photos/{photo_id}")
def show_photo(number: str, photo_id: str, visitor: VisitorDep, session: ReadDep) -> Response:
    # Whatever is no id is looked for like one that does not exist: both look the same to a stranger.
    wanted = int(photo_id) if PHOTO_ID.fullmatch(photo_id) else 0
    photo = own_photo(session, number, wanted, customer_id=visitor.customer_id)
    return Response(photo.content, media_type=photo.content_type)


@router.post("/complaints/{number}/messages")
def write_message(
    request: Request,
    number: str,
    shop: ShopDep,
    visitor: VisitorDep,
    session: WriteDep,
    reading: ReadDep,
    form: PhotoFormDep,
    now: Now,
) -> Response:
    try:
        write_as_customer(
            session,
            complaint_number=number,
            customer_id=visitor.customer_id,
            contact_id=visitor.contact_id,
            form_key=form.values.get("form_key", "")[:64] or new_token()[:32],
            text=form.values.get("text", ""),
            photos=form.photos,
            staff_address=shop.settings.seller_email,
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        if form.photos and "photos" not in errors:
            errors["photos"] = translate(request.scope["lang"], PHOTOS_AGAIN)
        return _page(request, reading, visitor, number, values=form.values, errors=errors, status=422)
    except Refused as error:
        if error.code == "throttled":
            raise
        errors = _whole(request, error)
        return _page(request, reading, visitor, number, values=form.values, errors=errors, status=409)
    except Unavailable as error:
        errors = _whole(request, error)
        return _page(request, reading, visitor, number, values=form.values, errors=errors, status=503)
    return see_other(f"/complaints/{number}?notice=written")


@router.post("/complaints/{number}/reopen")
def disagree(
    request: Request,
    number: str,
    shop: ShopDep,
    visitor: VisitorDep,
    session: WriteDep,
    reading: ReadDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        reopen_complaint(
            session,
            complaint_number=number,
            customer_id=visitor.customer_id,
            contact_id=visitor.contact_id,
            text=values.get("text", ""),
            staff_address=shop.settings.seller_email,
            calendar=calendar_of(request),
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, reading, visitor, number, values=values, errors=errors, status=422)
    except Refused as error:
        errors = _whole(request, error)
        return _page(request, reading, visitor, number, values=values, errors=errors, status=409)
    return see_other(f"/complaints/{number}?notice=reopened")


def _form_again(
    request: Request,
    shop: Shop,
    session: Session,
    visitor: Visitor,
    form: PhotoFormDep,
    number: str,
    errors: dict[str, str],
    *,
    now: datetime,
    status: int,
) -> Response:
    found = read_complainable(session, number, customer_id=visitor.customer_id)
    if form.photos and "photos" not in errors:
        errors = {**errors, "photos": translate(request.scope["lang"], PHOTOS_AGAIN)}
    return _form(request, shop, session, found, form.values, now=now, errors=errors, status=status)


def _form(
    request: Request,
    shop: Shop,
    session: Session,
    found: Complainable,
    values: dict[str, str],
    *,
    now: datetime,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    calendar = calendar_of(request)
    today = now.astimezone(calendar.zone).date()
    facts = found.facts
    faults = {reason: fault_of_reason(reason, facts, today=today) for reason in ComplaintReason}
    policy = current_policy(session)
    return page(
        request,
        "store/complaints/new.html",
        status=status,
        order=found.order,
        lines=[] if facts.kind is OrderKind.SERVICE else found.lines,
        may_complain=may_complain(facts),
        reasons=[(reason.value, faults[reason] is None) for reason in ComplaintReason],
        values={"form_key": "", "reason": "", "text": "", **values},
        errors=errors or {},
        answer_days=policy.complaint_answer_days,
        obvious_until=_obvious_until(
            found,
            transit_days=policy.transit_days,
            obvious_days=policy.complaint_obvious_days,
            calendar=calendar,
            today=today,
        ),
        longest=LONGEST_TEXT,
        most_photos=MOST_PHOTOS,
    )


def _obvious_until(
    found: Complainable, *, transit_days: int, obvious_days: int, calendar: Calendar, today: date
) -> date | None:
    """The day of the hint; None before the goods were sent, and once it has gone by.

    They arrive when promised, or later if they were sent later.
    """
    if found.shipped_on is None:
        return None
    arrived_on = max(add_working_days(found.shipped_on, transit_days, calendar), found.order.promised_on)
    until_on = obvious_until(arrived_on, obvious_days=obvious_days, calendar=calendar)
    return until_on if until_on >= today else None


def _page(
    request: Request,
    session: Session,
    visitor: Visitor,
    number: str,
    *,
    notice: str = "",
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    case = own_case(session, number, customer_id=visitor.customer_id)
    return page(
        request,
        "store/complaints/show.html",
        status=status,
        case=case,
        complaint=case.complaint,
        state=state_of(case.complaint),
        values={"text": "", "form_key": new_token()[:32], **(values or {})},
        errors=errors or {},
        notice=NOTICES.get(notice, ""),
        longest=LONGEST_TEXT,
        most_photos=MOST_PHOTOS,
    )


def state_of(complaint: Complaint) -> tuple[str, str]:
    """The words for where a complaint stands, and the tone of its badge."""
    return STATES[complaint.state]


def _whole(request: Request, error: ShopError) -> dict[str, Any]:
    return {"form": translate(request.scope["lang"], error.message, **error.values)}
