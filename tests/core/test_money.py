"""Whole cents, one rounding rule, splits that sum up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import divide_half_up, share_bp, split


@pytest.mark.parametrize(
    ("amount_cents", "rate_bp", "share_cents"),
    [(100, 1900, 19), (1, 1900, 0), (3, 1900, 1), (50, 700, 4), (-50, 700, -4), (0, 1900, 0), (10_000, 0, 0)],
)
def test_a_share_is_rounded_half_up_to_the_cent(amount_cents: int, rate_bp: int, share_cents: int) -> None:
    assert share_bp(amount_cents, rate_bp) == share_cents


@given(st.integers(-(10**12), 10**12), st.integers(1, 10**6))
def test_rounding_is_never_off_by_more_than_a_half(numerator: int, denominator: int) -> None:
    assert abs(divide_half_up(numerator, denominator) * denominator - numerator) * 2 <= denominator


@given(st.integers(0, 10**10), st.lists(st.integers(0, 10**6), min_size=1, max_size=12))
def test_the_parts_of_a_split_sum_up_to_the_cent(amount_cents: int, weights: list[int]) -> None:
    assert sum(split(amount_cents, weights)) == amount_cents


def test_the_rest_cent_goes_to_the_largest_part() -> None:
    assert split(100, [1, 1, 1]) == [34, 33, 33]
    assert split(1000, [3, 700, 11]) == [4, 981, 15]


def test_a_split_without_any_part_is_refused() -> None:
    with pytest.raises(ValueError, match="weights"):
        split(100, [])
