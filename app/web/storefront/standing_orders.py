"""A company's standing orders: the list, opening and changing one, pausing, resuming and ending it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter
from pydantic import BeforeValidator, Field
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, Invalid, Refused
from app.core.i18n import translate
from app.flows.fill_cart import quantity_sentence, quantity_values
from app.flows.keep_standing_order import (
    Wanted,
    WrongLines,
    change_standing_order,
    move_standing_order,
    open_standing_order,
)
from app.ordering.queries_standing import (
    StandingLine,
    WholeStanding,
    lines_of_cart,
    lines_of_order,
    names_on_sale,
    standing_orders_of,
    whole_standing,
)
from app.ordering.rules.quantities import GREATEST_QUANTITY
from app.ordering.rules.standing import GREATEST_EVERY_DAYS, LEAST_EVERY_DAYS, RunState, StandingState
from app.web.deps import LARGEST_ID, Now, ReadDep, ValueLists, Values, VisitorDep, WriteDep
from app.web.forms import Errors, Form, errors_of, parse
from app.web.rendering import page, see_other
from app.web.storefront.promises import calendar_of
from app.web.visitor import Visitor

router = APIRouter()


def _number(text: object) -> int:
    typed = str(text)
    # What is no number is nobody's standing order, and looks like one that does not exist.
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


StandingId = Annotated[int, BeforeValidator(_number)]
USUAL_EVERY_DAYS = 42
STATES = {
    StandingState.ACTIVE: (N_("Active"), "ok"),
    StandingState.PAUSED: (N_("Paused"), "warn"),
    StandingState.ENDED: (N_("Ended"), ""),
}
RUNS = {
    RunState.ASKED: N_("Asked by e-mail, waits for your answer"),
    RunState.CONFIRMED: N_("Confirmed"),
    RunState.SKIPPED: N_("Left out"),
    RunState.EXPIRED: N_("Not answered, nothing ordered"),
}
NOTICES = {
    "opened": N_("The standing order is saved. We ask you by e-mail before each run."),
    "changed": N_("The standing order is changed."),
    "skipped": N_("This run is left out. Nothing was ordered."),
}
NO_LONGER_SOLD = N_("%(name)s is no longer sold. Please set it to 0.")


class StandingForm(Form):
    """The rhythm and the day of the next order."""

    every_days: int
    run_on: date


class StandingLineForm(Form):
    """A bundle and how many of it; 0 leaves it out."""

    bundle_id: int = Field(ge=1, le=LARGEST_ID)
    quantity: int = Field(ge=0, le=GREATEST_QUANTITY)


@dataclass(frozen=True, slots=True)
class TypedLine:
    """A line of the form as it was typed."""

    bundle_id: int
    name: str
    quantity: str


@router.get("/account/standing-orders")
def show_standing_orders(
    request: Request, visitor: VisitorDep, session: ReadDep, notice: str = ""
) -> Response:
    language = request.scope["lang"]
    found = standing_orders_of(session, visitor.customer_id)
    return page(
        request,
        "store/standing/list.html",
        standing_orders=[(one, STATES[one.standing.state], _names(one, language)) for one in found],
        notice=NOTICES.get(notice, ""),
    )


@router.get("/account/standing-orders/new")
def show_new(
    request: Request,
    visitor: VisitorDep,
    session: ReadDep,
    now: Now,
    every: str = "",
    order: str = "",
) -> Response:
    if order:
        lines = lines_of_order(session, order[:32], customer_id=visitor.customer_id)
    else:
        lines = lines_of_cart(session, visitor.customer_id)
    every_days = int(every) if every.isascii() and every.isdigit() and len(every) < 4 else USUAL_EVERY_DAYS
    every_days = min(max(every_days, LEAST_EVERY_DAYS), GREATEST_EVERY_DAYS)
    values = {
        "every_days": str(every_days),
        "run_on": (_today(request, now) + timedelta(days=every_days)).isoformat(),
    }
    return _form(request, values, _typed(lines, request.scope["lang"]), now=now)


@router.post("/account/standing-orders")
def open_new(
    request: Request, visitor: VisitorDep, session: WriteDep, reads: ReadDep, values: ValueLists, now: Now
) -> Response:
    wanted, errors = _read(values, request.scope["lang"])
    if wanted is not None:
        try:
            standing_order_id = open_standing_order(
                session,
                wanted,
                customer_id=visitor.customer_id,
                contact_id=visitor.contact_id,
                calendar=calendar_of(request),
                now=now,
            )
            return see_other(f"/account/standing-orders/{standing_order_id}?notice=opened")
        except (WrongLines, Invalid) as fault:
            errors = _errors(fault, request.scope["lang"])
        except Refused as refusal:
            if refusal.code != "standing.too_many":
                raise
            errors = {"form": translate(request.scope["lang"], refusal.message, **refusal.values)}
    return _again(request, reads, values, errors, now=now)


@router.get("/account/standing-orders/{standing_order_id}")
def show_standing_order(
    request: Request,
    standing_order_id: StandingId,
    visitor: VisitorDep,
    session: ReadDep,
    now: Now,
    notice: str = "",
    add: str = "",
) -> Response:
    whole = whole_standing(session, standing_order_id, customer_id=visitor.customer_id)
    lines = list(whole.lines)
    if add == "cart":
        present = {line.bundle_id for line in lines}
        added = lines_of_cart(session, visitor.customer_id)
        lines += [line for line in added if line.bundle_id not in present]
    language = request.scope["lang"]
    values = _values_of(whole, today=_today(request, now))
    return _form(request, values, _typed(lines, language), now=now, whole=whole, notice=notice)


@router.post("/account/standing-orders/{standing_order_id}")
def change(
    request: Request,
    standing_order_id: StandingId,
    visitor: VisitorDep,
    session: WriteDep,
    reads: ReadDep,
    values: ValueLists,
    now: Now,
) -> Response:
    wanted, errors = _read(values, request.scope["lang"])
    if wanted is not None:
        try:
            change_standing_order(
                session,
                standing_order_id,
                wanted,
                customer_id=visitor.customer_id,
                contact_id=visitor.contact_id,
                calendar=calendar_of(request),
                now=now,
            )
            return see_other(f"/account/standing-orders/{standing_order_id}?notice=changed")
        except (WrongLines, Invalid) as fault:
            errors = _errors(fault, request.scope["lang"])
    whole = whole_standing(reads, standing_order_id, customer_id=visitor.customer_id)
    return _again(request, reads, values, errors, now=now, whole=whole)


@router.post("/account/standing-orders/{standing_order_id}/pause")
def pause(
    request: Request,
    standing_order_id: StandingId,
    visitor: VisitorDep,
    session: WriteDep,
    _: Values,
    now: Now,
) -> Response:
    return _move(request, session, visitor, standing_order_id, StandingState.PAUSED, now=now)


@router.post("/account/standing-orders/{standing_order_id}/resume")
def resume(
    request: Request,
    standing_order_id: StandingId,
    visitor: VisitorDep,
    session: WriteDep,
    _: Values,
    now: Now,
) -> Response:
    return _move(request, session, visitor, standing_order_id, StandingState.ACTIVE, now=now)


@router.post("/account/standing-orders/{standing_order_id}/end")
def end(
    request: Request,
    standing_order_id: StandingId,
    visitor: VisitorDep,
    session: WriteDep,
    _: Values,
    now: Now,
) -> Response:
    return _move(request, session, visitor, standing_order_id, StandingState.ENDED, now=now)


def _move(
    request: Request,
    session: Session,
    visitor: Visitor,
    standing_order_id: int,
    following: StandingState,
    *,
    now: datetime,
) -> Response:
    move_standing_order(
        session,
        standing_order_id,
        following,
        customer_id=visitor.customer_id,
        today=_today(request, now),
        now=now,
    )
    return see_other(f"/account/standing-orders/{standing_order_id}")


def _read(values: dict[str, list[str]], language: str) -> tuple[Wanted | None, Errors]:
    """What the form asks for; fields of lines repeat, so that it works without a script."""
    lines, single = _lists(values)
    form, errors = parse(StandingForm, single, language=language)
    quantities: dict[int, int] = {}
    for bundle_id, quantity in lines:
        typed = {"bundle_id": bundle_id, "quantity": quantity or "0"}
        line, faults = parse(StandingLineForm, typed, language=language)
        if line is None:
            errors |= {
                f"quantity_{bundle_id}" if "quantity" in faults else "form": next(iter(faults.values()))
            }
        elif line.quantity:
            quantities[line.bundle_id] = quantities.get(line.bundle_id, 0) + line.quantity
    if form is None or errors:
        return None, errors
    return Wanted(form.every_days, form.run_on, quantities), {}


def _lists(values: dict[str, list[str]]) -> tuple[list[tuple[str, str]], dict[str, str]]:
    """The lines of a posted form (bundle id, quantity), and its other fields."""
    lines = list(zip(values.get("bundle_id", []), values.get("quantity", []), strict=False))
    single = {name: texts[-1] for name, texts in values.items() if name not in ("bundle_id", "quantity")}
    return lines[:200], single


def _errors(fault: Invalid, language: str) -> Errors:
    if not isinstance(fault, WrongLines):
        return errors_of(fault.fields, language=language)
    return {
        f"quantity_{line.bundle_id}": (
            translate(
                language,
                quantity_sentence(line.problem, line.rule),
                name=line.name(language),
                **quantity_values(line.problem, line.rule),
            )
            if line.problem
            else translate(language, NO_LONGER_SOLD, name=line.name(language))
        )
        for line in fault.lines
    }


def _again(
    request: Request,
    session: Session,
    values: dict[str, list[str]],
    errors: Errors,
    *,
    now: datetime,
    whole: WholeStanding | None = None,
) -> Response:
    """The form as it was typed, with what is wrong; names are those of bundles that the company may see."""
    language = request.scope["lang"]
    lines, single = _lists(values)
    names = {str(line.bundle_id): line.name(language) for line in (whole.lines if whole else ())}
    wanted = [int(one) for one, _ in lines if one.isascii() and one.isdigit() and len(one) < 10]
    for bundle_id, (name_de, name_en) in names_on_sale(session, wanted).items():
        names[str(bundle_id)] = name_de if language == "de" else name_en
    typed = [
        TypedLine(int(bundle_id), names[bundle_id], quantity)
        for bundle_id, quantity in lines
        if bundle_id in names
    ]
    return _form(request, single, typed, now=now, whole=whole, errors=errors, status=422)


def _form(
    request: Request,
    values: dict[str, str],
    lines: Sequence[TypedLine],
    *,
    now: datetime,
    whole: WholeStanding | None = None,
    errors: Errors | None = None,
    status: int = 200,
    notice: str = "",
) -> Response:
    return page(
        request,
        "store/standing/standing_order.html",
        status=status,
        whole=whole,
        state=STATES[whole.standing.state] if whole else None,
        runs=[(past, RUNS[past.run.state]) for past in whole.runs] if whole else [],
        values={"every_days": "", "run_on": "", **values},
        lines=lines,
        errors=errors or {},
        notice=NOTICES.get(notice, ""),
        tomorrow=(_today(request, now) + timedelta(days=1)).isoformat(),
        bounds=(LEAST_EVERY_DAYS, GREATEST_EVERY_DAYS),
    )


def _values_of(whole: WholeStanding, *, today: date) -> dict[str, str]:
    standing = whole.standing
    next_on = whole.next_on or today + timedelta(days=standing.every_days)
    return {
        "every_days": str(standing.every_days),
        "run_on": max(next_on, today + timedelta(days=1)).isoformat(),
    }


def _typed(lines: Sequence[StandingLine], language: str) -> list[TypedLine]:
    return [TypedLine(line.bundle_id, line.name(language), str(line.quantity)) for line in lines]


def _names(whole: WholeStanding, language: str) -> list[tuple[int, str, bool]]:
    return [(line.quantity, line.name(language), line.is_sold) for line in whole.lines]


def _today(request: Request, now: datetime) -> date:
    return now.astimezone(calendar_of(request).zone).date()
