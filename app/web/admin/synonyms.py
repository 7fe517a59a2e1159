"""Synonyms of the search: one list with its form."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.models import SynonymGroup
from app.catalogue.queries_search import list_synonyms
from app.catalogue.rules.synonyms import MOST_WORDS
from app.core.errors import Invalid
from app.flows.keep_synonyms import delete_synonyms, save_synonyms
from app.web.admin.lists import asked, asked_page, desk, page_urls
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other

router = APIRouter()


@router.get("/admin/synonyms")
def show_synonyms(request: Request, session: ReadDep) -> Response:
    return _page(request, session)


@router.post("/admin/synonyms")
def add_synonyms(
    request: Request, session: WriteDep, reading: ReadDep, staff: StaffDep, values: Values, now: Now
) -> Response:
    return _save(request, session, reading, staff, values, now, group_id=None)


@router.post("/admin/synonyms/{group_id}")
def change_synonyms(
    request: Request,
    group_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    if values.get("act") == "delete":
        delete_synonyms(session, group_id, actor=staff.actor, now=now)
        return see_other("/admin/synonyms?done=synonyms_deleted")
    return _save(request, session, reading, staff, values, now, group_id=group_id)


def _save(
    request: Request,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: dict[str, str],
    now: Now,
    *,
    group_id: int | None,
) -> Response:
    given = {"words": values.get("words", ""), "is_one_way": values.get("is_one_way", "")}
    try:
        save_synonyms(
            session,
            group_id=group_id,
            words=given["words"],
            is_one_way=given["is_one_way"] == "1",
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, reading, status=422, group_id=group_id, values=given, errors=errors)
    return see_other("/admin/synonyms?done=synonyms_saved")


def _page(
    request: Request,
    session: ReadDep,
    *,
    status: int = 200,
    group_id: int | None = None,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    text = asked(request, "q")
    found = list_synonyms(session, text=text, page=asked_page(request))
    chosen = asked(request, "group")
    if values is None and chosen.isascii() and chosen.isdigit() and len(chosen) < 10:
        group = session.get(SynonymGroup, int(chosen))
        if group is not None:
            group_id = group.id
            values = {"words": group.words, "is_one_way": "1" if group.is_one_way else ""}
    return desk(
        request,
        "synonyms/list.html",
        status=status,
        groups=[(group, group.words.split("\n")) for group in found.rows],
        pages=page_urls(request, found),
        text=text,
        group_id=group_id,
        values=values or {"words": "", "is_one_way": ""},
        errors=errors or {},
        most_words=MOST_WORDS,
    )
