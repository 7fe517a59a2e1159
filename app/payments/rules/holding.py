"""Reserved money that is held for a person: when, for how long, and what follows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.customers.rules.admission import ScreeningState
from app.mainbrand.rules.segments import Segment

MARGIN = timedelta(hours=24)
"""So long before an authorisation ends its hold is over (stripe.md facts 7 and 8)."""


class HoldDecision(StrEnum):
    """What a person decided about held money: charge it if the gate still says so, or give it back."""

    GO_ON = "go_on"
    RELEASE = "release"


class ShutOut(StrEnum):
    """Why a company whose card turns up again matters."""

    BLOCKED = "blocked"
    REFUSED = "refused"
    MAIN_BRAND = "main_brand"
    MOVED_UP = "moved_up"


class Step(StrEnum):
    """What comes next for authorised money that nothing else speaks against."""

    CHARGE = "charge"
    HOLD = "hold"
    GIVE_BACK = "give_back"
    LAPSE = "lapse"


@dataclass(frozen=True, slots=True)
class Sharer:
    """Another company that paid with the same card before and is shut out now."""

    customer_id: int
    number: str
    company_name: str
    why: ShutOut


def shut_out(
    *, screening: ScreeningState, segment: Segment, main_segment: Segment | None, is_moved_up: bool
) -> ShutOut | None:
    """Why a company must not buy under another name, or None. A suspended one is a matter of its own."""
    if screening is ScreeningState.BLOCKED:
        return ShutOut.BLOCKED
    if segment in (Segment.A, Segment.B) or main_segment in (Segment.A, Segment.B):
        return ShutOut.MAIN_BRAND
    if screening is ScreeningState.REFUSED:
        return ShutOut.REFUSED
    return ShutOut.MOVED_UP if is_moved_up else None


def release_by(*, held_at: datetime, capture_before_at: datetime | None, hours: int) -> datetime:
    """Until when a person may decide: after `hours`, but always a day before the authorisation ends.

    Where the card service does not say when it ends, a day is all that is safe.
    """
    end_at = capture_before_at if capture_before_at is not None else held_at + 2 * MARGIN
    return min(held_at + timedelta(hours=hours), end_at - MARGIN)


def next_step(*, decision: HoldDecision | None, release_by_at: datetime, now: datetime) -> Step:
    """The next step of money whose card a shut-out company used. Only a person lets it go on; time gives it back."""
    if decision is HoldDecision.GO_ON:
        return Step.CHARGE
    if decision is HoldDecision.RELEASE:
        return Step.GIVE_BACK
    return Step.LAPSE if now >= release_by_at else Step.HOLD
