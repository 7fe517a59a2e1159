"""Addresses from which e-mails come back: whom to call, what to correct, and lifting the mark."""

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Invalid
from app.customers.queries_addresses import list_marked
from app.flows.correct_address import correct_address
from app.flows.lift_mark import lift_mark
from app.mail.queries import read_inbox
from app.web.admin.lists import asked_page, desk, page_urls
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import Errors, errors_of
from app.web.rendering import see_other

router = APIRouter()


@router.get("/admin/mail/addresses")
def show_addresses(request: Request, session: ReadDep) -> Response:
    return _page(request, session)


@router.post("/admin/mail/addresses/{address_id}/lift")
def submit_lift(address_id: RowId, session: WriteDep, staff: StaffDep, _: Values, now: Now) -> Response:
    count = lift_mark(session, address_id, actor=staff.actor, now=now)
    return see_other(f"/admin/mail/addresses?done={'unchanged' if count is None else 'mark_lifted'}")


@router.post("/admin/mail/addresses/{address_id}/correct")
def submit_correction(
    request: Request, address_id: RowId, session: WriteDep, staff: StaffDep, values: Values, now: Now
) -> Response:
    email = values.get("email", "").strip()
    try:
        correct_address(session, address_id, email=email, actor=staff.actor, now=now)
    except Invalid as invalid:
        errors = errors_of(invalid.fields, language=request.scope["lang"])
        return _page(request, session, status=422, wrong_id=address_id, email=email, errors=errors)
    return see_other("/admin/mail/addresses?done=address_corrected")


def _page(
    request: Request,
    session: Session,
    *,
    status: int = 200,
    wrong_id: int | None = None,
    email: str = "",
    errors: Errors | None = None,
) -> Response:
    # What was refused stands alone on its page, with what was typed.
    found = list_marked(session, page=asked_page(request), address_id=wrong_id)
    return desk(
        request,
        "mail/addresses.html",
        status=status,
        marked=found.rows,
        pages=page_urls(request, found),
        inbox=read_inbox(session),
        email=email,
        errors=errors or {},
    )
