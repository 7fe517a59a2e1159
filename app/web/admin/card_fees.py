"""Staff charge a fee of the price list to the card that a company keeps."""

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.care.queries_services import services_on_sale, text_of
from app.care.rules.price_list import service_totals
from app.care.rules.service_wishes import most_units, needs_order
from app.core.errors import Invalid, Refused
from app.core.ids import new_token
from app.customers.queries_desk import find_customer
from app.flows.charge_fee import charge_fee
from app.fulfilment.calendar import work_calendar
from app.ordering.queries_vat import service_vat_of
from app.payments.models_cards import CardConsent
from app.payments.queries_cards import living_card, usable_card
from app.web.admin.lists import desk, form_error
from app.web.deps import Now, ReadDep, ShopDep, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.problems import wants_json
from app.web.rendering import see_other, shop_of
from app.web.vat import confirm_company_now

router = APIRouter()

FIELDS = ("service_id", "quantity", "reason", "form_key")


@router.get("/admin/customers/{number}/fee")
def show_fee(request: Request, number: str, session: ReadDep, now: Now) -> Response:
    """The page; a VAT id that the amounts hang on is asked about first, as at the checkout."""
    customer = find_customer(session, number)
    vat = service_vat_of(customer, seller_country=_country(request), now=now)
    customer_id = customer.id or 0
    # No connection is held while the tax offices think.
    session.rollback()
    confirm_company_now(request, customer_id, vat, now=now)
    return _page(request, session, number, now=now)


@router.post("/admin/customers/{number}/fee")
def submit_fee(
    request: Request,
    number: str,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        order_number = charge_fee(
            session,
            customer_number=number,
            service_id=_whole(values.get("service_id", "")),
            quantity=_whole(values.get("quantity", "")),
            reason=values.get("reason", ""),
            form_key=values.get("form_key", "")[:64] or new_token(),
            actor=staff.actor,
            calendar=work_calendar(shop.settings.seller_federal_state, shop.settings.timezone),
            now=now,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, reading, number, now=now, values=values, errors=errors, status=422)
    except Refused as error:
        if wants_json(request):
            raise
        errors = form_error(request, error)
        return _page(request, reading, number, now=now, values=values, errors=errors, status=409)
    return see_other(f"/admin/orders/{order_number}?done=fee_charged")


def _page(
    request: Request,
    session: Session,
    number: str,
    *,
    now: Now,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Response:
    language = request.scope["lang"]
    customer = find_customer(session, number)
    card = living_card(session, customer.id or 0)
    known = {**dict.fromkeys(FIELDS, ""), **(values or {})}
    known["form_key"] = known["form_key"] or new_token()
    case = service_vat_of(customer, seller_country=_country(request), now=now).case
    services = [one for one in services_on_sale(session) if not needs_order(one.kind)]
    return desk(
        request,
        "customers/fee.html",
        status=status,
        errors=errors or {},
        customer=customer,
        card=card,
        consent=session.get_one(CardConsent, card.consent_id) if card else None,
        is_usable=usable_card(session, customer.id or 0, today=now.date()) is not None,
        services=[
            (one, text_of(one, language), service_totals(text_of(one, language), 1, vat_case=case))
            for one in services
        ],
        most=max((most_units(one.kind) for one in services), default=1),
        values=known,
    )


def _country(request: Request) -> str:
    settings = shop_of(request).settings
    return work_calendar(settings.seller_federal_state, settings.timezone).country


def _whole(text: str) -> int:
    """The number of a field, 0 for what is none: then the flow says what is wrong."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
