"""Notes from visits on a block or a bundle."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.queries_blocks import read_block
from app.catalogue.queries_desk import read_sheet
from app.core.errors import N_, FieldError, Invalid
from app.flows.write_note import write_note
from app.insights.proposals import notes_on
from app.web.admin.lists import desk
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import is_htmx, see_other, shop_of

router = APIRouter()


@router.get("/admin/blocks/{block_id}/notes")
def show_block_notes(request: Request, block_id: RowId, session: ReadDep) -> Response:
    return _page(request, session, block_id=block_id)


@router.post("/admin/blocks/{block_id}/notes")
def submit_block_note(
    request: Request,
    block_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    return _write(request, session, reading, staff, values, now, block_id=block_id)


@router.get("/admin/bundles/{bundle_id}/notes")
def show_bundle_notes(request: Request, bundle_id: RowId, session: ReadDep) -> Response:
    return _page(request, session, bundle_id=bundle_id)


@router.post("/admin/bundles/{bundle_id}/notes")
def submit_bundle_note(
    request: Request,
    bundle_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    return _write(request, session, reading, staff, values, now, bundle_id=bundle_id)


def _write(
    request: Request,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: dict[str, str],
    now: Now,
    *,
    block_id: int | None = None,
    bundle_id: int | None = None,
) -> Response:
    zone = ZoneInfo(shop_of(request).settings.timezone)
    try:
        write_note(
            session,
            block_id=block_id,
            bundle_id=bundle_id,
            text=values.get("text", ""),
            visited_on=_day(values.get("visited_on", "")),
            actor=staff.actor,
            today=now.astimezone(zone).date(),
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(
            request,
            reading,
            block_id=block_id,
            bundle_id=bundle_id,
            status=422,
            errors=errors,
            values=values,
        )
    return see_other(f"{_url(block_id, bundle_id)}?done=note")


def _day(text: str) -> date | None:
    """The day of a date field. Raises Invalid for what is none."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        message = N_("Please enter a date like 2026-01-31.")
        field = FieldError("visited_on", message)
        raise Invalid(message, code="note.invalid", fields=(field,)) from error


def _url(block_id: int | None, bundle_id: int | None) -> str:
    subject = f"blocks/{block_id}" if block_id is not None else f"bundles/{bundle_id}"
    return f"/admin/{subject}/notes"


def _page(
    request: Request,
    session: ReadDep,
    *,
    block_id: int | None = None,
    bundle_id: int | None = None,
    status: int = 200,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
) -> Response:
    subject: dict[str, Any] = {}
    if block_id is not None:
        subject["block"] = read_block(session, block_id).block
    else:
        subject["sheet"] = read_sheet(session, bundle_id or 0)
    return desk(
        request,
        "notes/_notes.html" if is_htmx(request) and status == 200 else "notes/show.html",
        status=status,
        errors=errors or {},
        values={"text": "", "visited_on": "", **(values or {})},
        notes=notes_on(session, block_id=block_id, bundle_id=bundle_id),
        action=_url(block_id, bundle_id),
        **{"block": None, "sheet": None, **subject},
    )
