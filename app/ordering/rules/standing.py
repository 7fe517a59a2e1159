"""Standing orders: what they may be, and how each run of one goes."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

LEAST_EVERY_DAYS = 7
GREATEST_EVERY_DAYS = 365
LONGEST_AHEAD_DAYS = 365
"""The next order of a standing order lies at most so many days ahead."""
MOST_UNANSWERED = 3
"""After so many runs in a row without an answer a standing order pauses by itself."""
MOST_STANDING_LINES = 50
MOST_STANDING_ORDERS = 10
"""So many standing orders of one company at once, those that ended not counted."""


class StandingState(StrEnum):
    """A paused standing order asks for nothing; an ended one never again."""

    ACTIVE = "active"
    PAUSED = "paused"
    ENDED = "ended"


class RunState(StrEnum):
    """A run is asked for by e-mail; without an answer it expires, and nothing is ordered."""

    ASKED = "asked"
    CONFIRMED = "confirmed"
    SKIPPED = "skipped"
    EXPIRED = "expired"


STANDING_FOLLOWING: dict[StandingState, frozenset[StandingState]] = {
    StandingState.ACTIVE: frozenset({StandingState.PAUSED, StandingState.ENDED}),
    StandingState.PAUSED: frozenset({StandingState.ACTIVE, StandingState.ENDED}),
    StandingState.ENDED: frozenset(),
}

RUN_FOLLOWING: dict[RunState, frozenset[RunState]] = {
    RunState.ASKED: frozenset({RunState.CONFIRMED, RunState.SKIPPED, RunState.EXPIRED}),
    RunState.CONFIRMED: frozenset(),
    RunState.SKIPPED: frozenset(),
    RunState.EXPIRED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Question:
    """One run as it is asked for today: the day of the order, and the day of the question after this one."""

    run_on: date
    next_asks_on: date


def asks_on(run_on: date, *, every_days: int, ask_days: int) -> date:
    """The day on which a run is asked for: `ask_days` before it, yet never before the run before it is over."""
    return run_on - timedelta(days=notice_days(every_days, ask_days))


def notice_days(every_days: int, ask_days: int) -> int:
    """How many days a company has to answer: those of the policy, and less where its rhythm is shorter."""
    return min(ask_days, every_days - 1)


def ask(due_on: date, *, every_days: int, ask_days: int, today: date) -> Question:
    """The run that is asked for today by a standing order whose question was due on `due_on` (not after today).

    A run whose day has come before anybody asked gets its full notice from today on; questions that were missed are
    left out, the rhythm stays where it was. Two runs of one standing order never wait for an answer together.
    """
    notice = timedelta(days=notice_days(every_days, ask_days))
    run_on = due_on + notice if due_on + notice > today else today + notice
    passed = (run_on - due_on).days // every_days
    return Question(run_on, due_on + timedelta(days=every_days * (passed + 1)))


def expires_at(run_on: date, zone: tzinfo) -> datetime:
    """The moment (UTC) until which a run can be confirmed: the end of its day in the warehouse's time zone."""
    return datetime.combine(run_on + timedelta(days=1), time(), zone).astimezone(UTC)


def is_open(state: RunState, *, ends_at: datetime, now: datetime) -> bool:
    """Whether a run can still be confirmed or skipped."""
    return state is RunState.ASKED and now < ends_at


def may_answer(present: RunState, answer: RunState) -> bool:
    """Whether a run may end with an answer, or without one."""
    return answer in RUN_FOLLOWING[present]


def pauses(unanswered_count: int) -> bool:
    """Whether so many runs in a row without an answer pause a standing order."""
    return unanswered_count >= MOST_UNANSWERED


def may_stand(present: StandingState, following: StandingState) -> bool:
    """Whether a standing order may become `following`."""
    return following in STANDING_FOLLOWING[present]
