"""What counts as growth, the plain rule, and sales' judgement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.mainbrand.rules.prospect import (
    Buying,
    Judgement,
    Method,
    Prospect,
    growth_target_cents,
    judged,
    plain_prospect,
)


@pytest.mark.parametrize(
    "own_cents, target_cents",
    [(0, 50_000), (30_000, 50_000), (40_000, 60_000), (80_000, 100_000), (99_999, 100_000), (-500, 50_000)],
)
def test_growing_is_reaching_the_bound_or_half_as_much_again_from_half_the_bound(
    own_cents: int, target_cents: int
) -> None:
    assert growth_target_cents(own_cents, 100_000) == target_cents


def test_the_plain_rule_goes_by_the_pace_of_the_purchases() -> None:
    steady = Buying(600_000, 600_000, order_count=6, recency_days=20, tenure_days=365)
    asleep = Buying(600_000, 600_000, order_count=6, recency_days=200, tenure_days=365)
    young = Buying(300_000, 300_000, order_count=2, recency_days=10, tenure_days=61)

    values = [
        plain_prospect(one, bound_cents=1_000_000, listed_cents=None, headcount=None).value
        for one in (steady, asleep, young, Buying())
    ]

    assert [round(value, 3) for value in values] == [0.092, 0.056, 0.235, 0.02]


def test_without_purchases_the_revenue_of_the_list_and_the_headcount_decide() -> None:
    small = plain_prospect(Buying(), bound_cents=1_000_000, listed_cents=500_000, headcount=49)
    large = plain_prospect(Buying(), bound_cents=1_000_000, listed_cents=500_000, headcount=50)

    assert (round(small.value, 3), round(large.value, 3), small.method) == (0.08, 0.12, Method.RULE)
    assert (round(large.low, 3), round(large.high, 3)) == (0.06, 0.18)


def test_sales_judgement_multiplies_or_divides_the_odds() -> None:
    prospect = Prospect(0.2, 0.1, 0.3, Method.MODEL)

    assert round(judged(prospect, Judgement.HIGH, factor_percent=200).value, 4) == 0.3333
    assert round(judged(prospect, Judgement.LOW, factor_percent=200).value, 4) == 0.1111
    assert judged(prospect, Judgement.EVEN, factor_percent=200) == prospect
    assert judged(prospect, None, factor_percent=200) == prospect


@given(st.floats(0, 1), st.sampled_from(list(Judgement)), st.integers(100, 1000))
def test_a_judged_prospect_stays_a_probability(value: float, judgement: Judgement, factor: int) -> None:
    found = judged(Prospect(value, value, value, Method.RULE), judgement, factor_percent=factor)

    assert 0 <= found.low <= found.value <= found.high <= 1
