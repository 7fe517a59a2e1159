"""Standing orders: when they ask, how long a run waits, and which state may follow which."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ordering.rules.standing import (
    MOST_UNANSWERED,
    RUN_FOLLOWING,
    STANDING_FOLLOWING,
    Question,
    RunState,
    StandingState,
    ask,
    asks_on,
    expires_at,
    is_open,
    may_stand,
    pauses,
)

BERLIN = ZoneInfo("Europe/Berlin")


def test_a_run_is_asked_for_so_many_days_before_it() -> None:
    assert asks_on(date(2026, 4, 20), every_days=42, ask_days=5) == date(2026, 4, 15)
    assert ask(date(2026, 4, 15), every_days=42, ask_days=5, today=date(2026, 4, 15)) == Question(
        date(2026, 4, 20), date(2026, 5, 27)
    )


def test_a_rhythm_shorter_than_the_notice_asks_only_when_the_run_before_is_over() -> None:
    assert ask(date(2026, 4, 1), every_days=7, ask_days=30, today=date(2026, 4, 1)) == Question(
        date(2026, 4, 7), date(2026, 4, 8)
    )


def test_questions_that_were_missed_are_left_out_and_the_rhythm_stays() -> None:
    # Nobody worked for 100 days: one question today, the next one where the rhythm of 42 days has it.
    assert ask(date(2026, 1, 1), every_days=42, ask_days=5, today=date(2026, 4, 11)) == Question(
        date(2026, 4, 16), date(2026, 5, 7)
    )


def test_a_day_that_was_chosen_for_soon_is_kept() -> None:
    # The customer wants it the day after tomorrow: the question is due at once.
    due_on = asks_on(date(2026, 4, 12), every_days=42, ask_days=5)

    assert ask(due_on, every_days=42, ask_days=5, today=date(2026, 4, 10)).run_on == date(2026, 4, 12)


def test_a_run_waits_until_the_end_of_its_day_at_the_warehouse() -> None:
    ends_at = expires_at(date(2026, 3, 28), BERLIN)

    assert ends_at == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert expires_at(date(2026, 3, 29), BERLIN) == datetime(2026, 3, 29, 22, tzinfo=UTC)
    assert is_open(RunState.ASKED, ends_at=ends_at, now=ends_at - timedelta(microseconds=1))
    assert not is_open(RunState.ASKED, ends_at=ends_at, now=ends_at)


@pytest.mark.parametrize("state", [state for state in RunState if state is not RunState.ASKED])
def test_an_answered_or_expired_run_is_never_open_again(state: RunState) -> None:
    assert not is_open(state, ends_at=datetime(2027, 1, 1, tzinfo=UTC), now=datetime(2026, 1, 1, tzinfo=UTC))
    assert RUN_FOLLOWING[state] == frozenset()


def test_every_state_is_reached_and_only_the_end_is_an_end() -> None:
    reached = {following for states in STANDING_FOLLOWING.values() for following in states}

    assert reached == set(StandingState)
    assert [state for state, after in STANDING_FOLLOWING.items() if not after] == [StandingState.ENDED]
    assert RUN_FOLLOWING[RunState.ASKED] == set(RunState) - {RunState.ASKED}
    assert not may_stand(StandingState.ENDED, StandingState.ACTIVE)


def test_three_runs_without_an_answer_pause_it() -> None:
    assert [pauses(count) for count in range(5)] == [False, False, False, True, True]
    assert MOST_UNANSWERED == 3


@settings(max_examples=60)
@given(
    st.dates(date(2026, 1, 1), date(2030, 1, 1)),
    st.integers(7, 365),
    st.integers(1, 30),
    st.lists(st.integers(0, 400), min_size=1, max_size=30),
)
def test_whenever_the_worker_looks_runs_come_in_order_and_never_two_at_a_time(
    first_on: date, every_days: int, ask_days: int, naps: list[int]
) -> None:
    due_on, today, last_run_on = first_on, first_on, None
    for nap in naps:
        today += timedelta(days=nap)
        if due_on > today:
            continue
        question = ask(due_on, every_days=every_days, ask_days=ask_days, today=today)

        assert today < question.run_on <= today + timedelta(days=ask_days)
        assert question.next_asks_on > question.run_on
        assert (question.next_asks_on - first_on).days % every_days == 0
        assert (question.next_asks_on - question.run_on).days <= every_days
        assert last_run_on is None or last_run_on < today
        due_on, last_run_on = question.next_asks_on, question.run_on
