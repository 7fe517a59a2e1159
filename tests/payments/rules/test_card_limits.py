"""Limits against card testing: what one company may try, and when the whole shop becomes careful."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.payments.rules.card_limits import (
    DAY,
    HOUR,
    MOST_DECLINES_WHILE_CAREFUL,
    BreakerLimits,
    Limits,
    Refusal,
    Stop,
    Traffic,
    Tries,
    Trip,
    careful_refusal,
    free_at,
    has_too_many_declines,
    may_clear,
    refusal_of,
    trip_of,
)

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LIMITS = Limits(pages_per_hour=5, pages_per_day=12, declines_per_hour=3, declines_per_day=6)
BREAKER = BreakerLimits(declines_per_hour=60, least_declines=10, declined_percent=60)


def ago(*minutes: int) -> list[datetime]:
    return [NOW - timedelta(minutes=minute) for minute in minutes]


def test_a_company_without_tries_may_open_a_page() -> None:
    assert refusal_of(Tries(), LIMITS, now=NOW) is None


def test_one_page_less_than_the_limit_is_allowed_and_the_limit_is_not() -> None:
    assert refusal_of(Tries(pages=ago(1, 2, 3, 4)), LIMITS, now=NOW) is None
    assert refusal_of(Tries(pages=ago(5, 4, 3, 2, 1)), LIMITS, now=NOW) == Refusal(
        Stop.TOO_MANY_PAGES, NOW + timedelta(minutes=55)
    )


def test_a_try_counts_until_exactly_its_window_is_over() -> None:
    assert free_at(ago(60, 59, 58), limit=3, window=HOUR, now=NOW) is None
    assert free_at(ago(59, 58, 57), limit=3, window=HOUR, now=NOW) == NOW + timedelta(minutes=1)


def test_declines_stop_a_company_sooner_than_pages_and_the_longest_wait_counts() -> None:
    tries = Tries(pages=ago(1, 2, 3, 4, 5), declines=ago(50, 2, 1, 120, 130, 140))

    assert refusal_of(tries, LIMITS, now=NOW) == Refusal(
        Stop.TOO_MANY_DECLINES, NOW + DAY - timedelta(minutes=140)
    )


@pytest.mark.parametrize(
    ("minutes", "is_careful", "expected"),
    [
        ((1, 2), False, False),
        ((1, 2, 3), False, True),
        ((1, 100, 200, 300, 400), False, False),
        ((1, 100, 200, 300, 400, 500), False, True),
        ((1,), True, False),
        ((1, 100), True, True),
        ((1, 1441), True, False),
    ],
)
def test_a_page_is_closed_at_the_limit_of_the_hour_or_the_day_and_sooner_while_careful(
    minutes: tuple[int, ...], is_careful: bool, expected: bool
) -> None:
    assert has_too_many_declines(ago(*minutes), LIMITS, is_careful=is_careful, now=NOW) is expected


def test_while_careful_two_declines_a_day_are_all_that_a_new_company_has() -> None:
    assert MOST_DECLINES_WHILE_CAREFUL == 2
    assert careful_refusal(ago(1), now=NOW) is None
    assert careful_refusal(ago(1, 90), now=NOW) == Refusal(
        Stop.TOO_MANY_DECLINES, NOW + DAY - timedelta(minutes=90)
    )


@pytest.mark.parametrize(
    ("declined", "reserved", "expected"),
    [
        (9, 0, None),
        (10, 0, Trip.RATE),
        (10, 6, Trip.RATE),
        (10, 7, None),
        (59, 1_000, None),
        (60, 1_000, Trip.COUNT),
        (0, 0, None),
    ],
)
def test_the_breaker_trips_at_a_share_of_enough_declines_or_at_many(
    declined: int, reserved: int, expected: Trip | None
) -> None:
    assert trip_of(Traffic(declined, reserved), BREAKER) is expected


def test_the_breaker_clears_when_its_time_is_over_and_nothing_trips_it() -> None:
    calm, wild, wait = Traffic(9, 0), Traffic(10, 0), timedelta(minutes=60)

    def clears(traffic: Traffic, minutes: int) -> bool:
        tripped_at = NOW - timedelta(minutes=minutes)
        return may_clear(traffic, BREAKER, tripped_at=tripped_at, wait=wait, now=NOW)

    assert (clears(calm, 59), clears(calm, 60), clears(wild, 600)) == (False, True, False)


def test_the_share_of_declines_is_shown_in_basis_points() -> None:
    assert [Traffic(*counts).declined_bp for counts in ((0, 0), (1, 2), (3, 0))] == [0, 3_333, 10_000]


@settings(max_examples=60)
@given(st.lists(st.integers(0, 3_000), max_size=40), st.integers(1, 10))
def test_at_the_moment_that_is_named_there_is_a_page_again_and_not_before(
    seconds: list[int], limit: int
) -> None:
    moments = [NOW - timedelta(seconds=second) for second in seconds]

    open_at = free_at(moments, limit=limit, window=HOUR, now=NOW)

    if open_at is None:
        assert len(moments) < limit
    else:
        assert open_at > NOW
        assert free_at(moments, limit=limit, window=HOUR, now=open_at) is None
        assert free_at(moments, limit=limit, window=HOUR, now=open_at - timedelta(seconds=1)) is not None
