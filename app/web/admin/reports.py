"""The list of the staff's reports."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_
from app.web.admin.lists import desk

router = APIRouter()

REPORTS = (
    (
        "/admin/reports/cost-to-serve",
        N_("Cost to serve"),
        N_("What customers contributed in 12 months, and what is left of it after all the work for them."),
    ),
    (
        "/admin/reports/recapitulative",
        N_("Recapitulative statement"),
        N_(
            "What the documents of a month sold without VAT to companies in the EU, by VAT id, in whole euros "
            "(section 18a UStG). Due on the 25th of the month after."
        ),
    ),
    (
        "/admin/reports/order-sizes",
        N_("Order sizes"),
        N_(
            "What an order of each customer brings in goods, and what it would bring in the rhythm that costs "
            "this customer least."
        ),
    ),
    (
        "/admin/reports/exceptions",
        N_("Exceptions"),
        N_("Every field visit that was asked for: by whom, why, what it should bring, and what came since."),
    ),
)
"""Address, name, and the lead of each report, as it stands on the report itself."""


@router.get("/admin/reports")
def list_reports(request: Request) -> Response:
    return desk(request, "reports/list.html", reports=REPORTS)
