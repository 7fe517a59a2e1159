"""Overrides of a segment: reading the form, and the decision of a second person."""

from datetime import date
from zoneinfo import ZoneInfo

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.core.errors import N_, FieldError, Invalid
from app.flows.override_rating import Target, decide_override, end_override, propose_override
from app.mainbrand.queries_rating import find_override
from app.mainbrand.rules.segments import Segment
from app.web.deps import Now, RowId, ShopDep, StaffDep, Values, WriteDep
from app.web.rendering import see_other

router = APIRouter()

CHOICES = tuple((segment.value, segment.value) for segment in (Segment.A, Segment.B, Segment.C))


@router.post("/admin/overrides/{override_id}")
def submit_decision(
    request: Request, override_id: RowId, session: WriteDep, staff: StaffDep, values: Values, now: Now
) -> Response:
    decision = values.get("decision", "")
    if decision == "end":
        end_override(session, override_id, actor=staff.actor, now=now)
        done = "override_ended"
    elif decision in ("approve", "refuse"):
        is_approved = decision == "approve"
        decide_override(session, override_id, is_approved=is_approved, actor=staff.actor, now=now)
        done = "overridden" if is_approved else "override_refused"
    else:
        message = N_("Please choose one of the offered values.")
        raise Invalid(message, code="override.decision", fields=(FieldError("decision", message),))
    override = find_override(session, override_id)
    place = f"/admin/accounts/{override.main_account_id}" if override.main_account_id else "/admin/ratings"
    return see_other(f"{place}?done={done}")


def override_of_form(
    shop: ShopDep, session: WriteDep, target: Target, values: Values, *, staff: StaffDep, now: Now
) -> str:
    """Proposes the override of a form; the key of the answer to show. Raises Invalid with a sentence per field."""
    segment, faults = Segment.UNRATED, []
    try:
        segment = Segment(values.get("segment", ""))
    except ValueError:
        faults.append(FieldError("segment", N_("Please choose one of the offered values.")))
    try:
        last_on = date.fromisoformat(values.get("last_on", "").strip())
    except ValueError:
        last_on = date.min
        faults.append(FieldError("last_on", N_("Please enter a date such as 2026-12-31.")))
    if faults:
        raise Invalid(N_("Please check the entries."), code="override.invalid", fields=tuple(faults))
    is_active = propose_override(
        session,
        target,
        segment=segment,
        reason=values.get("reason", ""),
        last_on=last_on,
        today=now.astimezone(ZoneInfo(shop.settings.timezone)).date(),
        actor=staff.actor,
        now=now,
    )
    return "overridden" if is_active else "override_proposed"
