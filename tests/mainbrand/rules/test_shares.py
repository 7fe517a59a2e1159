"""ABC analysis: A makes the first share of the revenue, B the next."""

from hypothesis import given
from hypothesis import strategies as st

from app.mainbrand.rules.shares import RevenueBounds, bounds_by_shares


def test_a_makes_the_first_four_fifths_and_b_the_next_fifteen_percent() -> None:
    found = bounds_by_shares([100, 500, 300, 60, 40, -7, 0], a_share_bp=8000, b_share_bp=1500)

    # 500 + 300 = 80 %, + 100 + 60 = 96 %.
    assert found == RevenueBounds(a_cents=300, b_cents=60)


def test_without_revenue_there_are_no_bounds() -> None:
    assert bounds_by_shares([0, -5], a_share_bp=8000, b_share_bp=1500) is None


@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=60), st.integers(1, 98), st.integers(1, 98))
def test_those_at_the_bounds_or_above_make_the_shares_and_none_of_them_is_needless(
    revenues: list[int], a_percent: int, b_percent: int
) -> None:
    b_percent = min(b_percent, 99 - a_percent)
    found = bounds_by_shares(revenues, a_share_bp=a_percent * 100, b_share_bp=b_percent * 100)

    assert found is not None
    assert found.b_cents <= found.a_cents
    for bound, percent in ((found.a_cents, a_percent), (found.b_cents, a_percent + b_percent)):
        assert sum(one for one in revenues if one >= bound) * 100 >= sum(revenues) * percent
        assert sum(one for one in revenues if one > bound) * 100 < sum(revenues) * percent
