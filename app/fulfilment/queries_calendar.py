"""Reading the warehouse's calendar: its closing days, and the runs that staff closed."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import bindparam, literal_column, union_all
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
_RUNS = SQLModel.metadata.tables[str(DispatchRun.__tablename__)]
_CLOSED = union_all(
    select_columns(_DAYS.c.day, literal_column("0").label("is_run")).where(
        _DAYS.c.warehouse == bindparam("warehouse"), _DAYS.c.day >= bindparam("since")
    ),
    select_columns(_RUNS.c.run_on, literal_column("1")).where(
        _RUNS.c.warehouse == bindparam("warehouse"),
        _RUNS.c.run_on >= bindparam("since"),
        _RUNS.c.state == RunState.CLOSED,
    ),
)


def warehouse_calendar(session: Session, *, state: str, timezone: str, now: datetime) -> Calendar:
    """The calendar of the warehouse in its federal state and time zone, as `with_closing_days` makes it."""
    return with_closing_days(session, work_calendar(state, timezone), now=now)


def with_closing_days(session: Session, calendar: Calendar, *, now: datetime) -> Calendar:
    """A calendar that knows the warehouse's own closing days too, and the runs that staff closed. One small query."""
    since = now.astimezone(calendar.zone).date() - LOOKS_BACK
    rows = session.connection().execute(_CLOSED, {"warehouse": WAREHOUSE, "since": since}).all()
    days = frozenset(day for day, is_run in rows if not is_run)
    runs = frozenset(day for day, is_run in rows if is_run)
    return replace(
        calendar,
        is_closed=lambda day: day in days or calendar.is_closed(day),
        is_run_closed=lambda day: day in runs or calendar.is_run_closed(day),
    )


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
