"""A dispatch run is closed: it takes no further order, and what is still here moves to the next one."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col

from app.audit.service import Actor, record
from app.core.errors import N_, NotFound, Refused
from app.core.transaction import transaction
from app.fulfilment.models import WAREHOUSE, DispatchRun
from app.fulfilment.queries_calendar import read_course
from app.fulfilment.queries_runs import lock_waiting_orders
from app.fulfilment.rules.run_states import RunState
from app.fulfilment.rules.runs import Course
from app.jobs.service import insert_into, put_job


@dataclass(frozen=True, slots=True)
class ClosedRun:
    """What closing did: the numbers of the orders that had not left, and the run that takes them now."""

    moved: tuple[str, ...]
    next_on: date
    is_new: bool


def close_run(
    session: Session, run_on: date, *, state: str, timezone: str, actor: Actor, now: datetime
) -> ClosedRun:
    """Closes the run of a day once; what should have left with it goes with the next, and its customers are told.

    Raises NotFound for a day without a run, and Refused: `run.gone` for one of the past, `run.still_taking_orders`
    before its cut-off.
    """
    with transaction(session):
        course = read_course(session, state=state, timezone=timezone, now=now)
        if run_on in course.closed:
            return ClosedRun((), course.run_for(run_on).run_on, is_new=False)
        _check(course, run_on, now=now)
        # The orders first: what is just being handed over has left, or is among those that move.
        waiting = [
            order
            for order in lock_waiting_orders(session, until=run_on)
            if course.run_for(order.dispatch_on).run_on == run_on
        ]
        row = {
            "warehouse": WAREHOUSE,
            "run_on": run_on,
            "state": RunState.CLOSED,
            "closed_by": actor.name,
            "closed_at": now,
        }
        insert = insert_into(session, DispatchRun)
        # Two people may close it at once: the second writes nothing.
        once = insert.on_conflict_do_nothing(index_elements=["warehouse", "run_on"])
        if session.execute(once.returning(col(DispatchRun.run_on)), row).first() is None:
            return ClosedRun((), course.run_for(run_on).run_on, is_new=False)
        next_on = Course(
            course.policy, course.calendar, course.today, frozenset({*course.closed, run_on})
        ).run_for(run_on)
        numbers = tuple(order.number for order in waiting)
        record(
            session,
            actor,
            action="run.closed",
            object_kind="dispatch_run",
            object_id=None,
            object_name=run_on.isoformat(),
            now=now,
            new={"moved": list(numbers), "next_on": next_on.run_on.isoformat()},
        )
        put_job(session, "tell_late_orders", now=now)
    return ClosedRun(numbers, next_on.run_on, is_new=True)


def _check(course: Course, run_on: date, *, now: datetime) -> None:
    run = course.run_on(run_on)
    if run is None:
        raise NotFound(N_("No dispatch run leaves on this day."), code="run.unknown")
    if run_on < course.today:
        raise Refused(N_("This run is over: what is still here goes with the next one."), code="run.gone")
    if now < run.cut_off_at:
        raise Refused(
            N_("This run still takes orders: it can be closed after its cut-off."),
            code="run.still_taking_orders",
        )
