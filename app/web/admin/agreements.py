"""A company's exceptions from the sizes in which everybody is sold bundles: the list, a new one, the end of one."""

from datetime import date
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, FieldError, Invalid
from app.customers.queries_desk import find_customer
from app.flows.agree_on_sizes import agree_on_sizes, end_agreement
from app.ordering.queries_agreements import agreements_of
from app.web.admin.lists import desk
from app.web.admin.reading import FormReader
from app.web.deps import LARGEST_ID, Now, ReadDep, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.rendering import see_other, shop_of

router = APIRouter()

EMPTY = {"slug": "", "minimum_quantity": "", "order_step": "", "ends_on": "", "reason": ""}


@router.get("/admin/customers/{number}/agreements")
def show_agreements(request: Request, number: str, session: ReadDep, now: Now) -> Response:
    return _page(request, session, number, now)


@router.post("/admin/customers/{number}/agreements")
def submit_agreement(
    request: Request,
    number: str,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    customer = find_customer(reading, number)
    url = f"/admin/customers/{customer.number}/agreements"
    if values.get("act") == "end":
        has_ended = end_agreement(session, customer.id or 0, _id_of(values), actor=staff.actor, now=now)
        return see_other(f"{url}?done={'agreement_ended' if has_ended else 'unchanged'}")
    reader = FormReader(values)
    sizes = {
        name: reader.number(name) if values.get(name, "").strip() else None
        for name in ("minimum_quantity", "order_step")
    }
    ends_on = _day(values.get("ends_on", ""), reader)
    try:
        reader.check()
        agree_on_sizes(
            session,
            customer.id or 0,
            slug=_slug(values.get("slug", "")),
            ends_on=ends_on,
            reason=values.get("reason", ""),
            zone=ZoneInfo(shop_of(request).settings.timezone),
            actor=staff.actor,
            now=now,
            **sizes,
        )
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, reading, number, now, status=422, errors=errors, values=values)
    return see_other(f"{url}?done=agreement")


def _id_of(values: dict[str, str]) -> int:
    text = values.get("agreement_id", "")
    is_number = text.isascii() and text.isdigit() and len(text) < 12
    return int(text) if is_number and int(text) <= LARGEST_ID else 0


def _slug(text: str) -> str:
    """The name of a bundle's address, also where the whole address was pasted."""
    return text.strip().rstrip("/").rpartition("/")[2][:120]


def _day(text: str, reader: FormReader) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        reader.faults.append(FieldError("ends_on", N_("Please enter a date such as 2026-12-31.")))
        return date.min


def _page(
    request: Request,
    session: ReadDep,
    number: str,
    now: Now,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
) -> Response:
    customer = find_customer(session, number)
    return desk(
        request,
        "customers/agreements.html",
        status=status,
        errors=errors or {},
        values={**EMPTY, **(values or {})},
        customer=customer,
        agreements=[(one, one.is_in_force(now)) for one in agreements_of(session, customer.id or 0)],
    )
