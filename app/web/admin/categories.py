"""The shelves of the catalogue: list with their order, editor, deletion."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.models import Category
from app.catalogue.queries_categories import category_counts, find_category, list_categories
from app.catalogue.rules.pictograms import PICTOGRAMS
from app.core.errors import N_, FieldError, Invalid, Refused
from app.flows.manage_categories import delete_category, move_category, save_category
from app.web.admin.lists import asked, desk, form_error
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other

router = APIRouter()

DIRECTIONS = {"up": True, "down": False}
FIELDS = ("slug", "name_de", "name_en", "text_de", "text_en", "pictogram")


@router.get("/admin/categories")
def show_categories(request: Request, session: ReadDep) -> Response:
    if asked(request, "new"):
        return _editor(request, None, {})
    return desk(
        request,
        "categories/list.html",
        categories=list_categories(session),
        counts=category_counts(session),
    )


@router.post("/admin/categories")
def create_category(
    request: Request, session: WriteDep, staff: StaffDep, values: Values, now: Now
) -> Response:
    return _save(request, session, staff, values, now, category=None)


@router.get("/admin/categories/{category_id}")
def show_category(request: Request, category_id: RowId, session: ReadDep) -> Response:
    return _editor(request, find_category(session, category_id))


@router.post("/admin/categories/{category_id}")
def change_category(
    request: Request,
    category_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    return _save(request, session, staff, values, now, category=find_category(reading, category_id))


@router.post("/admin/categories/{category_id}/move")
def submit_move(category_id: RowId, session: WriteDep, staff: StaffDep, values: Values, now: Now) -> Response:
    to = values.get("to", "")
    if to not in DIRECTIONS:
        fault = FieldError("to", N_("Please choose one of the offered values."))
        raise Invalid(N_("Please check the entries."), code="category.invalid", fields=(fault,))
    move_category(session, category_id, is_up=DIRECTIONS[to], actor=staff.actor, now=now)
    return see_other("/admin/categories?done=saved")


@router.post("/admin/categories/{category_id}/delete")
def submit_delete(
    request: Request,
    category_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        delete_category(session, category_id, actor=staff.actor, now=now)
    except Refused as error:
        category = find_category(reading, category_id)
        return _editor(request, category, status=409, errors=form_error(request, error))
    return see_other("/admin/categories?done=category_deleted")


def _save(
    request: Request,
    session: WriteDep,
    staff: StaffDep,
    values: dict[str, str],
    now: Now,
    *,
    category: Category | None,
) -> Response:
    try:
        save_category(
            session,
            category_id=category.id if category else None,
            slug=values.get("slug", ""),
            names={"de": values.get("name_de", ""), "en": values.get("name_en", "")},
            texts={"de": values.get("text_de", ""), "en": values.get("text_en", "")},
            pictogram=values.get("pictogram", ""),
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _editor(request, category, values, status=422, errors=errors)
    return see_other("/admin/categories?done=saved")


def _editor(
    request: Request,
    category: Category | None,
    values: dict[str, str] | None = None,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response:
    stored = {name: getattr(category, name) if category else "" for name in FIELDS}
    return desk(
        request,
        "categories/editor.html",
        status=status,
        errors=errors or {},
        category=category,
        values={**stored, **(values or {})},
        pictograms=PICTOGRAMS,
        action=f"/admin/categories/{category.id}" if category else "/admin/categories",
    )
