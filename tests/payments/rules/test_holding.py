from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.customers.rules.admission import ScreeningState
from app.mainbrand.rules.segments import Segment
from app.payments.rules.holding import HoldDecision, ShutOut, Step, next_step, release_by, shut_out

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def _shut_out(**values: object) -> ShutOut | None:
    standing = {
        "screening": ScreeningState.CLEAR,
        "segment": Segment.C,
        "main_segment": None,
        "is_moved_up": False,
    }
    return shut_out(**{**standing, **values})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        ({}, None),
        ({"main_segment": Segment.C}, None),
        ({"segment": Segment.UNRATED}, None),
        ({"screening": ScreeningState.REVIEW}, None),
        ({"screening": ScreeningState.BLOCKED}, ShutOut.BLOCKED),
        ({"screening": ScreeningState.REFUSED}, ShutOut.REFUSED),
        ({"segment": Segment.A}, ShutOut.MAIN_BRAND),
        ({"segment": Segment.B}, ShutOut.MAIN_BRAND),
        ({"main_segment": Segment.B}, ShutOut.MAIN_BRAND),
        ({"is_moved_up": True}, ShutOut.MOVED_UP),
    ],
)
def test_only_a_company_that_must_not_buy_under_another_name_is_shut_out(
    standing: dict[str, object], expected: ShutOut | None
) -> None:
    assert _shut_out(**standing) is expected


def test_a_hold_lasts_as_long_as_the_policy_says_but_ends_a_day_before_the_authorisation() -> None:
    in_a_week = NOW + timedelta(days=7)

    assert release_by(held_at=NOW, capture_before_at=in_a_week, hours=72) == NOW + timedelta(hours=72)
    assert release_by(held_at=NOW, capture_before_at=in_a_week, hours=160) == NOW + timedelta(days=6)
    assert release_by(held_at=NOW, capture_before_at=None, hours=72) == NOW + timedelta(days=1)


@given(hours=st.integers(1, 1_000), minutes=st.integers(-10_000, 20_000))
def test_no_hold_reaches_the_end_of_its_authorisation(hours: int, minutes: int) -> None:
    end_at = NOW + timedelta(minutes=minutes)

    assert release_by(held_at=NOW, capture_before_at=end_at, hours=hours) <= end_at - timedelta(hours=24)


@pytest.mark.parametrize("late", [False, True])
def test_only_a_person_lets_held_money_go_on_and_time_gives_it_back(late: bool) -> None:
    release_by_at = NOW if late else NOW + timedelta(seconds=1)
    steps = {
        decision: next_step(decision=decision, release_by_at=release_by_at, now=NOW)
        for decision in (None, HoldDecision.GO_ON, HoldDecision.RELEASE)
    }

    assert steps == {
        None: Step.LAPSE if late else Step.HOLD,
        HoldDecision.GO_ON: Step.CHARGE,
        HoldDecision.RELEASE: Step.GIVE_BACK,
    }
