"""How bundles are proposed: sure shares, packs, typical quantities, likeness and the price."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.insights.rules.proposing import (
    Aims,
    PriceReason,
    aims_of,
    likeness,
    pack_size,
    suggest_price,
    surely_at_least,
    typical_quantity,
)
from app.policy.rules.policy import Policy

LINES = st.lists(st.integers(1, 60).map(lambda count: count * 1000), min_size=1, max_size=60)


def test_the_lower_end_of_wilsons_interval_is_that_of_the_textbook() -> None:
    assert surely_at_least(0.1, 100, 1.96) == pytest.approx(0.0552, abs=0.0001)
    assert surely_at_least(0.0, 100, 2.33) == 0.0
    assert surely_at_least(0.5, 0, 2.33) == 0.0


@given(st.floats(0, 1), st.floats(1, 1e6), st.floats(0, 4))
def test_what_a_share_surely_reaches_is_never_above_it(share: float, trials: float, certainty: float) -> None:
    assert 0 <= surely_at_least(share, trials, certainty) <= share + 1e-9


@pytest.mark.parametrize(
    "quantities, pack",
    [
        ([6, 6, 12, 24, 6, 5], 6),
        ([7, 11, 13, 1, 2], 1),
        ([10, 20, 10, 30], 10),
        ([1, 2, 3, 4, 5], 1),
        ([48], 48),
    ],
)
def test_a_pack_is_what_most_lines_are_whole_multiples_of(quantities: list[int], pack: int) -> None:
    assert pack_size([count * 1000 for count in quantities]) == pack * 1000


def test_a_block_that_is_sold_by_less_than_a_unit_has_a_pack_below_one() -> None:
    assert pack_size([250, 250, 500, 750]) == 250


def test_one_order_of_a_thousand_does_not_move_the_typical_quantity() -> None:
    assert typical_quantity([6000] * 9 + [1_000_000], 6000) == 6000
    assert typical_quantity([10_000, 11_000, 12_000], 6000) == 6000
    assert typical_quantity([1000], 6000) == 6000
    assert typical_quantity([], 6000) == 6000


@given(LINES)
def test_a_typical_quantity_is_whole_packs_and_nobody_bought_only_less(quantities: list[int]) -> None:
    pack = pack_size(quantities)
    typical = typical_quantity(quantities, pack)

    assert typical > 0
    assert typical % pack == 0
    assert typical <= max(quantities)


def test_sets_are_alike_by_the_share_of_common_blocks() -> None:
    assert likeness({"A", "B"}, {"A", "B", "C"}) == pytest.approx(2 / 3)
    assert likeness({"A", "B"}, {"A", "C"}) == pytest.approx(1 / 3)
    assert likeness({"A"}, {"A"}) == 1.0
    assert likeness([], []) == 0.0


@pytest.mark.parametrize(
    "c_cents, ab_cents, lowest_cents, price, reason",
    [
        (1000, 900, 800, 1000, PriceReason.C_PAID),
        (1000, None, None, 1000, PriceReason.C_PAID),
        (1000, 1100, 800, 1100, PriceReason.AB_PAY),
        (1000, 1100, 1200, 1200, PriceReason.FLOOR),
        (0, None, None, 1, PriceReason.C_PAID),
    ],
)
def test_a_suggested_price_is_below_neither_the_floor_nor_what_a_and_b_pay(
    c_cents: int, ab_cents: int | None, lowest_cents: int | None, price: int, reason: PriceReason
) -> None:
    assert suggest_price(c_cents=c_cents, ab_cents=ab_cents, lowest_cents=lowest_cents) == (price, reason)


def test_the_policys_defaults_are_the_aims_that_were_measured() -> None:
    assert aims_of(Policy()) == Aims()
