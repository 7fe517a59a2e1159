"""Payments: attempts with search and the health of webhooks, and one payment with all that came of it."""

from datetime import datetime

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, Invalid, Refused
from app.flows.refund_order import decide_warning
from app.payments.queries_desk import latest_events, list_payments
from app.payments.queries_disputes import disputes_of_order, warnings_of_order
from app.payments.queries_money import (
    events_of_payment,
    ledger_of_order,
    payment_by_id,
    refunds_of_order,
    requests_of_order,
    webhook_health,
)
from app.payments.rules.disputes import WarningDecision
from app.payments.rules.ledger import held_cents
from app.payments.rules.states import PaymentState
from app.web.admin import complaint_words, payment_words, words
from app.web.admin.card_testing import card_testing
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, form_error, page_urls
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other

router = APIRouter()

WARNING_DECISIONS = (
    (WarningDecision.REFUND.value, N_("Pay all of it back now: a dispute costs its fee on top")),
    (WarningDecision.LEAVE.value, N_("Leave it: we know the customer, the payment is theirs")),
)


@router.get("/admin/payments")
def show_payments(request: Request, session: ReadDep, now: Now) -> Response:
    text, state = asked(request, "q"), asked_choice(request, "state", PaymentState)
    found = list_payments(session, state=state, text=text, page=asked_page(request))
    health = webhook_health(session, now=now)
    heard_at = health.heard_at
    return desk(
        request,
        "payments/list.html",
        payments=found.rows,
        pages=page_urls(request, found),
        text=text,
        state=asked(request, "state"),
        states=chips(request, "state", [(state.value, word.label) for state, word in words.PAYMENTS.items()]),
        heard_minutes=None if heard_at is None else max(0, int((now - heard_at).total_seconds() // 60)),
        health=health,
        is_silent=health.is_silent(now),
        events=latest_events(session, limit=20),
        **card_testing(session, now=now),
    )


@router.get("/admin/payments/{payment_id}")
def show_payment(request: Request, payment_id: RowId, session: ReadDep, now: Now) -> Response:
    return _page(request, session, payment_id, now=now)


@router.post("/admin/payments/{payment_id}/warning")
def submit_warning(
    request: Request,
    payment_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    decision = next((one for one in WarningDecision if one == values.get("decision")), None)
    reason = values.get("reason", "")
    try:
        is_new = decide_warning(
            session, payment_id=payment_id, decision=decision, reason=reason, actor=staff.actor, now=now
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, reading, payment_id, now=now, values=values, errors=errors, status=422)
    except Refused as error:
        errors = form_error(request, error)
        return _page(request, reading, payment_id, now=now, values=values, errors=errors, status=409)
    return see_other(f"/admin/payments/{payment_id}?done={'warning_decided' if is_new else 'unchanged'}")


def _page(
    request: Request,
    session: Session,
    payment_id: int,
    *,
    now: datetime,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    payment, order = payment_by_id(session, payment_id)
    order_id = order.id or 0
    ledger = ledger_of_order(session, order_id)
    return desk(
        request,
        "payments/payment.html",
        status=status,
        errors=errors or {},
        values={"decision": "", "reason": ""} | (values or {}),
        payment=payment,
        order=order,
        refunds=[one for one in refunds_of_order(session, order_id) if one.payment_id == payment_id],
        requests=requests_of_order(session, order_id),
        disputes=[one for one in disputes_of_order(session, order_id) if one.payment_id == payment_id],
        warnings=[one for one in warnings_of_order(session, order_id) if one.payment_id == payment_id],
        decisions=WARNING_DECISIONS,
        ledger=ledger,
        held_cents=sum(held_cents(one.kind, one.amount_cents) for one in ledger),
        events=events_of_payment(session, payment),
        payment_words=payment_words,
        complaint_words=complaint_words,
    )
