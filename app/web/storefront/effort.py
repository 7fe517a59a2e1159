"""What a company reads of its effort: level, figures, each touch, how it falls again, and its objection."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from app.care.models import EffortEvent
from app.care.queries_effort import events_of as read_events
from app.care.queries_effort import orders_of_events, standing_of, year_of
from app.care.rules.cost_to_serve import YearFigures, effort_cost
from app.care.rules.effort import EffortCause
from app.care.rules.levels import Bounds, bounds_of, falls_below_percent, following
from app.customers.models import Customer, Objection
from app.customers.queries_objections import newest_objection
from app.customers.rules.effort_levels import EffortLevel
from app.customers.rules.objections import EFFORT, LONGEST
from app.mainbrand.rules.rating import twelve_months_before
from app.policy.queries import current_policy


@dataclass(frozen=True)
class TouchLine:
    """One touch: `cost_cents` by today's policy; only with `is_counted` it bears on the level."""

    event: EffortEvent
    order_number: str
    cost_cents: int
    is_counted: bool


@dataclass(frozen=True)
class EffortView:
    """A company's effort in twelve months; shares in basis points, 0 where there is none."""

    level: EffortLevel
    since: datetime | None
    minutes: int
    figures: YearFigures
    falls_bp: int
    next_level: EffortLevel | None
    next_bp: int
    least_cost_cents: int
    fee_cents: int
    override_ends_on: date | None
    touches: list[TouchLine]
    objection: Objection | None
    longest: int

    @property
    def may_object(self) -> bool:
        is_answered = self.objection is None or self.objection.answered_at is not None
        return self.level is not EffortLevel.NORMAL and is_answered


def read_effort(session: Session, customer_id: int, *, now: datetime) -> EffortView:
    """All that a company's own pages say of its effort, as of now."""
    customer = session.get_one(Customer, customer_id)
    policy = current_policy(session)
    bounds = bounds_of(policy)
    standing = standing_of(session, customer_id)
    year = year_of(session, customer_id, policy=policy, now=now)
    events = read_events(session, customer_id, since=twelve_months_before(now))
    numbers = orders_of_events(session, events)
    level = customer.effort_level
    return EffortView(
        level=level,
        since=standing.since if standing and level is not EffortLevel.NORMAL else None,
        minutes=year.counted_minutes,
        figures=year.figures(policy),
        **_bounds(level, bounds),
        least_cost_cents=policy.effort_least_cost_cents,
        fee_cents=policy.effort_fee_cents,
        override_ends_on=standing.override_ends_on if standing else None,
        touches=[
            TouchLine(
                event,
                numbers.get(event.order_id or 0, ""),
                effort_cost(event.minutes, policy),
                event.cause is EffortCause.THEIRS,
            )
            for event in events
        ],
        objection=_objection(session, customer_id),
        longest=LONGEST,
    )


def _bounds(level: EffortLevel, bounds: Bounds) -> dict[str, Any]:
    above = following(level)
    return {
        "falls_bp": falls_below_percent(level, bounds) * 100,
        "next_level": above,
        "next_bp": bounds.of(above) * 100 if above else 0,
    }


def _objection(session: Session, customer_id: int) -> Objection | None:
    """The newest objection, where it is against the effort or still open: one at a time."""
    newest = newest_objection(session, customer_id)
    if newest is None or (newest.against != EFFORT and newest.answered_at is not None):
        return None
    return newest
