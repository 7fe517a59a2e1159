"""What staff see of the testing of stolen cards, and how they let first payments go on."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter
from sqlmodel import Session
from starlette.responses import Response

from app.flows.watch_card_testing import let_first_payments_go
from app.payments.queries_limits import read_card_testing
from app.policy.queries import current_policy
from app.web.admin.card_words import TRIPS
from app.web.deps import Now, StaffDep, Values, WriteDep
from app.web.rendering import see_other

router = APIRouter()


@router.post("/admin/payments/first-payments")
def submit_first_payments(session: WriteDep, staff: StaffDep, values: Values, now: Now) -> Response:
    is_cleared = let_first_payments_go(session, reason=values.get("reason", ""), actor=staff.actor, now=now)
    return see_other(f"/admin/payments?done={'first_payments' if is_cleared else 'unchanged'}")


def card_testing(session: Session, *, now: datetime) -> dict[str, Any]:
    """What templates/admin/payments/_card_testing.html needs."""
    policy = current_policy(session)
    return {
        "testing": read_card_testing(session, policy, now=now),
        "policy": policy,
        "breaker_bp": policy.card_breaker_percent * 100,
        "trips": TRIPS,
    }
