"""What is there of blocks decides how much of a bundle can be sold."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalogue.rules.stock import (
    Need,
    StockLevel,
    Wanted,
    free_milli,
    may_change_level,
    sellable_count,
    sellable_counts,
    smallest_order,
    stock_level,
    total_needs,
)

NEEDS = st.dictionaries(st.integers(1, 5), st.integers(1, 5_000), max_size=4).map(
    lambda found: tuple(Need(block_id, milli) for block_id, milli in found.items())
)
FREE = st.dictionaries(st.integers(1, 5), st.integers(0, 40_000), max_size=5)
LINES = st.lists(st.builds(Wanted, st.just(""), st.integers(1, 30), NEEDS), max_size=5)


@pytest.mark.parametrize(
    ("free", "count"),
    [
        ({1: 6_000, 2: 2_399}, 2),  # six pieces for two each, 2.399 litres for 0.8 each
        ({1: 3_999, 2: 99_000}, 1),
        ({1: 0, 2: 99_000}, 0),
        ({2: 4_000}, 5),  # the pieces are made to order
        ({}, None),
    ],
)
def test_the_scarcest_counted_block_decides(free: dict[int, int], count: int | None) -> None:
    assert sellable_count([Need(1, 2_000), Need(2, 800)], free) == count


@pytest.mark.parametrize(
    ("count", "smallest", "level"),
    [
        (None, 1, StockLevel.PLENTY),
        (6, 1, StockLevel.PLENTY),
        (5, 1, StockLevel.FEW),
        (1, 1, StockLevel.FEW),
        (0, 1, StockLevel.NONE),
        (9, 10, StockLevel.NONE),
        (10, 10, StockLevel.FEW),
        (59, 10, StockLevel.FEW),
        (60, 10, StockLevel.PLENTY),
    ],
)
def test_the_level_counts_smallest_orders(count: int | None, smallest: int, level: StockLevel) -> None:
    assert stock_level(count, smallest=smallest, few_left_count=5) is level


def test_what_staff_counted_below_what_is_promised_leaves_nothing_free() -> None:
    assert (free_milli(3_000, 1_000), free_milli(1_000, 3_000)) == (2_000, 0)


def test_a_minimum_of_eight_in_steps_of_five_is_ordered_from_ten_on() -> None:
    assert (smallest_order(8, 5), smallest_order(10, 5), smallest_order(1, 1)) == (10, 10, 1)


@given(NEEDS, FREE)
def test_one_more_than_the_sellable_count_would_take_more_than_is_there(
    needs: tuple[Need, ...], free: dict[int, int]
) -> None:
    count = sellable_count(needs, free)

    counted = [need for need in needs if need.block_id in free]
    if count is None:
        assert counted == []
        return
    assert all(need.quantity_milli * count <= free[need.block_id] for need in counted)
    assert any(need.quantity_milli * (count + 1) > free[need.block_id] for need in counted)


@given(LINES, FREE)
def test_lines_that_take_no_more_than_their_counts_never_take_more_than_is_there(
    lines: list[Wanted], free: dict[int, int]
) -> None:
    counts = sellable_counts(lines, free)

    taken = total_needs(
        Wanted("", line.quantity if count is None else min(line.quantity, count), line.needs)
        for line, count in zip(lines, counts, strict=True)
    )
    assert all(milli <= free[block_id] for block_id, milli in taken.items() if block_id in free)


@given(LINES, FREE)
def test_all_lines_fit_exactly_when_the_sum_of_their_needs_does(
    lines: list[Wanted], free: dict[int, int]
) -> None:
    counts = sellable_counts(lines, free)

    each_fits = all(
        count is None or line.quantity <= count for line, count in zip(lines, counts, strict=True)
    )
    sum_fits = all(
        milli <= free[block_id] for block_id, milli in total_needs(lines).items() if block_id in free
    )
    assert each_fits == sum_fits


@given(
    st.lists(st.tuples(st.integers(1, 4_000), st.integers(1, 20)), min_size=1, max_size=5),
    st.integers(-5_000, 60_000),
    st.integers(-5_000, 60_000),
    st.integers(0, 20),
)
def test_where_no_level_may_change_none_does(
    bundles: list[tuple[int, int]], before: int, after: int, few: int
) -> None:
    largest = max(milli * smallest for milli, smallest in bundles)
    if may_change_level(before, after, largest_need_milli=largest, few_left_count=few):
        return

    for milli, smallest in bundles:
        levels = {
            stock_level(
                sellable_count([Need(1, milli)], {1: max(0, free)}), smallest=smallest, few_left_count=few
            )
            for free in (before, after)
        }
        assert len(levels) == 1
