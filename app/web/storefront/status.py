"""The page that says where an application stands, and takes an objection."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.core.errors import Invalid
from app.core.i18n import translate
from app.customers.queries_status import ApplicationStatus, read_status
from app.customers.rules.admission import Admission
from app.customers.rules.effort_levels import EffortLevel
from app.customers.rules.objections import LONGEST, OPEN_TO_OBJECTION
from app.customers.rules.reviewing import STANDARD_REASONS, Act
from app.flows.object_to_decision import object_to_decision
from app.web.deps import Now, ReadDep, ShopDep, Values, VisitorDep, WriteDep
from app.web.forms import errors_of
from app.web.problems import wants_json
from app.web.refusal import NEXT
from app.web.rendering import page, see_other, shop_of
from app.web.storefront.effort import EffortView, read_effort
from app.web.visitor import Visitor

router = APIRouter()

STEP = {Admission.UNVERIFIED: 2, Admission.IN_REVIEW: 3, Admission.UNRATED: 3}
"""Where each answer stands among: apply, confirm, check, decision."""
MISSING = {
    Admission.UNVERIFIED: "email_confirmation",
    Admission.IN_REVIEW: "our_decision",
    Admission.UNRATED: "our_decision",
}


@router.get("/status")
def show_status(request: Request, shop: ShopDep, session: ReadDep, visitor: VisitorDep, now: Now) -> Response:
    status = _read(request, session, visitor, now=now)
    if wants_json(request):
        return JSONResponse(_as_json(request, visitor, status, main_brand=shop.settings.main_brand_name))
    return _page(request, visitor, status, _effort(session, visitor, now=now))


@router.post("/status/objection")
def submit_objection(
    request: Request, session: WriteDep, reading: ReadDep, visitor: VisitorDep, values: Values, now: Now
) -> Response:
    text = values.get("text", "")
    try:
        is_new = object_to_decision(
            session,
            contact_id=visitor.contact_id,
            text=text,
            staff_address=shop_of(request).settings.seller_email,
            now=now,
        )
    except Invalid as error:
        if wants_json(request):
            raise
        errors = errors_of(error.fields, language=request.scope["lang"])
        found = _read(request, reading, visitor, now=now)
        effort = _effort(reading, visitor, now=now)
        return _page(request, visitor, found, effort, text=text, errors=errors, http_status=422)
    return see_other(f"/status?objection={'received' if is_new else 'open'}")


def _read(request: Request, session: Session, visitor: Visitor, *, now: datetime) -> ApplicationStatus:
    return read_status(
        session,
        contact_id=visitor.contact_id,
        customer_id=visitor.customer_id,
        admission=visitor.admission,
        main_brand_contact=shop_of(request).settings.main_brand_contact,
        now=now,
    )


def _effort(session: Session, visitor: Visitor, *, now: datetime) -> EffortView | None:
    """The figures of a company that is refused for its effort: its account is closed to it."""
    if visitor.admission is not Admission.SUSPENDED:
        return None
    effort = read_effort(session, visitor.customer_id, now=now)
    return effort if effort.level is EffortLevel.REFUSED else None


def _page(
    request: Request,
    visitor: Visitor,
    status: ApplicationStatus,
    effort: EffortView | None,
    *,
    text: str = "",
    errors: dict[str, str] | None = None,
    http_status: int = 200,
) -> Response:
    return page(
        request,
        "store/status/status.html",
        status=http_status,
        admission=visitor.admission.value,
        step=STEP.get(visitor.admission, 4),
        email=visitor.email,
        company_name=visitor.company_name,
        found=status,
        effort=effort,
        proof=STANDARD_REASONS[Act.PROOF].get(status.proof_kind, ""),
        may_object=visitor.admission in OPEN_TO_OBJECTION,
        longest=LONGEST,
        text=text,
        errors=errors or {},
        is_sent="sent" in request.query_params,
    )


def _as_json(
    request: Request, visitor: Visitor, status: ApplicationStatus, *, main_brand: str
) -> dict[str, Any]:
    """The same facts for a program; moments as ISO 8601 in UTC."""
    language = request.scope["lang"]
    missing = "proof" if status.proof_kind else MISSING.get(visitor.admission)
    body: dict[str, Any] = {
        "state": visitor.admission.value,
        "company_name": visitor.company_name,
        "number": status.number,
        "applied_at": _moment(status.applied_at),
        "email_confirmed_at": _moment(status.confirmed_at),
        "checked_since": _moment(status.checked_since),
        "decided_at": _moment(status.decided_at),
        "missing": missing,
        "next": translate(language, NEXT[visitor.admission]),
    }
    if status.wait is not None:
        body["usual_wait"] = {"hours": status.wait.hours, "working_days_at_most": status.wait.days}
    if status.proof_kind:
        body["proof"] = {"kind": status.proof_kind, "asked_at": _moment(status.proof_asked_at)}
    if status.contact is not None:
        body["contact"] = {
            "company": main_brand,
            "name": status.contact.name,
            "phone": status.contact.phone,
            "email": status.contact.email,
        }
    if status.suspended_at is not None:
        body["suspended"] = {"at": _moment(status.suspended_at), "reason": status.suspended_reason}
    if visitor.admission in OPEN_TO_OBJECTION or status.objection is not None:
        body["objection"] = _objection(status)
    return body


def _objection(status: ApplicationStatus) -> dict[str, Any]:
    made = status.objection
    if made is None:
        return {"state": "possible", "at": "/status"}
    return {
        "state": made.outcome.value if made.outcome is not None else "open",
        "made_at": _moment(made.created_at),
        "answered_at": _moment(made.answered_at),
        "answer": made.answer,
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None
