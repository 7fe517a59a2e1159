"""Main accounts: the screening copy of the main brand's list."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.mainbrand.queries_desk import list_accounts
from app.mainbrand.rules.segments import Segment
from app.web.admin import words
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, page_urls
from app.web.deps import ReadDep

router = APIRouter()


@router.get("/admin/accounts")
def show_accounts(request: Request, session: ReadDep) -> Response:
    text, segment = asked(request, "q"), asked_choice(request, "segment", Segment)
    found = list_accounts(session, text=text, segment=segment, page=asked_page(request))
    return desk(
        request,
        "accounts/list.html",
        accounts=found.rows,
        pages=page_urls(request, found),
        text=text,
        segment=asked(request, "segment"),
        segments=chips(request, "segment", [(one.value, word.label) for one, word in words.SEGMENTS.items()]),
    )
