"""Reconciliation: where our books and Stripe's differ, and the way to mend each."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.flows.reconcile import ask_to_reconcile, mend_difference
from app.ordering.service_freeze import open_freeze
from app.payments.queries_books import last_reconciliation, open_differences, resolved_differences
from app.web.admin import difference_words
from app.web.admin.lists import desk
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.rendering import see_other

router = APIRouter()

MENDED_SHOWN = 20


@router.get("/admin/payments/reconciliation")
def show_reconciliation(request: Request, session: ReadDep) -> Response:
    return desk(
        request,
        "payments/reconciliation.html",
        last=last_reconciliation(session),
        freeze=open_freeze(session),
        differences=open_differences(session),
        mended=resolved_differences(session, limit=MENDED_SHOWN),
        said=difference_words,
    )


@router.post("/admin/payments/reconciliation")
def compare_now(session: WriteDep, staff: StaffDep, _: Values, now: Now) -> Response:
    ask_to_reconcile(session, actor=staff.actor, now=now)
    return see_other("/admin/payments/reconciliation?done=comparing")


@router.post("/admin/payments/reconciliation/{difference_id}/mend")
def submit_mend(difference_id: RowId, session: WriteDep, staff: StaffDep, _: Values, now: Now) -> Response:
    mend_difference(session, difference_id, actor=staff.actor, now=now)
    return see_other("/admin/payments/reconciliation?done=mending")
