"""The price list of special services: list with its order, and editor."""

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.care.models import SpecialService
from app.care.queries_services import find_service, price_list
from app.care.rules.price_list import VAT_RATES_BP, kind_named
from app.care.rules.services import ServiceKind
from app.core.errors import N_, FieldError, Invalid
from app.core.i18n import translate
from app.flows.edit_services import TEXTS, move_service, save_service
from app.web.admin.lists import asked, desk
from app.web.deps import Now, ReadDep, RowId, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.forms_money import NotMoney, amount_text, parse_cents
from app.web.problems import wants_json
from app.web.rendering import see_other

router = APIRouter()

DIRECTIONS = {"up": True, "down": False}
KINDS = {
    ServiceKind.INVOICE_COPY: N_("copy of an invoice: the customer names an order"),
    ServiceKind.ADDRESS_CHANGE: N_("change of address: names an order and the new address"),
    ServiceKind.SPLIT_DELIVERY: N_("split delivery: names an order that has not left"),
    ServiceKind.PHONE_HELP: N_("help by phone: a number of units"),
    ServiceKind.PAPER_CERTIFICATE: N_("paper: the customer names an order"),
    ServiceKind.STORAGE: N_("storage: names an order and a number of weeks"),
    ServiceKind.FIELD_VISIT: N_("field visit: by offer only, after approval"),
    ServiceKind.OTHER: N_("other: the customer says what is needed"),
}


@router.get("/admin/services")
def show_services(request: Request, session: ReadDep) -> Response:
    if asked(request, "new"):
        return _editor(request, None)
    return desk(request, "services/list.html", services=price_list(session), kinds=KINDS)


@router.post("/admin/services")
def create_service(
    request: Request, session: WriteDep, staff: StaffDep, values: Values, now: Now
) -> Response:
    return _save(request, session, staff, values, now, service=None)


@router.get("/admin/services/{service_id}")
def show_service(request: Request, service_id: RowId, session: ReadDep) -> Response:
    return _editor(request, find_service(session, service_id))


@router.post("/admin/services/{service_id}")
def change_service(
    request: Request,
    service_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    return _save(request, session, staff, values, now, service=find_service(reading, service_id))


@router.post("/admin/services/{service_id}/move")
def submit_move(service_id: RowId, session: WriteDep, staff: StaffDep, values: Values, now: Now) -> Response:
    to = values.get("to", "")
    if to not in DIRECTIONS:
        fault = FieldError("to", N_("Please choose one of the offered values."))
        raise Invalid(N_("Please check the entries."), code="service.invalid", fields=(fault,))
    move_service(session, service_id, is_up=DIRECTIONS[to], actor=staff.actor, now=now)
    return see_other("/admin/services?done=saved")


def _save(
    request: Request,
    session: WriteDep,
    staff: StaffDep,
    values: dict[str, str],
    now: Now,
    *,
    service: SpecialService | None,
) -> Response:
    language = request.scope["lang"]
    numbers, errors = _numbers(values, language)
    kind = kind_named(values.get("kind", ""))
    if kind is None:
        errors["kind"] = translate(language, N_("Please choose one of the offered values."))
    if not errors and kind is not None:
        try:
            save_service(
                session,
                service_id=service.id if service else None,
                kind=kind,
                texts={name: values.get(name, "") for name in TEXTS},
                is_active=values.get("is_active", "") == "1",
                actor=staff.actor,
                now=now,
                **numbers,
            )
            return see_other("/admin/services?done=saved")
        except Invalid as error:
            if wants_json(request):
                raise
            errors = errors_of(error.fields, language=language)
    return _editor(request, service, values, status=422, errors=errors)


def _numbers(values: dict[str, str], language: str) -> tuple[dict[str, int], dict[str, str]]:
    """Price, VAT rate and minutes of the form, with a sentence for each that cannot be read."""
    numbers: dict[str, int] = {}
    errors: dict[str, str] = {}
    try:
        numbers["price_cents"] = parse_cents(values.get("price_cents", ""))
    except NotMoney as wrong:
        errors["price_cents"] = translate(language, str(wrong))
    for name in ("vat_rate_bp", "minutes"):
        text = values.get(name, "").strip()
        if text.isascii() and text.isdigit() and len(text) < 6:
            numbers[name] = int(text)
        else:
            errors[name] = translate(language, N_("Please enter a whole number."))
    return numbers, errors


def _editor(
    request: Request,
    service: SpecialService | None,
    values: dict[str, str] | None = None,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
) -> Response:
    language = request.scope["lang"]
    stored: dict[str, Any] = {name: getattr(service, name) if service else "" for name in TEXTS}
    stored |= {
        "kind": service.kind.value if service else "",
        "price_cents": amount_text(service.price_cents, language=language) if service else "",
        "vat_rate_bp": service.vat_rate_bp if service else VAT_RATES_BP[0],
        "minutes": service.minutes if service else 0,
        "is_active": "1" if service is None or service.is_active else "",
    }
    # A box that is not ticked is not sent.
    typed = {**stored, **values, "is_active": values.get("is_active", "")} if values else stored
    return desk(
        request,
        "services/editor.html",
        status=status,
        errors=errors or {},
        service=service,
        values=typed,
        kinds=[(kind.value, label) for kind, label in KINDS.items()],
        rates=VAT_RATES_BP,
        action=f"/admin/services/{service.id}" if service else "/admin/services",
    )
