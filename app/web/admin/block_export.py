"""The blocks of the list as a file: the ones that its filter means, as the import reads them."""

import io
from collections.abc import Iterator

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.catalogue.queries_block_list import each_block
from app.catalogue.queries_blocks import entry_of
from app.catalogue.rules.blocks import BlockEntry
from app.imports.block_export import as_csv, write_xlsx
from app.web.admin.block_filter import FILTERS, read_filter
from app.web.admin.lists import asked
from app.web.deps import ReadDep

router = APIRouter()

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/admin/blocks/export.csv")
def export_csv(request: Request, session: ReadDep) -> Response:
    content = b"".join(as_csv(_entries(request, session)))
    return Response(content, media_type="text/csv; charset=utf-8", headers=_named("blocks.csv"))


@router.get("/admin/blocks/export.xlsx")
def export_xlsx(request: Request, session: ReadDep) -> Response:
    target = io.BytesIO()
    write_xlsx(target, _entries(request, session))
    return Response(target.getvalue(), media_type=XLSX, headers=_named("blocks.xlsx"))


def _entries(request: Request, session: ReadDep) -> Iterator[BlockEntry]:
    wanted = read_filter({name: asked(request, name) for name in FILTERS})
    return (entry_of(block, partner) for block, partner in each_block(session, wanted))


def _named(file_name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{file_name}"'}
