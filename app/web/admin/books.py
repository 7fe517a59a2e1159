"""The books: a year at a glance, a month in sums, closing it, and what may be deleted."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.books.queries_closing import close_of, last_close, list_closes
from app.books.queries_exports import exports_with
from app.books.queries_month import sum_days, sum_month, sum_taxed, sum_year
from app.books.queries_open import LIMIT, count_drafts, count_unsettled, list_open
from app.books.queries_retention import count_due, list_kept
from app.books.rules.months import Month, months_of
from app.core.errors import N_, Invalid, NotFound, Refused
from app.flows.close_month import close_month
from app.flows.export_books import ask_export
from app.shop import Shop
from app.web.admin import book_words
from app.web.admin.book_plot import plot_of
from app.web.admin.lists import asked, desk, form_error
from app.web.deps import Now, ReadDep, ShopDep, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other

router = APIRouter()
FIRST_YEAR = 2000


@router.get("/admin/books")
def show_year(request: Request, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    zone = ZoneInfo(shop.settings.timezone)
    present = Month.at(now, zone)
    text = asked(request, "year")
    year = (
        int(text)
        if text.isascii() and text.isdigit() and FIRST_YEAR <= int(text) <= present.year
        else present.year
    )
    months = [month for month in months_of(year) if month <= present]
    rows = sum_year(session, months, zone)
    return desk(
        request,
        "books/year.html",
        year=year,
        years=(year - 1, year + 1 if year < present.year else None),
        months=rows,
        plot=plot_of([(row.month.first_on, row.gross_cents, row.money.for_documents_cents) for row in rows]),
        closed={Month.of(close.month) for close in list_closes(session, year=year)},
        next_to_close=_next_to_close(session, present),
    )


@router.get("/admin/books/retention")
def show_retention(request: Request, session: ReadDep, now: Now) -> Response:
    return desk(
        request,
        "books/retention.html",
        due=count_due(session, today=now.astimezone(UTC).date()),
        kept=list_kept(session),
    )


@router.get("/admin/books/{month}")
def show_month(request: Request, month: str, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    return _page(request, read_month(month, shop, now=now), shop, session, now=now)


@router.post("/admin/books/{month}/close")
def submit_close(
    request: Request,
    month: str,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    wanted = read_month(month, shop, now=now)
    zone = ZoneInfo(shop.settings.timezone)
    reason = values.get("reason", "")
    try:
        is_new = close_month(session, wanted, reason=reason, zone=zone, actor=staff.actor, now=now)
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, wanted, shop, reading, now=now, status=422, values=values, errors=errors)
    except Refused as error:
        errors = form_error(request, error)
        return _page(request, wanted, shop, reading, now=now, status=409, values=values, errors=errors)
    return see_other(f"/admin/books/{wanted}?done={'month_closed' if is_new else 'unchanged'}")


@router.post("/admin/books/{month}/export")
def submit_export(
    request: Request, month: str, shop: ShopDep, session: WriteDep, staff: StaffDep, _: Values, now: Now
) -> Response:
    wanted = read_month(month, shop, now=now)
    zone = ZoneInfo(shop.settings.timezone)
    ask_export(session, wanted, wanted, zone=zone, actor=staff.actor, now=now)
    return see_other(f"/admin/books/{wanted}?done=export_asked#exports")


def read_month(text: str, shop: Shop, *, now: datetime) -> Month:
    """The month of an address. Raises NotFound for what is none, or has not begun."""
    try:
        month = Month.read(text)
    except ValueError:
        month = None
    if month is None or Month.at(now, ZoneInfo(shop.settings.timezone)) < month:
        raise NotFound(N_("There is no such month in the books."), code="books.no_month")
    return month


def _page(
    request: Request,
    month: Month,
    shop: Shop,
    session: Session,
    *,
    now: datetime,
    status: int = 200,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    zone = ZoneInfo(shop.settings.timezone)
    sums, taxed = sum_month(session, month, zone), sum_taxed(session, month)
    present = Month.at(now, zone)
    return desk(
        request,
        "books/month.html",
        status=status,
        errors=errors or {},
        values=values or {"reason": ""},
        month=month,
        neighbours=(month.previous, month.following if month < present else None),
        sums=sums,
        taxed=None if [_vat(one) for one in taxed] == [_vat(one) for one in sums.rates] else taxed,
        plot=plot_of(sum_days(session, month, zone), named_every=3),
        open_items=list_open(session, month, zone),
        open_limit=LIMIT,
        waiting_count=count_drafts(session, month, zone) + count_unsettled(session, month, zone),
        close=close_of(session, month),
        is_over=month < present,
        is_next=_next_to_close(session, present) in (None, month),
        exports=exports_with(session, month),
        book_words=book_words,
    )


def _vat(rate: object) -> tuple[object, ...]:
    return tuple(getattr(rate, name) for name in ("case", "rate_bp", "net_cents", "vat_cents"))


def _next_to_close(session: Session, present: Month) -> Month | None:
    """The month that is closed next, if it is over; None while none was closed yet, or the next is not over."""
    newest = last_close(session)
    if newest is None:
        return None
    following = Month.of(newest.month).following
    return following if following < present else None
