"""Order steps and minimum quantities."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ordering.rules.quantities import (
    GREATEST_QUANTITY,
    QuantityFault,
    QuantityProblem,
    QuantityRule,
    available_quantity,
    check_quantity,
    greatest_quantity,
    least_quantity,
    missing_count,
    nearest_quantity,
    told_problem,
)

RULES = st.builds(
    QuantityRule,
    st.integers(1, GREATEST_QUANTITY),
    st.integers(1, GREATEST_QUANTITY),
    st.none() | st.integers(1, 12_000),
    st.none() | st.integers(0, 12_000),
)


@pytest.mark.parametrize(
    "quantity, problem",
    [
        (9, QuantityProblem(QuantityFault.TOO_SMALL, None, 10)),
        (10, None),
        (12, QuantityProblem(QuantityFault.OFF_STEP, 10, 15)),
        (9_995, None),
        (9_996, QuantityProblem(QuantityFault.TOO_LARGE, 9_995, None)),
        (0, QuantityProblem(QuantityFault.TOO_SMALL, None, 10)),
        (-5, QuantityProblem(QuantityFault.TOO_SMALL, None, 10)),
    ],
)
def test_a_minimum_of_eight_in_steps_of_five_begins_at_ten(
    quantity: int, problem: QuantityProblem | None
) -> None:
    assert check_quantity(quantity, QuantityRule(8, 5)) == problem


@pytest.mark.parametrize(
    "rule, quantity, problem",
    [
        (QuantityRule(1, 1, 4), 4, None),
        (QuantityRule(1, 1, 4), 5, QuantityProblem(QuantityFault.TOO_LARGE, 4, None)),
        (QuantityRule(1, 5, 12), 11, QuantityProblem(QuantityFault.TOO_LARGE, 10, None)),
        (QuantityRule(1, 1, 4, 3), 5, QuantityProblem(QuantityFault.TOO_LARGE, 3, None)),
        (QuantityRule(1, 1, 4, 3), 4, QuantityProblem(QuantityFault.TOO_FEW_LEFT, 3, None)),
        (QuantityRule(1, 5, None, 7), 10, QuantityProblem(QuantityFault.TOO_FEW_LEFT, 5, None)),
        (QuantityRule(1, 5, None, 7), 6, QuantityProblem(QuantityFault.TOO_FEW_LEFT, 5, None)),
        (QuantityRule(1, 5, None, 7), 3, QuantityProblem(QuantityFault.TOO_SMALL, None, 5)),
        (QuantityRule(1, 1, None, 0), 1, QuantityProblem(QuantityFault.SOLD_OUT, None, None)),
        (QuantityRule(6, 5, None, 9), 10, QuantityProblem(QuantityFault.SOLD_OUT, None, None)),
        (QuantityRule(6, 5, 9, 99), 10, QuantityProblem(QuantityFault.TOO_LARGE, None, None)),
    ],
)
def test_the_most_of_one_order_and_what_is_available_bound_a_quantity(
    rule: QuantityRule, quantity: int, problem: QuantityProblem | None
) -> None:
    assert check_quantity(quantity, rule) == problem


@given(st.integers(-10, 12_000), RULES)
def test_every_suggestion_is_valid_and_the_nearest_of_its_side(quantity: int, rule: QuantityRule) -> None:
    problem = check_quantity(quantity, rule)

    valid = range(least_quantity(rule), available_quantity(rule) + 1, rule.order_step)
    assert available_quantity(rule) <= greatest_quantity(rule)
    if problem is None:
        assert quantity in valid
        assert nearest_quantity(quantity, rule) == quantity
        return
    assert quantity not in valid
    assert nearest_quantity(quantity, rule) in (*valid, None)
    if valid:
        assert problem.lower == max((q for q in valid if q < quantity), default=None)
        assert problem.upper == min((q for q in valid if q > quantity), default=None)
    else:
        assert (problem.lower, problem.upper) == (None, None)


@given(st.integers(-10, 12_000), RULES)
def test_what_a_company_is_told_is_valid_and_the_same_for_every_stock_above_what_it_may_know(
    quantity: int, rule: QuantityRule
) -> None:
    problem = check_quantity(quantity, rule)
    if problem is None:
        return
    told = told_problem(problem, rule)
    assert told.lower is None or check_quantity(told.lower, rule) is None or told == problem
    if told != problem:
        assert told.lower == max(least_quantity(rule), 99 // rule.order_step * rule.order_step)
        assert (rule.available_count or 0) > 99
    elif problem.fault is QuantityFault.TOO_FEW_LEFT and (rule.available_count or 0) > 99:
        assert told.lower == max(least_quantity(rule), 99 // rule.order_step * rule.order_step)


@pytest.mark.parametrize(
    "quantity, problem",
    [
        (0, QuantityProblem(QuantityFault.TOO_SMALL, None, 24)),
        (5, QuantityProblem(QuantityFault.TOO_SMALL, None, 24)),
        (24, None),
        (30, QuantityProblem(QuantityFault.OFF_STEP, 24, 48)),
        (48, None),
        (72, None),
    ],
)
def test_where_less_than_the_minimum_is_allowed_it_still_comes_in_full_steps(
    quantity: int, problem: QuantityProblem | None
) -> None:
    assert check_quantity(quantity, QuantityRule(48, 24, is_less_allowed=True)) == problem


def test_a_bundle_whose_minimum_is_not_there_is_sold_out_also_where_less_would_be_allowed() -> None:
    rule = QuantityRule(48, 24, available_count=47, is_less_allowed=True)

    assert check_quantity(24, rule) == QuantityProblem(QuantityFault.SOLD_OUT, None, None)


@given(st.integers(-5, 12_000), RULES)
def test_allowing_less_adds_full_steps_below_the_minimum_and_nothing_else(
    quantity: int, rule: QuantityRule
) -> None:
    lenient = replace(rule, is_less_allowed=True)

    is_added = check_quantity(quantity, rule) is not None and check_quantity(quantity, lenient) is None

    is_sold = least_quantity(rule) <= available_quantity(rule)
    is_below = 0 < quantity < least_quantity(rule) and quantity % rule.order_step == 0
    assert is_added == (is_sold and is_below)
    assert (missing_count(quantity, lenient) > 0) == (quantity < least_quantity(rule))
    if check_quantity(quantity, lenient) is not None:
        near = nearest_quantity(quantity, lenient)
        assert near is None or check_quantity(near, lenient) is None
