"""Dispatch runs as staff see them: the next ones, which one takes an order, and what is late."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from app.ordering.rules.promise import WEEK, Calendar, Run, arrival, run_of_week, run_taking
from app.policy.rules.policy import Policy

YEARS = range(2000, 2200)
"""The years of which a calendar knows something."""
NONE_CLOSED: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Course:
    """What runs are worked out from: the rules, the calendar, the warehouse's date, and the runs that staff closed."""

    policy: Policy
    calendar: Calendar
    today: date
    closed: Collection[date] = NONE_CLOSED

    def run_for(self, dispatch_on: date) -> Run:
        """The run that takes an order which should leave on a day and is still here: the first open one from then on.

        Raises ValueError where closing days leave none within reach.
        """
        return run_taking(
            self.policy,
            self.calendar,
            dispatch_on=dispatch_on,
            today=self.today,
            is_run_closed=self.closed.__contains__,
        )

    def misses_its_run(self, dispatch_on: date) -> bool:
        """Whether an order that is still here leaves later than with its run: that has gone, moved or was closed."""
        return self.run_for(dispatch_on).run_on > dispatch_on

    def expected_on(self, dispatch_on: date) -> date:
        """The working day on which an order that is still here arrives."""
        return self.arrival_of(self.run_for(dispatch_on).run_on)

    def arrival_of(self, run_on: date) -> date:
        """The working day on which what leaves with a run arrives."""
        return arrival(self.policy, self.calendar, run_on=run_on)

    def next_runs(self, count: int) -> list[Run]:
        """The next `count` runs that are open, today's among them, earliest first."""
        runs: list[Run] = []
        wanted_on = self.today
        while len(runs) < count:
            runs.append(self.run_for(wanted_on))
            wanted_on = runs[-1].run_on + timedelta(days=1)
        return runs

    def by_run(self, due: Iterable[tuple[date, int]]) -> dict[date, int]:
        """For each run the number of orders that it takes, of so many that should leave on each day."""
        found: dict[date, int] = {}
        for dispatch_on, count in due:
            run_on = self.run_for(dispatch_on).run_on
            found[run_on] = found.get(run_on, 0) + count
        return found

    def run_on(self, day: date) -> Run | None:
        """The run that leaves on a day, whether it has gone, is closed or is ahead; None where none does."""
        if day.year not in YEARS:
            return None
        run = run_of_week(self.policy, self.calendar, day - WEEK)
        while run.run_on < day:
            run = run_of_week(self.policy, self.calendar, run.run_on + timedelta(days=1))
        return run if run.run_on == day else None


def with_closed_days(course: Course, days: Collection[date]) -> Course:
    """The same with the warehouse closed on more days."""
    more = frozenset(days)
    calendar = replace(course.calendar, is_closed=lambda day: day in more or course.calendar.is_closed(day))
    return replace(course, calendar=calendar)


def next_runs(policy: Policy, calendar: Calendar, *, now: datetime, count: int) -> list[Run]:
    """The next `count` runs, today's among them, earliest first; a run moved by a holiday counts on its new day."""
    return Course(policy, calendar, now.astimezone(calendar.zone).date()).next_runs(count)


def leaves_with(dispatch_on: date, *, today: date) -> date:
    """The run that a parcel counts to when it is handed over today: the promised one, or today's when it is late."""
    return max(dispatch_on, today)
