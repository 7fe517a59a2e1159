"""The report on cost to serve: customers by what is left of them, as a page and as a file."""

import csv
import io
from collections.abc import Iterable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.care.queries_ranking import Ranked, dots_of_ranking, each_ranked, rank_customers, sum_customers
from app.care.rules.levels import bounds_of
from app.core.errors import N_
from app.mainbrand.rejects import defuse
from app.policy.queries import current_policy
from app.web.admin import effort_words
from app.web.admin.effort_plot import plot_of
from app.web.admin.lists import asked, asked_page, chips, desk, page_urls
from app.web.deps import ReadDep

router = APIRouter()

COLUMNS = (
    "number",
    "company_name",
    "effort_level",
    "contribution_cents",
    "all_effort_cents",
    "own_effort_cents",
    "left_cents",
    "as_of",
)


@router.get("/admin/reports/cost-to-serve")
def show_report(request: Request, session: ReadDep) -> Response:
    is_best_first = asked(request, "order") == "best"
    found = rank_customers(session, is_best_first=is_best_first, page=asked_page(request))
    bounds = bounds_of(current_policy(session))
    dots, step = dots_of_ranking(session)
    return desk(
        request,
        "reports/cost_to_serve.html",
        customers=found.rows,
        first=(found.page - 1) * 50 + 1,
        pages=page_urls(request, found),
        sums=sum_customers(session),
        orders=chips(request, "order", [("best", N_("Most left first"))], all_=N_("Least left first")),
        plot=plot_of(dots, bounds),
        step=step,
        bounds=bounds,
        effort_words=effort_words,
    )


@router.get("/admin/reports/cost-to-serve.csv")
def export_report(session: ReadDep) -> Response:
    headers = {"content-disposition": 'attachment; filename="cost-to-serve.csv"'}
    return Response(as_csv(each_ranked(session)), media_type="text/csv; charset=utf-8", headers=headers)


def as_csv(customers: Iterable[Ranked]) -> bytes:
    """UTF-8 with a byte order mark and semicolons, as spreadsheets here read it; no cell begins a formula."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=";", lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for one in customers:
        writer.writerow(
            [
                defuse(one.number),
                defuse(one.company_name),
                one.level.value,
                one.contribution_cents,
                one.total_cost_cents,
                one.cost_cents,
                one.result_cents,
                one.reviewed_at.isoformat(),
            ]
        )
    return b"\xef\xbb\xbf" + target.getvalue().encode()
