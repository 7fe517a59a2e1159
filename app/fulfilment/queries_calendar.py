"""Reading the warehouse's calendar: its closing days, and the runs that staff closed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Session, SQLModel, col, select

from app.fulfilment.calendar import work_calendar
from app.fulfilment.models import WAREHOUSE, ClosingDay, DispatchRun
from app.fulfilment.rules.run_states import RunState
from app.fulfilment.rules.runs import Course
from app.ordering.rules.promise import Calendar
from app.policy.queries import current_policy

LOOKS_BACK = timedelta(days=45)
"""How long a closing day or a closed run can still move what is ahead."""

# Built once: every promise asks it.
_DAYS = SQLModel.metadata.tables[str(ClosingDay.__tablename__)]
_CLOSING_DAYS = select_columns(_DAYS.c.day).where(
    _DAYS.c.warehouse == bindparam("warehouse"), _DAYS.c.day >= bindparam("since")
)


def warehouse_calendar(session: Session, *, state: str, timezone: str, now: datetime) -> Calendar:
    """The calendar of the warehouse in its federal state and time zone, with its own closing days. One small query."""
    return with_closing_days(session, work_calendar(state, timezone), now=now)


def with_closing_days(session: Session, calendar: Calendar, *, now: datetime) -> Calendar:
    """A calendar that knows the warehouse's own closing days too. One small query."""
    since = now.astimezone(calendar.zone).date() - LOOKS_BACK
    rows = session.connection().execute(_CLOSING_DAYS, {"warehouse": WAREHOUSE, "since": since})
    days = frozenset(day for (day,) in rows)
    return replace(calendar, is_closed=lambda day: day in days or calendar.is_closed(day))


def read_course(session: Session, *, state: str, timezone: str, now: datetime) -> Course:
    """What the runs are worked out from at this moment: three small queries."""
    calendar = warehouse_calendar(session, state=state, timezone=timezone, now=now)
    today = now.astimezone(calendar.zone).date()
    return Course(current_policy(session), calendar, today, closed_runs(session, since=today - LOOKS_BACK))


def closed_runs(session: Session, *, since: date) -> frozenset[date]:
    """The days of the runs from `since` on that staff closed."""
    found = session.execute(
        select_columns(col(DispatchRun.run_on)).where(
            col(DispatchRun.warehouse) == WAREHOUSE,
            col(DispatchRun.run_on) >= since,
            col(DispatchRun.state) == RunState.CLOSED,
        )
    )
    return frozenset(found.scalars())


def closing_days_from(session: Session, *, since: date) -> Sequence[ClosingDay]:
    """The closing days from a day on, earliest first."""
    return session.exec(
        select(ClosingDay)
        .where(col(ClosingDay.warehouse) == WAREHOUSE, col(ClosingDay.day) >= since)
        .order_by(col(ClosingDay.day))
    ).all()


def run_row(session: Session, run_on: date) -> DispatchRun | None:
    """What staff did with a run; None while nobody did anything."""
    return session.exec(
        select(DispatchRun).where(col(DispatchRun.warehouse) == WAREHOUSE, col(DispatchRun.run_on) == run_on)
    ).first()
