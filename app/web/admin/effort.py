"""Effort at the desk: what waits for a person, one customer's ledger, and the acts on both."""

import re
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from sqlmodel import Session
from starlette.requests import Request
from starlette.responses import Response

from app.care.models import EffortEvent
from app.care.queries_effort import (
    changes_of,
    events_of,
    ledger_page,
    standing_of,
    undecided_events,
    waiting_steps,
    year_of,
)
from app.care.rules.effort import BY_HAND, DECIDED, EffortCause, EffortKind
from app.care.rules.levels import OVERRIDES, bounds_of
from app.core.errors import N_, FieldError, Invalid, Refused
from app.core.ids import new_token
from app.customers.models import Customer
from app.customers.queries_desk import customer_by_id, find_customer
from app.flows.decide_effort import decide_step, override_effort, stop_override
from app.flows.write_effort import Touch, correct_effort, write_effort
from app.ordering.models import Order
from app.policy.queries import current_policy
from app.web.admin import effort_words
from app.web.admin.lists import asked_page, desk, form_error, page_urls
from app.web.deps import Now, ReadDep, RowId, ShopDep, StaffDep, Values, WriteDep
from app.web.forms import errors_of
from app.web.problems import wants_json
from app.web.rendering import see_other

router = APIRouter()

RECENT = 5
EMPTY = {"kind": "", "cause": "", "minutes": "", "note": "", "level": "", "ends_on": "", "reason": ""}


@router.get("/admin/effort")
def show_effort(request: Request, session: ReadDep) -> Response:
    found = undecided_events(session, page=asked_page(request))
    return desk(
        request,
        "effort/list.html",
        steps=waiting_steps(session),
        events=found.rows,
        pages=page_urls(request, found),
        effort_words=effort_words,
    )


@router.get("/admin/customers/{number}/effort")
def show_ledger(request: Request, number: str, session: ReadDep, now: Now) -> Response:
    return _page(request, session, find_customer(session, number), now)


