"""Imports: a list is handed in, its columns are chosen, a dry run shows what would happen, and it is written or not."""

from typing import Any

from fastapi import APIRouter
from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, Invalid, Refused, ShopError, Unavailable
from app.flows.map_import import Reading, map_import
from app.flows.receive_import import receive_import
from app.flows.start_import import cancel_import, start_import
from app.flows.undo_import import undo_import
from app.imports.models import Import
from app.imports.queries import find_import, known_sources, list_imports, may_undo
from app.imports.rules.mapping import COLUMNS
from app.imports.rules.states import MAPPABLE, ImportKind, ImportState
from app.imports.spool import Spool
from app.mainbrand.rules.notation import DateStyle, NumberStyle
from app.web.admin import import_words
from app.web.admin.import_view import column_fields, overview
from app.web.admin.lists import asked, asked_choice, asked_page, chips, desk, form_error, page_urls
from app.web.csrf import FIELD, check_csrf
from app.web.deps import Now, ReadDep, RowId, ShopDep, StaffDep, Values, WriteDep
from app.web.errors import STATUS, STATUS_BY_CODE
from app.web.forms import errors_of
from app.web.import_rejects import rejects_download
from app.web.rendering import is_htmx, see_other
from app.web.uploads import receive_form

router = APIRouter()


@router.get("/admin/imports")
def show_imports(request: Request, session: ReadDep) -> Response:
    return _list_page(request, session)


@router.post("/admin/imports")
async def submit_list(
    request: Request, shop: ShopDep, session: WriteDep, reading: ReadDep, staff: StaffDep, now: Now
) -> Response:
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        check_csrf(request, token="")
    values: dict[str, str] = {}

    def check(sent: dict[str, str]) -> None:
        values.update(sent)
        check_csrf(request, token=sent.get(FIELD, ""))

    try:
        upload = await receive_form(
            request, Spool(shop.settings.spool_folder), file_field="file", check=check
        )
    except (Invalid, Unavailable) as error:
        return await run_in_threadpool(_list_page, request, reading, error=error, values=values)

    def keep() -> Response:
        try:
            if values.get("kind") not in set(ImportKind):
                upload.incoming.discard()
                raise Invalid(N_("Please say what the list holds."), code="import.no_kind")
            import_id = receive_import(
                session,
                upload.incoming,
                kind=ImportKind(values["kind"]),
                file_name=upload.file_name,
                source=values.get("source", ""),
                actor=staff.actor,
                now=now,
            )
        except (Invalid, Refused, Unavailable) as error:
            return _list_page(request, reading, error=error, values=values)
        return see_other(f"/admin/imports/{import_id}")

    return await run_in_threadpool(keep)


@router.get("/admin/imports/samples/{kind}")
def download_sample(kind: ImportKind) -> Response:
    headers = {"content-disposition": f'attachment; filename="sample-{kind.value}.csv"'}
    content = "\ufeff" + import_words.SAMPLES[kind]
    return Response(content.encode(), media_type="text/csv; charset=utf-8", headers=headers)


@router.get("/admin/imports/{import_id}")
def show_import(request: Request, import_id: RowId, session: ReadDep, now: Now) -> Response:
    return _page(request, session, find_import(session, import_id), now)


