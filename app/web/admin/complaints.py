"""Complaints: the list with the overdue ones first, one with its thread, and its answer."""

from datetime import datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.care.queries_complaints import case_by_id, list_complaints, photo_of
from app.care.queries_paid import worth_of
from app.care.rules.answering import DEFAULT_FAULT, LONGEST_NOTE, Question, Rejection
from app.care.rules.complaining import is_overdue
from app.care.rules.complaints import ComplaintOutcome, ComplaintReason, ComplaintState
from app.care.rules.effort import EffortCause
from app.core.errors import N_, Invalid, Refused
from app.core.ids import new_token
from app.customers.queries_desk import customer_by_id
from app.flows.decide_complaint import Answer, decide_complaint
from app.flows.pay_back import ask_again
from app.flows.write_to_complaint import write_as_staff
from app.fulfilment.queries import shipment_of
from app.fulfilment.queries_calendar import warehouse_calendar
from app.ordering.rules.promise import Calendar
from app.shop import Shop
from app.web.admin import complaint_words, words
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, form_error, page_urls
from app.web.deps import Now, ReadDep, RowId, ShopDep, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.forms_quantity import line_quantities
from app.web.rendering import see_other

router = APIRouter()

EMPTY = {"outcome": "", "rejection": "", "fault": "", "note": "", "question": "", "message": ""}


@router.get("/admin/complaints")
def show_complaints(request: Request, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    state = asked(request, "state")
    wanted = {"": ComplaintState.OPEN, "decided": ComplaintState.DECIDED}.get(state)
    reason = asked_choice(request, "reason", ComplaintReason)
    found = list_complaints(session, state=wanted, reason=reason, page=asked_page(request))
    today = now.astimezone(ZoneInfo(shop.settings.timezone)).date()
    return desk(
        request,
        "complaints/list.html",
        complaints=[
            (
                complaint,
                order,
                complaint.outcome is None and is_overdue(complaint.answer_due_on, today=today),
            )
            for complaint, order in found.rows
        ],
        pages=page_urls(request, found),
        states=chips(
            request,
            "state",
            [("decided", N_("Answered")), ("all", words.ALL)],
            all_=N_("To answer"),
        ),
        reasons=chips(
            request,
            "reason",
            [(one.value, label) for one, label in complaint_words.REASONS.items()],
            all_=N_("Every reason"),
        ),
        is_open=wanted is ComplaintState.OPEN,
    )


@router.get("/admin/complaints/{complaint_id}")
def show_complaint(
    request: Request, complaint_id: RowId, shop: ShopDep, session: ReadDep, now: Now
) -> Response:
    return _page(request, shop, session, complaint_id, now=now)


@router.get("/admin/complaints/{complaint_id}/photos/{photo_id}")
def show_photo(complaint_id: RowId, photo_id: RowId, session: ReadDep) -> Response:
    photo = photo_of(session, complaint_id, photo_id)
    return Response(photo.content, media_type=photo.content_type)


@router.post("/admin/complaints/{complaint_id}")
def submit_answer(
    request: Request,
    complaint_id: RowId,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    quantities, unread = line_quantities(values)
    answer = Answer(
        outcome=next((one for one in ComplaintOutcome if one == values.get("outcome")), None),
        fault=next((one for one in EffortCause if one == values.get("fault")), None),
        rejection=values.get("rejection", ""),
        note=values.get("note", ""),
        quantities=quantities,
    )
    try:
        decide_complaint(
            session,
            complaint_id,
            answer,
            calendar=_calendar(shop, session, now=now),
            actor=staff.actor,
            now=now,
            unread=unread,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, shop, reading, complaint_id, now=now, values=values, errors=errors, status=422)
    except Refused as error:
        errors = form_error(request, error)
        return _page(
            request,
            shop,
            reading,
            complaint_id,
            now=now,
            values={**values, "outcome": "refund_lines"} if error.code == "stock.sold_out" else values,
            errors=errors,
            status=409,
            is_sold_out=error.code == "stock.sold_out",
        )
    return see_other(f"/admin/complaints/{complaint_id}?done=complaint_answered")


@router.post("/admin/complaints/{complaint_id}/messages")
def submit_message(
    request: Request,
    complaint_id: RowId,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        write_as_staff(
            session,
            complaint_id,
            question=values.get("question", ""),
            note=values.get("message", ""),
            form_key=values.get("form_key", "")[:64] or new_token()[:32],
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, shop, reading, complaint_id, now=now, values=values, errors=errors, status=422)
    except Refused as error:
        errors = form_error(request, error)
        return _page(request, shop, reading, complaint_id, now=now, values=values, errors=errors, status=409)
    return see_other(f"/admin/complaints/{complaint_id}?done=complaint_asked")


@router.post("/admin/complaints/{complaint_id}/refund")
def submit_refund_again(
    request: Request,
    complaint_id: RowId,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    failed = case_by_id(reading, complaint_id).failed_refund
    try:
        if failed is None:
            raise Refused(N_("No refund of this complaint has failed."), code="refund.none_failed")
        ask_again(session, refund_row_id=failed.id or 0, actor=staff.actor, now=now)
    except Refused as error:
        errors = form_error(request, error)
        return _page(request, shop, reading, complaint_id, now=now, values=values, errors=errors, status=409)
    return see_other(f"/admin/complaints/{complaint_id}?done=refund_again")


def _page(
    request: Request,
    shop: Shop,
    session: Session,
    complaint_id: int,
    *,
    now: datetime,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
    is_sold_out: bool = False,
) -> Response:
    case = case_by_id(session, complaint_id)
    complaint = case.complaint
    today = now.astimezone(ZoneInfo(shop.settings.timezone)).date()
    staff = request.scope["staff"]
    proposed = {
        **EMPTY,
        "fault": DEFAULT_FAULT[complaint.reason].value,
        **{f"line_{line.order_line_id}": str(line.quantity) for line in case.lines},
    }
    return desk(
        request,
        "complaints/show.html",
        status=status,
        errors=errors or {},
        values={**proposed, **(values or {}), "form_key": new_token()[:32]},
        case=case,
        complaint=complaint,
        customer=customer_by_id(session, complaint.customer_id),
        shipment=shipment_of(session, case.order.id or 0),
        is_overdue=case.is_open and is_overdue(complaint.answer_due_on, today=today),
        is_sold_out=is_sold_out,
        is_for_another=(
            complaint.reopened_at is not None and complaint.decided_by_id == staff.staff_member_id
        ),
        has_failed_refund=case.failed_refund is not None,
        outcomes=list(ComplaintOutcome),
        worth=worth_of(session, case) if case.is_open else None,
        rejections=list(Rejection),
        questions=list(Question),
        longest=LONGEST_NOTE,
        complaint_words=complaint_words,
    )


def _calendar(shop: Shop, session: Session, *, now: datetime) -> Calendar:
    state, timezone = shop.settings.seller_federal_state, shop.settings.timezone
    return warehouse_calendar(session, state=state, timezone=timezone, now=now)
