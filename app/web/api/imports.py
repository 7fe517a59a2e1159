"""Imports by a program: a list is handed in, and what becomes of it can be asked for."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from app.core.i18n import translate
from app.flows.receive_import import receive_import
from app.imports.models import Import
from app.imports.queries import find_import
from app.imports.rules.states import BUSY, ImportKind, ImportState
from app.imports.spool import Spool
from app.web.api.problems import PROBLEMS
from app.web.deps import Now, ReadDep, RowId, ShopDep, WriteDep
from app.web.import_rejects import rejects_download
from app.web.uploads import receive_body, receive_form
from app.web.visitor import ApiVisitor

router = APIRouter(tags=["imports"])

IS_DRY_RUN = Query(description="Read and count only; nothing is written.")
SOURCE = Query(max_length=120, description="The source whose columns were chosen in the admin's wizard.")
FILE_NAME = Query(max_length=255, description="The name of the file, for the history.")
FILE = {
    "requestBody": {
        "required": True,
        "description": "The file itself, or a form whose last field `file` is the file; at most 512 MiB.",
        "content": {
            "text/csv": {"schema": {"type": "string", "format": "binary"}},
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {"file": {"type": "string", "format": "binary"}},
                    "required": ["file"],
                }
            },
        },
    }
}


class Reason(BaseModel):
    """Why some lines were refused."""

    column: str
    reason: str
    count: int


class Fault(BaseModel):
    """Why the file as a whole was refused."""

    code: str
    detail: str


class ImportSheet(BaseModel):
    """An import and what became of it so far."""

    id: int
    kind: ImportKind
    state: ImportState
    is_done: Annotated[bool, Field(description="Nothing more happens by itself.")]
    dry_run: bool
    file_name: str
    sha256: str
    source: str
    columns: Annotated[dict[str, str], Field(description="Our column → heading of the file.")]
    read: int
    new: int
    changed: int
    unchanged: int
    rejected: int
    noted: Annotated[int, Field(description="Accounts taken without one of their values.")]
    rejects_by_reason: list[Reason]
    rejects: Annotated[str | None, Field(description="Where the refused lines can be fetched.")]
    error: Fault | None
    created_at: datetime
    applied_at: datetime | None


@router.post(
    "/api/v1/imports/accounts",
    status_code=202,
    response_model=ImportSheet,
    responses=PROBLEMS,
    openapi_extra=FILE,
    summary="Hand in the main brand's list of companies",
)
async def post_accounts(
    request: Request,
    shop: ShopDep,
    session: WriteDep,
    now: Now,
    dry_run: Annotated[bool, IS_DRY_RUN] = False,
    source: Annotated[str, SOURCE] = "",
    file_name: Annotated[str, FILE_NAME] = "accounts",
) -> Response:
    """Answers 202 with the import as soon as the file is stored; ask for it until `is_done`."""
    terms = {"source": source, "is_dry_run": dry_run}
    return await _receive(request, shop, session, now, ImportKind.ACCOUNTS, file_name, terms)


@router.post(
    "/api/v1/imports/purchases",
    status_code=202,
    response_model=ImportSheet,
    responses=PROBLEMS,
    openapi_extra=FILE,
    summary="Hand in what the main brand's customers bought",
)
async def post_purchases(
    request: Request,
    shop: ShopDep,
    session: WriteDep,
    now: Now,
    dry_run: Annotated[bool, IS_DRY_RUN] = False,
    source: Annotated[str, SOURCE] = "",
    file_name: Annotated[str, FILE_NAME] = "purchases",
) -> Response:
    """Answers 202 with the import as soon as the file is stored; ask for it until `is_done`."""
    terms = {"source": source, "is_dry_run": dry_run}
    return await _receive(request, shop, session, now, ImportKind.PURCHASES, file_name, terms)


@router.post(
    "/api/v1/imports/blocks",
    status_code=202,
    response_model=ImportSheet,
    responses=PROBLEMS,
    openapi_extra=FILE,
    summary="Hand in a list of blocks",
)
async def post_blocks(
    request: Request,
    shop: ShopDep,
    session: WriteDep,
    now: Now,
    dry_run: Annotated[bool, IS_DRY_RUN] = False,
    source: Annotated[str, SOURCE] = "",
    file_name: Annotated[str, FILE_NAME] = "blocks",
) -> Response:
    """Answers 202 with the import as soon as the file is stored; ask for it until `is_done`."""
    terms = {"source": source, "is_dry_run": dry_run}
    return await _receive(request, shop, session, now, ImportKind.BLOCKS, file_name, terms)


@router.get(
    "/api/v1/imports/{import_id}",
    response_model=ImportSheet,
    responses=PROBLEMS,
    summary="What has become of an import",
)
def get_import(request: Request, import_id: RowId, session: ReadDep) -> ImportSheet:
    """State and counts; while it is not done, they grow."""
    return _sheet(find_import(session, import_id), language=request.scope["lang"])


@router.get(
    "/api/v1/imports/{import_id}/rejects",
    responses={200: {"content": {"text/csv": {}}, "description": "The refused lines"}, **PROBLEMS},
    response_class=Response,
    summary="The refused lines of an import",
)
def get_rejects(import_id: RowId, shop: ShopDep, session: ReadDep) -> Response:
    """A CSV file that can be corrected and handed in again: semicolons, UTF-8, the reasons in its last columns."""
    spool = Spool(shop.settings.spool_folder)
    return rejects_download(spool, find_import(session, import_id), reason=lambda stored: stored)


async def _receive(
    request: Request,
    shop: ShopDep,
    session: WriteDep,
    now: datetime,
    kind: ImportKind,
    file_name: str,
    terms: dict[str, Any],
) -> Response:
    program: ApiVisitor = request.scope["program"]
    spool = Spool(shop.settings.spool_folder)
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        upload = await receive_form(request, spool, file_field="file", check=lambda _: None)
    else:
        upload = await receive_body(request, spool, file_name=file_name)

    def keep() -> Response:
        import_id = receive_import(
            session,
            upload.incoming,
            kind=kind,
            file_name=upload.file_name or file_name,
            actor=program.actor,
            now=now,
            is_automatic=True,
            **terms,
        )
        with shop.db.read_session() as reading:
            sheet = _sheet(find_import(reading, import_id), language=request.scope["lang"])
        where = {"location": f"/api/v1/imports/{import_id}"}
        return JSONResponse(sheet.model_dump(mode="json"), 202, headers=where)

    return await run_in_threadpool(keep)


def _sheet(entry: Import, *, language: str) -> ImportSheet:
    assert entry.id is not None
    error = None
    if entry.error_code:
        detail = translate(language, entry.error_text, **entry.error_values)
        error = Fault(code=entry.error_code, detail=detail)
    has_rejects = bool(entry.rejected_count and entry.token and entry.state not in BUSY)
    return ImportSheet(
        id=entry.id,
        kind=entry.kind,
        state=entry.state,
        is_done=entry.state not in BUSY,
        dry_run=entry.is_dry_run,
        file_name=entry.file_name,
        sha256=entry.file_hash,
        source=entry.source,
        columns=entry.mapping,
        read=entry.read_count,
        new=entry.new_count,
        changed=entry.changed_count,
        unchanged=entry.unchanged_count,
        rejected=entry.rejected_count,
        noted=entry.noted_count,
        rejects_by_reason=[Reason(**one) for one in entry.reasons],
        rejects=f"/api/v1/imports/{entry.id}/rejects" if has_rejects else None,
        error=error,
        created_at=entry.created_at,
        applied_at=entry.applied_at,
    )