@router.post("/admin/imports/{import_id}/columns")
def submit_columns(
    request: Request,
    import_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        entry = find_import(reading, import_id)
        map_import(session, import_id, _reading(entry.kind, values), actor=staff.actor, now=now)
    except (Invalid, Refused) as error:
        return _page(
            request,
            reading,
            find_import(reading, import_id),
            now,
            values=values,
            error=error,
            is_mapping=True,
        )
    return see_other(f"/admin/imports/{import_id}")


@router.post("/admin/imports/{import_id}/apply")
def submit_apply(
    request: Request,
    import_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        start_import(session, import_id, actor=staff.actor, now=now)
    except Refused as error:
        return _page(request, reading, find_import(reading, import_id), now, error=error)
    return see_other(f"/admin/imports/{import_id}")


@router.post("/admin/imports/{import_id}/cancel")
def submit_cancel(
    request: Request,
    import_id: RowId,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        spool = Spool(shop.settings.spool_folder)
        cancel_import(session, import_id, spool=spool, actor=staff.actor, now=now)
    except Refused as error:
        return _page(request, reading, find_import(reading, import_id), now, error=error)
    return see_other("/admin/imports?done=import_cancelled")


@router.post("/admin/imports/{import_id}/undo")
def submit_undo(
    request: Request,
    import_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        undo_import(session, import_id, actor=staff.actor, now=now)
    except Refused as error:
        return _page(request, reading, find_import(reading, import_id), now, error=error)
    return see_other(f"/admin/imports/{import_id}?done=import_undone")


@router.get("/admin/imports/{import_id}/rejects")
def download_rejects(request: Request, import_id: RowId, shop: ShopDep, session: ReadDep) -> Response:
    language = request.scope["lang"]
    return rejects_download(
        Spool(shop.settings.spool_folder),
        find_import(session, import_id),
        reason=lambda stored: import_words.fault_text(stored, language=language),
    )


def _reading(kind: ImportKind, values: dict[str, str]) -> Reading:
    def choice(name: str, styles: Any) -> Any:
        found = next((style for style in styles if style.value == values.get(name)), None)
        return found or styles.PLAIN

    return Reading(
        mapping={column.name: title for column in COLUMNS[kind] if (title := values.get(column.name, ""))},
        number_style=choice("number_style", NumberStyle),
        date_style=choice("date_style", DateStyle),
        currency=values.get("currency_of_file", "").strip() or "EUR",
    )


def _status(error: ShopError) -> int:
    return STATUS_BY_CODE.get(error.code, 409 if isinstance(error, Refused) else STATUS[type(error)])


def _list_page(
    request: Request,
    session: ReadDep,
    *,
    error: ShopError | None = None,
    values: dict[str, str] | None = None,
) -> Response:
    found = list_imports(
        session,
        kind=asked_choice(request, "kind", ImportKind),
        state=asked_choice(request, "state", ImportState),
        page=asked_page(request),
    )
    sources = {name for kind in ImportKind for name in known_sources(session, kind)}
    return desk(
        request,
        "imports/list.html",
        status=_status(error) if error else 200,
        errors=form_error(request, error) if error else {},
        values={"kind": "", "source": "", **(values or {})},
        imports=found.rows,
        pages=page_urls(request, found),
        import_words=import_words,
        kinds=list(import_words.KINDS.items()),
        sources=sorted(sources),
        kind_chips=chips(request, "kind", [(one.value, label) for one, label in import_words.KINDS.items()]),
        state_chips=chips(
            request, "state", [(one.value, word.label) for one, word in import_words.STATES.items()]
        ),
    )


def _page(
    request: Request,
    session: ReadDep,
    entry: Import,
    now: Now,
    *,
    values: dict[str, str] | None = None,
    error: ShopError | None = None,
    is_mapping: bool = False,
) -> Response:
    language = request.scope["lang"]
    wants_columns = is_mapping or entry.state is ImportState.MAPPING or asked(request, "columns") == "1"
    is_mapping = wants_columns and entry.state in MAPPABLE and not entry.is_dry_run
    errors = form_error(request, error) if error else {}
    if isinstance(error, Invalid) and error.fields:
        errors = errors_of(error.fields, language=language)
    formats = request.scope["shop"].environments[language].filters
    return desk(
        request,
        "imports/_panel.html" if is_htmx(request) else "imports/import.html",
        status=_status(error) if error else 200,
        errors=errors,
        entry=entry,
        view=overview(entry, language=language, formats=formats),
        fields=column_fields(entry, values, language=language) if is_mapping else [],
        values=values or {},
        is_mapping=is_mapping,
        may_undo=may_undo(session, entry, now=now),
        import_words=import_words,
        number_styles=[(style.value, label) for style, label in import_words.NUMBER_STYLES.items()],
        date_styles=[(style.value, label) for style, label in import_words.DATE_STYLES.items()],
    )
