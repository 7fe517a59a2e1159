"""The page that says where an application stands."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.customers.rules.admission import Admission
from app.web.deps import VisitorDep
from app.web.rendering import page

router = APIRouter()

STEP = {Admission.UNVERIFIED: 2, Admission.IN_REVIEW: 3, Admission.UNRATED: 3}
"""Where each answer stands among: apply, confirm, check, decision."""


@router.get("/status")
def show_status(request: Request, visitor: VisitorDep) -> Response:
    return page(
        request,
        "store/status/status.html",
        admission=visitor.admission.value,
        step=STEP.get(visitor.admission, 4),
        email=visitor.email,
        company_name=visitor.company_name,
        suspended_reason=visitor.suspended_reason,
        is_sent="sent" in request.query_params,
    )
