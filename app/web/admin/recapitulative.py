"""The recapitulative statement of a month, as a page and as a file."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, FieldError, Invalid
from app.invoices.queries_recapitulative import read_statement
from app.invoices.rules.recapitulative import StatementRow, month_of
from app.mainbrand.rejects import defuse
from app.web.admin.lists import asked, desk
from app.web.deps import Now, ReadDep, ShopDep
from app.web.forms import errors_of

router = APIRouter()

COLUMNS = ("country", "vat_id", "kind", "amount_eur", "documents", "confirmation")
NO_MONTH = N_("Please enter a month such as 2026-11.")


@router.get("/admin/reports/recapitulative")
def show_statement(request: Request, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    text = asked(request, "month") or _last_month(shop, now)
    month = month_of(text)
    errors = {} if month else errors_of([FieldError("month", NO_MONTH)], language=request.scope["lang"])
    rows = read_statement(session, *month) if month else []
    return desk(
        request,
        "reports/recapitulative.html",
        status=200 if month else 422,
        month=text,
        rows=rows,
        total_euros=sum(row.euros for row in rows),
        errors=errors,
    )


@router.get("/admin/reports/recapitulative.csv")
def export_statement(request: Request, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    text = asked(request, "month") or _last_month(shop, now)
    month = month_of(text)
    if month is None:
        raise Invalid(NO_MONTH, code="statement.no_month", fields=(FieldError("month", NO_MONTH),))
    headers = {"content-disposition": f'attachment; filename="recapitulative-{text}.csv"'}
    rows = read_statement(session, *month)
    return Response(as_csv(rows), media_type="text/csv; charset=utf-8", headers=headers)


def as_csv(rows: Sequence[StatementRow]) -> str:
    """The statement as a worksheet with semicolons, not the portal's import file; what is not confirmed says so."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows:
        proof = "confirmed" if row.is_proven else "missing"
        number = defuse(row.number)
        writer.writerow([row.country, number, row.kind.value, row.euros, row.document_count, proof])
    return target.getvalue()


def _last_month(shop: ShopDep, now: datetime) -> str:
    today = now.astimezone(ZoneInfo(shop.settings.timezone)).date()
    return (today.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
