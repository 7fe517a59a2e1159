"""One dispatch run: its orders and parcels, its papers, and closing it."""

from collections.abc import Callable
from datetime import date, datetime

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import Refused
from app.flows.close_run import close_run
from app.fulfilment.papers import print_packing_slips, print_pick_list, weight_text
from app.shop import Shop
from app.web.admin.lists import desk, form_error
from app.web.admin.runs_view import course_of, named_short, read_run
from app.web.countries import country_name
from app.web.deps import Now, ReadDep, ShopDep, StaffDep, Values, WriteDep
from app.web.problems import wants_json
from app.web.rendering import see_other

router = APIRouter()

PDF = "application/pdf"


@router.get("/admin/dispatch/runs/{run_on}")
def show_run(request: Request, run_on: date, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    return _page(request, shop, session, run_on, now=now)


@router.post("/admin/dispatch/runs/{run_on}/close")
def submit_close(
    request: Request,
    run_on: date,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    _: Values,
    now: Now,
) -> Response:
    settings = shop.settings
    try:
        close_run(
            session,
            run_on,
            state=settings.seller_federal_state,
            timezone=settings.timezone,
            actor=staff.actor,
            now=now,
        )
    except Refused as error:
        if wants_json(request):
            raise
        errors = form_error(request, error)
        return _page(request, shop, reading, run_on, now=now, status=409, errors=errors)
    return see_other(f"/admin/dispatch/runs/{run_on.isoformat()}?done=run_closed")


@router.get("/admin/dispatch/runs/{run_on}/pick-list.pdf")
def download_pick_list(request: Request, run_on: date, shop: ShopDep, session: ReadDep, now: Now) -> Response:
    language = request.scope["lang"]
    course = course_of(shop, session, now=now)
    view = read_run(session, course, run_on, language=language, now=now)
    content = print_pick_list(
        run_on,
        view.orders,
        parcel_count=len(view.parcels),
        language=language,
        amount=_amount_in(shop),
        brand=shop.settings.seller_brand,
        now=now.astimezone(course.calendar.zone),
    )
    return _pdf(content, f"pick-list-{run_on.isoformat()}.pdf")


@router.get("/admin/dispatch/runs/{run_on}/packing-slips.pdf")
def download_packing_slips(
    request: Request, run_on: date, shop: ShopDep, session: ReadDep, now: Now
) -> Response:
    view = read_run(session, course_of(shop, session, now=now), run_on, language=None, now=now)
    settings = shop.settings
    content = print_packing_slips(
        run_on,
        view.parcels,
        language=request.scope["lang"],
        amount=_amount_in(shop),
        country=lambda code, language: country_name(code, language=language),
        brand=settings.seller_brand,
        sender=[
            f"{settings.seller_company_name} {settings.seller_legal_form}, {settings.seller_street}, "
            f"{settings.seller_postal_code} {settings.seller_city}, {settings.seller_email}"
        ],
        now=now,
    )
    return _pdf(content, f"packing-slips-{run_on.isoformat()}.pdf")


def _page(
    request: Request,
    shop: Shop,
    session: Session,
    run_on: date,
    *,
    now: datetime,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response:
    language = request.scope["lang"]
    course = course_of(shop, session, now=now)
    view = read_run(session, course, run_on, language=language, now=now)
    return desk(
        request,
        "dispatch/run.html",
        status=status,
        errors=errors or {},
        view=view,
        weight=weight_text(view.weight_g, language),
        next_run=course.run_for(run_on),
        short=named_short(session, view.short, language=language),
    )


def _amount_in(shop: Shop) -> Callable[[str, int, str], str]:
    """Quantities in the words that the pages use."""

    def amount(language: str, quantity_milli: int, unit_code: str) -> str:
        words = shop.environments[language].get_template("macros/units.html").module
        return str(words.amount(quantity_milli, unit_code)).strip()  # type: ignore[attr-defined]

    return amount


def _pdf(content: bytes, file_name: str) -> Response:
    headers = {"content-disposition": f'inline; filename="{file_name}"'}
    return Response(content, media_type=PDF, headers=headers)
