"""The audit log: who did what, when and why, with old and new values."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.audit.queries import AuditFilter, list_entries
from app.web.admin.lists import asked, asked_page, desk, page_urls
from app.web.deps import ReadDep

router = APIRouter()


@router.get("/admin/audit")
def show_audit(request: Request, session: ReadDep) -> Response:
    wanted = AuditFilter(
        actor=asked(request, "actor"),
        action=asked(request, "action"),
        object_kind=asked(request, "object_kind"),
        object_name=asked(request, "object_name"),
    )
    found = list_entries(session, wanted, page=asked_page(request))
    return desk(
        request, "audit/list.html", entries=found.rows, pages=page_urls(request, found), wanted=wanted
    )
