"""What a bundle would cost the main brand, and the second person's approval; the list of what the guards found."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.models import BundleApproval
from app.catalogue.queries_approvals import approval_of, list_waiting_approvals
from app.catalogue.queries_desk import BundleSheet, read_sheet
from app.catalogue.queries_margins import list_below_floor
from app.catalogue.rules.cannibalisation import MOST_SHOWN, ApprovalState, Service, approval_state
from app.core.errors import N_, FieldError, Invalid, Refused
from app.flows.approve_bundle import LONGEST_REASON, ask_for_approval, decide_approval
from app.insights.cannibalisation import accounts_named, assess, offer_of, shown_mark
from app.policy.queries import current_policy
from app.web.admin.lists import asked_page, desk, form_error, page_urls
from app.web.admin.words import Word
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.problems import wants_json
from app.web.rendering import see_other

router = APIRouter()

STATES = {
    ApprovalState.NONE: Word(N_("not asked for")),
    ApprovalState.OPEN: Word(N_("waits for a second person"), "signal"),
    ApprovalState.APPROVED: Word(N_("approved"), "ok"),
    ApprovalState.REFUSED: Word(N_("refused"), "bad"),
    ApprovalState.VOID: Word(N_("void: the bundle or its figures have changed"), "warn"),
}
DECISIONS = {"approve": True, "refuse": False}


@router.get("/admin/guards")
def show_guards(request: Request, session: ReadDep) -> Response:
    below = list_below_floor(session, page=asked_page(request))
    return desk(
        request,
        "guards/list.html",
        below=below.rows,
        pages=page_urls(request, below),
        waiting=list_waiting_approvals(session, page=1).rows,
        policy=current_policy(session),
    )


@router.get("/admin/bundles/{bundle_id}/approval")
def show_approval(request: Request, bundle_id: RowId, session: ReadDep, now: Now) -> Response:
    return _page(request, session, bundle_id, now=now)


@router.post("/admin/bundles/{bundle_id}/approval")
def submit_request(
    request: Request,
    bundle_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        ask_for_approval(
            session,
            bundle_id,
            reason=values.get("reason", ""),
            actor=staff.actor,
            now=now,
            seen=values.get("seen", ""),
        )
    except (Invalid, Refused) as error:
        return _again(request, reading, bundle_id, values, error, now=now)
    return see_other(f"/admin/bundles/{bundle_id}/approval?done=approval_asked")


@router.post("/admin/bundles/{bundle_id}/approval/decision")
def submit_decision(
    request: Request,
    bundle_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    decision = values.get("decision", "")
    try:
        if decision not in DECISIONS:
            fault = FieldError("decision", N_("Please choose one of the offered values."))
            raise Invalid(N_("Please check the entries."), code="bundle.approval_invalid", fields=(fault,))
        decide_approval(
            session,
            bundle_id,
            is_approved=DECISIONS[decision],
            reason=values.get("reason", ""),
            actor=staff.actor,
            now=now,
            seen=values.get("seen", ""),
        )
    except (Invalid, Refused) as error:
        return _again(request, reading, bundle_id, values, error, now=now)
    done = "approved" if DECISIONS[decision] else "approval_refused"
    return see_other(f"/admin/bundles/{bundle_id}/approval?done={done}")


def _again(
    request: Request,
    session: ReadDep,
    bundle_id: int,
    values: dict[str, str],
    error: Invalid | Refused,
    *,
    now: Now,
) -> Response:
    if wants_json(request):
        raise error
    if isinstance(error, Invalid):
        errors, status = errors_of(error.fields, language=request.scope["lang"]), 422
    else:
        errors, status = form_error(request, error), 409
    reason = values.get("reason", "")
    return _page(request, session, bundle_id, now=now, status=status, errors=errors, reason=reason)


def _page(
    request: Request,
    session: ReadDep,
    bundle_id: int,
    *,
    now: Now,
    status: int = 200,
    errors: dict[str, str] | None = None,
    reason: str = "",
) -> Response:
    sheet = read_sheet(session, bundle_id)
    offer = offer_of(sheet.version, sheet.items)
    found = assess(session, offer, now=now)
    approval = approval_of(session, sheet.version.id or 0)
    state = approval_state(
        approval.figures if approval else None,
        approval.is_approved if approval else None,
        offer=offer,
        loss_cents=found.figures.loss_cents,
    )
    shown = found.figures.switches[:MOST_SHOWN]
    staying = found.figures.staying[:MOST_SHOWN]
    return desk(
        request,
        "bundles/approval.html",
        status=status,
        errors=errors or {},
        reason=reason,
        sheet=sheet,
        found=found,
        faults=[fault.value for fault in found.service.faults],
        faster=Service.FASTER.value,
        switches=shown,
        staying=staying,
        names=accounts_named(
            session, [one.account_number for one in shown] + [one.account_number for one in staying]
        ),
        approval=approval,
        seen=shown_mark(sheet.version, approval, offer, found),
        state=STATES[state],
        can_ask=found.needs_approval and _can_ask(sheet, state),
        can_decide=state is ApprovalState.OPEN,
        longest_reason=LONGEST_REASON,
    )


def _can_ask(sheet: BundleSheet, state: ApprovalState) -> bool:
    return sheet.is_draft_newer and state not in (ApprovalState.OPEN, ApprovalState.APPROVED)


def approval_words(approval: BundleApproval | None) -> dict[str, Any]:
    """For the bundle's editor: what was answered about its newest version, as far as it is kept."""
    if approval is None:
        return {"approval_word": None}
    states = {None: ApprovalState.OPEN, True: ApprovalState.APPROVED, False: ApprovalState.REFUSED}
    return {"approval_word": STATES[states[approval.is_approved]]}