@router.post("/admin/customers/{number}/effort")
def submit_touch(
    request: Request,
    number: str,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    customer = find_customer(reading, number)

    def act() -> str:
        touch = read_touch(values)
        is_new = write_effort(
            session,
            touch,
            customer_number=number,
            form_key=values.get("form_key", ""),
            actor=staff.actor,
            now=now,
        )
        return "effort_noted" if is_new else "unchanged"

    return _do(request, reading, customer, values, act, now, tried="touch")


@router.post("/admin/customers/{number}/effort/step")
def submit_step(
    request: Request,
    number: str,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    customer = find_customer(reading, number)

    def act() -> str:
        decide_step(
            session,
            customer.id or 0,
            decision=values.get("decision", ""),
            proposed=values.get("proposed", ""),
            reason=values.get("reason", ""),
            actor=staff.actor,
            now=now,
        )
        return "effort_decided"

    return _do(request, reading, customer, values, act, now, tried="step")


@router.post("/admin/customers/{number}/effort/override")
def submit_override(
    request: Request,
    number: str,
    shop: ShopDep,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    customer = find_customer(reading, number)

    def act() -> str:
        if values.get("act") == "end":
            is_ended = stop_override(session, customer.id or 0, actor=staff.actor, now=now)
            return "effort_override_ended" if is_ended else "unchanged"
        override_effort(
            session,
            customer.id or 0,
            level=values.get("level", ""),
            ends_on=read_day(values.get("ends_on", "")),
            reason=values.get("reason", ""),
            today=now.astimezone(ZoneInfo(shop.settings.timezone)).date(),
            actor=staff.actor,
            now=now,
        )
        return "effort_overridden"

    return _do(request, reading, customer, values, act, now, tried="override")


@router.post("/admin/effort/{event_id}")
def submit_cause(
    request: Request,
    event_id: RowId,
    session: WriteDep,
    reading: ReadDep,
    staff: StaffDep,
    values: Values,
    now: Now,
) -> Response:
    try:
        customer_id = correct_effort(
            session,
            event_id,
            cause=values.get("cause", ""),
            reason=values.get("reason", ""),
            actor=staff.actor,
            now=now,
        )
    except Invalid as error:
        event = reading.get(EffortEvent, event_id)
        if event is None or wants_json(request):
            raise
        errors = errors_of(error.fields, language=request.scope["lang"])
        customer = customer_by_id(reading, event.customer_id)
        tried = f"cause-{event_id}"
        return _page(request, reading, customer, now, status=422, errors=errors, tried=tried, values=values)
    if values.get("back") == "list":
        return see_other("/admin/effort?done=effort_corrected")
    number = customer_by_id(reading, customer_id).number
    return see_other(f"/admin/customers/{number}/effort?done=effort_corrected")


def read_touch(values: dict[str, str]) -> Touch:
    """A touch as a form names it. Raises Invalid for minutes that are no number."""
    text = values.get("minutes", "").strip()
    if text and not (text.isascii() and re.fullmatch(r"[0-9]{1,6}", text)):
        message = N_("Please enter a whole number.")
        raise Invalid(
            N_("Please check your entries."), code="effort.invalid", fields=(FieldError("minutes", message),)
        )
    return Touch(
        kind=values.get("kind", ""),
        cause=values.get("cause", ""),
        minutes=int(text) if text else None,
        note=values.get("note", "").strip(),
    )


def read_day(text: str) -> date | None:
    """The day of a date field; None for what is none."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def touch_form(*, has_left: bool) -> dict[str, Any]:
    """What the form for a touch needs: kinds, causes and a key that makes twice sent once."""
    kinds = [kind for kind in BY_HAND if has_left or kind is not EffortKind.FAILED_DELIVERY]
    causes = (*DECIDED, EffortCause.UNDECIDED)
    return {
        "effort_words": effort_words,
        "effort_kinds": [(kind.value, effort_words.KINDS[kind]) for kind in kinds],
        "effort_causes": [(cause.value, effort_words.CAUSES[cause].label) for cause in causes],
        "form_key": new_token()[:32],
    }


def effort_of_customer(session: Session, customer: Customer) -> dict[str, Any]:
    """What the customer's page shows of the effort: standing and the newest events."""
    customer_id = customer.id or 0
    return {
        **touch_form(has_left=False),
        "effort_standing": standing_of(session, customer_id),
        "effort_events": events_of(session, customer_id, limit=RECENT),
    }


def effort_of_order(session: Session, order: Order) -> dict[str, Any]:
    """What the order's page shows: the effort that this order caused."""
    return {
        **touch_form(has_left=order.dispatched_at is not None),
        "effort_events": events_of(session, order.customer_id, order_id=order.id or 0),
    }


def _do(
    request: Request,
    session: ReadDep,
    customer: Customer,
    values: dict[str, str],
    act: Any,
    now: Now,
    *,
    tried: str,
) -> Response:
    try:
        done = act()
    except Invalid as error:
        errors = errors_of(error.fields, language=request.scope["lang"])
        return _page(request, session, customer, now, status=422, errors=errors, tried=tried, values=values)
    except Refused as error:
        errors = form_error(request, error)
        return _page(request, session, customer, now, status=409, errors=errors, tried=tried, values=values)
    return see_other(f"/admin/customers/{customer.number}/effort?done={done}")


def _page(
    request: Request,
    session: ReadDep,
    customer: Customer,
    now: Now,
    *,
    status: int = 200,
    errors: dict[str, str] | None = None,
    tried: str = "",
    values: dict[str, str] | None = None,
) -> Response:
    customer_id = customer.id or 0
    policy = current_policy(session)
    year = year_of(session, customer_id, policy=policy, now=now)
    found = ledger_page(session, customer_id, page=asked_page(request))
    return desk(
        request,
        "effort/ledger.html",
        status=status,
        errors=errors or {},
        tried=tried,
        values={**EMPTY, **(values or {})},
        customer=customer,
        standing=standing_of(session, customer_id),
        figures=year.figures(policy),
        year=year,
        total_cost_cents=year.total_cost(policy),
        bounds=bounds_of(policy),
        policy=policy,
        events=found.rows,
        pages=page_urls(request, found),
        changes=changes_of(session, customer_id),
        levels=[(level.value, effort_words.LEVELS[level].label) for level in OVERRIDES],
        decided=[(cause.value, effort_words.CAUSES[cause].label) for cause in DECIDED],
        **touch_form(has_left=False),
    )
