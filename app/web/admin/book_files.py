"""The files of the books: tables of a month, its posting batch for DATEV, and exports for an audit."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from app.books import files
from app.books.models import BookExport
from app.books.queries_batch import batch_of
from app.books.queries_postings import each_posting
from app.books.rules.accounts import accounts_of
from app.books.rules.extf import ENCODING, extf_file, file_name
from app.books.rules.months import Month
from app.books.rules.states import ExportState
from app.books.rules.tables import DOCUMENTS, MONEY
from app.core.errors import N_, NotFound
from app.flows.export_books import export_path
from app.policy.queries import current_policy
from app.web.admin.books import read_month
from app.web.deps import Now, ReadDep, RowId, ShopDep

router = APIRouter()
UTF8 = "text/csv; charset=utf-8"


@router.get("/admin/books/exports/{export_id}")
def download_export(export_id: RowId, shop: ShopDep, session: ReadDep) -> Response:
    export = session.get(BookExport, export_id)
    path = None if export is None else export_path(shop.settings.export_folder, export)
    if export is None or path is None or export.state is not ExportState.READY or not path.is_file():
        raise NotFound(N_("There is no such export."), code="books.no_export")
    first, last = Month.of(export.first_month), Month.of(export.last_month)
    name = f"gobd-{first}.zip" if first == last else f"gobd-{first}-{last}.zip"
    return FileResponse(path, media_type="application/zip", filename=name)


@router.get("/admin/books/{month}/documents.csv")
def export_documents(month: str, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    wanted = read_month(month, shop, now=now)
    pieces = files.csv_lines(DOCUMENTS, files.document_rows(session, [wanted]))
    return _file(_marked(pieces), f"documents-{wanted}.csv", UTF8)


@router.get("/admin/books/{month}/money.csv")
def export_money(month: str, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    wanted = read_month(month, shop, now=now)
    zone = ZoneInfo(shop.settings.timezone)
    pieces = files.csv_lines(MONEY, files.money_rows(session, [wanted], zone))
    return _file(_marked(pieces), f"money-{wanted}.csv", UTF8)


@router.get("/admin/books/{month}/datev.csv")
def export_postings(request: Request, month: str, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    wanted = read_month(month, shop, now=now)
    policy = current_policy(session)
    batch = batch_of(session, wanted, policy, now=now)
    postings = each_posting(session, wanted, ZoneInfo(shop.settings.timezone), accounts_of(policy))
    return _file(extf_file(batch, postings), file_name(wanted), f"text/csv; charset={ENCODING}")


def _marked(pieces: Iterable[bytes]) -> Iterable[bytes]:
    yield files.MARK
    yield from pieces


def _file(pieces: Iterable[bytes], name: str, media_type: str) -> Response:
    """A file that is written while it is read, so that a large month needs no room."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(iter(pieces), media_type=media_type, headers=headers)
