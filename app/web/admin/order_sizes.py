"""The report of order sizes: how far each customer is from the rational one, and whether the distance shrinks."""

import csv
import io
from collections.abc import Iterator

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_
from app.insights.sizes import SizeOrder, each_size, list_sizes, sizes_in_all
from app.mainbrand.rejects import defuse
from app.web.admin.lists import asked_choice, asked_page, chips, desk, page_urls
from app.web.admin.words import Word
from app.web.deps import ReadDep

router = APIRouter()

ORDERS = {
    SizeOrder.SAVING: N_("what it saves the customer"),
    SizeOrder.SIZE: N_("smallest orders"),
    SizeOrder.CHANGE: N_("growing distance"),
    SizeOrder.COMPANY: N_("company"),
}
HEADINGS = (
    "customer_number",
    "company_name",
    "orders_12_months",
    "order_size",
    "rational_size",
    "rational_every_days",
    "saving_a_year",
    "distance_percent",
    "distance_before_percent",
)


def trend(change_bp: int | None) -> Word | None:
    """Whether the distance shrinks; None where there is nothing to compare."""
    if change_bp is None:
        return None
    if change_bp < 0:
        return Word(N_("shrinks"), "ok")
    return Word(N_("grows"), "warn") if change_bp else Word(N_("the same"))


@router.get("/admin/reports/order-sizes")
def show_sizes(request: Request, session: ReadDep) -> Response:
    order = asked_choice(request, "sort", SizeOrder) or SizeOrder.DISTANCE
    found = list_sizes(session, order=order, page=asked_page(request))
    return desk(
        request,
        "order_sizes/list.html",
        sizes=[(size, customer, trend(size.change_bp)) for size, customer in found.rows],
        together=sizes_in_all(session),
        pages=page_urls(request, found),
        orders=chips(
            request,
            "sort",
            [(one.value, label) for one, label in ORDERS.items()],
            all_=N_("distance"),
        ),
    )


@router.get("/admin/reports/order-sizes/export.csv")
def export_sizes(session: ReadDep) -> Response:
    piece = io.StringIO()
    writer = csv.writer(piece, delimiter=";")
    writer.writerow(HEADINGS)
    writer.writerows(_cells(session))
    return Response(
        b"\xef\xbb\xbf" + piece.getvalue().encode(),
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="order-sizes.csv"'},
    )


def _cells(session: Session) -> Iterator[list[str]]:
    for size, customer in each_size(session):
        yield [
            defuse(customer.number),
            defuse(customer.company_name),
            str(size.order_count),
            _hundredths(size.size_cents),
            _hundredths(size.rational_cents),
            "" if size.every_days is None else str(size.every_days),
            _hundredths(size.saving_cents),
            _hundredths(size.distance_bp),
            _hundredths(size.earlier_distance_bp),
        ]


def _hundredths(value: int | None) -> str:
    return "" if value is None else f"{value // 100},{value % 100:02d}"
