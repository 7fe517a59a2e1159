"""The closed frequent sets, against counting by hand."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.insights import frequent_sets
from app.insights.frequent_sets import closed_sets

BASKETS = st.lists(st.frozensets(st.sampled_from("ABCDEF"), min_size=1), min_size=1, max_size=25)


def counted(baskets: list[frozenset[str]], minimum_count: int, longest: int) -> dict[frozenset[str], int]:
    """Every closed set by counting all subsets of all sizes."""
    sizes = range(1, 7)
    names = sorted(set().union(*baskets))
    counts = {
        frozenset(one): sum(set(one) <= basket for basket in baskets)
        for size in sizes
        for one in combinations(names, size)
    }
    frequent = {one: count for one, count in counts.items() if count >= minimum_count}
    return {
        one: count
        for one, count in frequent.items()
        if len(one) <= longest and not any(one < other and frequent[other] == count for other in frequent)
    }


@settings(max_examples=200, deadline=None)
@given(BASKETS, st.integers(1, 6), st.integers(1, 5))
def test_exactly_the_closed_frequent_sets_are_found(
    baskets: list[frozenset[str]], minimum_count: int, longest: int
) -> None:
    assert closed_sets(baskets, minimum_count=minimum_count, longest=longest) == counted(
        baskets, minimum_count, longest
    )


def test_no_basket_and_too_few_baskets_have_no_sets() -> None:
    assert closed_sets([], minimum_count=1, longest=5) == {}
    assert closed_sets([{"A"}], minimum_count=2, longest=5) == {}


def test_equal_giant_baskets_do_not_blow_up() -> None:
    giant = [{f"S{number}" for number in range(400)} for _ in range(6)]

    found = closed_sets(giant, minimum_count=5, longest=5)

    # 79,800 pairs are more than MOST_SETS: larger sizes are not looked for.
    assert {len(one) for one in found} == {2}


def test_only_the_most_often_bought_articles_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frequent_sets, "MOST_ARTICLES", 2)
    baskets = [{"A", "B", "C"}, {"A", "B", "C"}, {"A", "B"}]

    assert closed_sets(baskets, minimum_count=2, longest=3) == {frozenset("AB"): 3}
