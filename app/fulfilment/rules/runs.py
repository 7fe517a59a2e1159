"""Dispatch runs as staff see them: the next ones, which one a parcel leaves with, and what is late."""

from datetime import date, datetime, timedelta

from app.ordering.rules.promise import Calendar, Run, run_of_week
from app.policy.rules.policy import Policy

WEEK = timedelta(days=7)


def next_runs(policy: Policy, calendar: Calendar, *, now: datetime, count: int) -> list[Run]:
    """The next `count` runs, today's among them, earliest first; a run moved by a holiday counts on its new day."""
    today = now.astimezone(calendar.zone).date()
    runs: list[Run] = []
    # A run of last week that a holiday moved may still be ahead.
    nominal_on = today - WEEK
    while len(runs) < count:
        run = run_of_week(policy, calendar, nominal_on)
        if run.run_on >= today and (not runs or run.run_on > runs[-1].run_on):
            runs.append(run)
        nominal_on += WEEK
    return runs


def leaves_with(dispatch_on: date, *, today: date) -> date:
    """The run that a parcel counts to when it is handed over today: the promised one, or today's when it is late."""
    return max(dispatch_on, today)


def is_late(dispatch_on: date, *, today: date) -> bool:
    """Whether an order that still stands here should have left on an earlier day."""
    return dispatch_on < today
