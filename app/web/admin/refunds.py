"""Refunds: the form of one order, the list of all, what a second person grants, what is asked for again."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import FieldError, Invalid, Refused
from app.core.ids import new_token
from app.flows.pay_back import ask_again
from app.flows.refund_order import decide_refund, refund_order
from app.ordering.queries_desk import find_order
from app.payments.models import Payment
from app.payments.queries_disputes import disputes_of_order, warnings_of_order
from app.payments.queries_money import list_refunds, refunds_of_order, requests_of_order, waiting_requests
from app.payments.queries_refundable import read_refundable
from app.payments.rules.staff_refunds import LONGEST_NOTE, RefundReason, RefundScope, RefundWish
from app.payments.rules.states import PaymentState, RefundState
from app.policy.queries import current_policy
from app.web.admin import complaint_words, payment_words
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, form_error, page_urls
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.forms_money import NotMoney, parse_cents
from app.web.forms_quantity import LINE_ID, line_quantities
from app.web.rendering import see_other

router = APIRouter()

MOST_WAITING = 100


@router.get("/admin/orders/{number}/refund")
def show_form(request: Request, number: str, session: ReadDep) -> Response:
    return _form(request, session, number)


@router.post("/admin/orders/{number}/refund")
def submit_form(
    request: Request,
    number: str,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    wish, unread = _read_wish(values)
    form_key = values.get("form_key", "")[:64] or new_token()[:32]
    try:
        found = refund_order(
            session,
            order_number=number,
            wish=wish,
            form_key=form_key,
            actor=staff.actor,
            now=now,
            unread=unread,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _form(request, reading, number, values=values, errors=errors, status=422)
    except Refused as error:
        errors = form_error(request, error)
        return _form(request, reading, number, values=values, errors=errors, status=409)
    return see_other(f"/admin/orders/{number}?done={'refund_waits' if found.is_waiting else 'refunded'}")


@router.get("/admin/refunds")
def show_refunds(request: Request, session: ReadDep, staff: StaffDep) -> Response:
    return _list(request, session, staff_id=staff.staff_member_id)


@router.post("/admin/refunds/{refund_id}/again")
def submit_again(
    request: Request,
    refund_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    _: Values,
    now: Now,
) -> Response:
    try:
        is_new = ask_again(session, refund_row_id=refund_id, actor=staff.actor, now=now)
    except Refused as error:
        errors = form_error(request, error)
        return _list(request, reading, staff_id=staff.staff_member_id, errors=errors, status=409)
    return see_other(f"/admin/refunds?done={'refund_again' if is_new else 'unchanged'}")


@router.post("/admin/refunds/requests/{request_id}")
def submit_decision(
    request: Request,
    request_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    is_granted = values.get("decision") == "grant"
    try:
        decide_refund(
            session,
            request_id=request_id,
            is_granted=is_granted,
            note=values.get("note", ""),
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _list(
            request, reading, staff_id=staff.staff_member_id, errors=errors, status=422, tried=request_id
        )
    except Refused as error:
        errors = form_error(request, error)
        return _list(request, reading, staff_id=staff.staff_member_id, errors=errors, status=409)
    return see_other(f"/admin/refunds?done={'refund_granted' if is_granted else 'refund_declined'}")


def money_of_order(session: Session, order_id: int, payments: Sequence[Payment]) -> dict[str, Any]:
    """What the order's page shows of refunds, disputes and warnings; one look where nothing was paid."""
    is_paid = any(one.state is PaymentState.CAPTURED for one in payments)
    return {
        "is_paid": is_paid,
        "refunds": refunds_of_order(session, order_id) if is_paid else [],
        "requests": requests_of_order(session, order_id) if is_paid else [],
        "disputes": disputes_of_order(session, order_id) if is_paid else [],
        "warnings": warnings_of_order(session, order_id) if is_paid else [],
        "payment_words": payment_words,
        "complaint_words": complaint_words,
    }


def _read_wish(values: dict[str, str]) -> tuple[RefundWish, list[FieldError]]:
    quantities, unread = line_quantities(values)
    scope = next((one for one in RefundScope if one == values.get("scope")), None)
    charges = {
        int(name.removeprefix("charge_"))
        for name, value in values.items()
        if value == "1" and name.startswith("charge_") and LINE_ID.fullmatch(name.removeprefix("charge_"))
    }
    amount = None
    if scope is RefundScope.AMOUNT and values.get("amount_cents", "").strip():
        try:
            amount = parse_cents(values["amount_cents"])
        except NotMoney as error:
            unread.append(FieldError("amount_cents", str(error)))
    is_parts = scope is RefundScope.PARTS
    wish = RefundWish(
        scope,
        next((one for one in RefundReason if one == values.get("reason")), None),
        values.get("note", "").strip(),
        quantities if is_parts else {},
        frozenset(charges) if is_parts else frozenset(),
        amount if amount is None else min(amount, 2**31 - 1),
    )
    return wish, unread if is_parts or scope is RefundScope.AMOUNT else []


def _form(
    request: Request,
    session: Session,
    number: str,
    *,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    order = find_order(session, number)
    found = read_refundable(session, order)
    return desk(
        request,
        "payments/refund.html",
        status=status,
        errors=errors or {},
        values={"scope": "", "reason": "", "note": "", "amount_cents": "", "form_key": new_token()[:32]}
        | (values or {}),
        order=order,
        found=found,
        reasons=list(RefundReason),
        longest=LONGEST_NOTE,
        limit_cents=current_policy(session).refund_alone_cents,
    )


def _list(
    request: Request,
    session: Session,
    *,
    staff_id: int,
    errors: dict[str, str] | None = None,
    status: int = 200,
    tried: int = 0,
) -> Response:
    state, text = asked_choice(request, "state", RefundState), asked(request, "q")
    found = list_refunds(session, state=state, text=text, page=asked_page(request))
    labels = [(one.value, complaint_words.REFUNDS[one].label) for one in RefundState]
    more: dict[str, Any] = {"tried": tried, "staff_id": staff_id}
    return desk(
        request,
        "payments/refunds.html",
        status=status,
        errors=errors or {},
        refunds=found.rows,
        pages=page_urls(request, found),
        text=text,
        state=asked(request, "state"),
        states=chips(request, "state", labels),
        waiting=waiting_requests(session, limit=MOST_WAITING),
        complaint_words=complaint_words,
        causes=payment_words.CAUSES,
        **more,
    )
