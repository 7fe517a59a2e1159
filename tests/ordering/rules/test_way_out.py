"""What is missing to a small cart, and the cheapest way out of surcharges and refusals."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ordering.rules.way_out import (
    Shortfall,
    SizedLine,
    SmallOrderTerms,
    Way,
    shortfalls,
    way_out,
)

TERMS = SmallOrderTerms(5_000, 990, 1_250)


@st.composite
def sized_lines(draw: st.DrawFn) -> list[SizedLine]:
    """One to four lines in full steps, some below their minimum, some that cannot be raised."""
    lines = []
    for bundle_id in range(1, draw(st.integers(1, 4)) + 1):
        step = draw(st.sampled_from([1, 2, 5, 12]))
        quantity = step * draw(st.integers(1, 4))
        lines.append(
            SizedLine(
                bundle_id,
                quantity,
                draw(st.sampled_from([1, 30, 100, 275, 999])),
                step * draw(st.integers(1, 6)),
                step,
                quantity + draw(st.integers(0, 60)),
            )
        )
    return lines


def terms() -> st.SearchStrategy[SmallOrderTerms]:
    """Any policy: with and without surcharges and refusals."""
    amount = st.sampled_from([0, 990, 1_250])
    return st.builds(
        SmallOrderTerms, st.sampled_from([0, 500, 3_000, 9_000]), amount, amount, st.booleans(), st.booleans()
    )


def test_four_more_and_the_surcharge_of_twelve_fifty_is_gone() -> None:
    cart = [SizedLine(7, 44, 250, least=48, step=4)]

    found = way_out(cart, TERMS)

    assert found is not None
    assert found.shortfalls == (Shortfall(7, 4, 1_250, is_refused=False),)
    assert found.best == found.remedies[0] == Way(7, 4, 48, 1_000, 1_250, 0, 0)
    assert found.best.cost_cents == -250


def test_where_the_goods_cost_more_than_the_surcharge_it_is_cheapest_to_pay_it() -> None:
    cart = [SizedLine(7, 24, 250, least=48, step=24)]

    found = way_out(cart, TERMS)

    assert found is not None
    assert found.best == Way(None, 0, 0, 0, 0, 1_250, 0)
    assert found.remedies == (Way(7, 24, 48, 6_000, 1_250, 0, 0),)


def test_one_bundle_more_can_settle_its_line_and_the_order_value_at_once() -> None:
    cart = [SizedLine(7, 2, 1_000, least=5), SizedLine(8, 1, 1_500)]

    found = way_out(cart, TERMS)

    assert found is not None
    assert found.shortfalls == (Shortfall(7, 3, 1_250, False), Shortfall(None, 1_500, 990, False))
    assert found.best.left_cents == 990 + 1_250
    assert found.remedies == (Way(7, 3, 5, 3_000, 2_240, 0, 0), Way(8, 1, 2, 1_500, 990, 1_250, 0))


def test_what_is_refused_is_settled_before_anything_is_saved() -> None:
    cart = [SizedLine(7, 1, 4_000), SizedLine(8, 1, 100, least=2)]

    found = way_out(cart, replace(TERMS, is_low_value_refused=True))

    assert found is not None
    assert found.best == Way(8, 9, 10, 900, 1_250, 0, 0)


def test_a_line_is_raised_no_further_than_its_maximum_and_the_stock_allow() -> None:
    found = way_out(
        [SizedLine(7, 24, 1, least=48, step=24, most=47)], replace(TERMS, minimum_order_value_cents=0)
    )

    assert found is not None
    assert found.remedies == (None,)
    assert found.best.bundle_id is None


@pytest.mark.parametrize("cart", [[], [SizedLine(7, 5, 1_000)], [SizedLine(7, 48, 250, least=48, step=24)]])
def test_a_cart_to_which_nothing_is_missing_needs_no_way_out(cart: list[SizedLine]) -> None:
    assert way_out(cart, TERMS) is None


def test_a_policy_without_surcharge_and_refusal_asks_for_nothing() -> None:
    assert way_out([SizedLine(7, 1, 10, least=48)], SmallOrderTerms(5_000, 0, 0)) is None


@settings(max_examples=60, deadline=None)
@given(sized_lines(), terms())
def test_no_other_quantity_of_any_one_line_is_cheaper_than_the_way_that_is_told(
    cart: list[SizedLine], asked: SmallOrderTerms
) -> None:
    found = way_out(cart, asked)
    before = shortfalls(cart, asked)
    if found is None:
        assert not before
        return

    tried = []
    for place, line in enumerate(cart):
        for quantity in range(line.quantity, line.most + 1, line.step):
            changed = [*cart[:place], replace(line, quantity=quantity), *cart[place + 1 :]]
            after = shortfalls(changed, asked)
            paid = sum(one.net_cents for one in changed) + sum(one.surcharge_cents for one in after)
            tried.append((sum(one.is_refused for one in after), paid, after))

    paid_now = sum(line.net_cents for line in cart) + sum(one.surcharge_cents for one in before)
    least = min((refused, paid) for refused, paid, _ in tried)
    assert (found.best.refused_count, paid_now + found.best.cost_cents) == least
    for shortfall, remedy in zip(found.shortfalls, found.remedies, strict=True):
        settling = [
            (refused, paid)
            for refused, paid, after in tried
            if all(one.bundle_id != shortfall.bundle_id for one in after)
        ]
        if remedy is None:
            assert not settling
        else:
            assert (remedy.refused_count, paid_now + remedy.cost_cents) == min(settling)


@settings(max_examples=60, deadline=None)
@given(sized_lines(), terms())
def test_a_way_that_is_told_can_be_taken_and_brings_what_it_says(
    cart: list[SizedLine], asked: SmallOrderTerms
) -> None:
    found = way_out(cart, asked)
    for way in [] if found is None else [found.best, *found.remedies]:
        if way is None or way.bundle_id is None:
            continue
        line = next(one for one in cart if one.bundle_id == way.bundle_id)
        changed = [replace(one, quantity=way.quantity) if one is line else one for one in cart]
        after = shortfalls(changed, asked)

        assert line.quantity < way.quantity <= line.most
        assert way.quantity % line.step == 0
        assert way.quantity - line.quantity == way.more_count
        assert sum(one.surcharge_cents for one in after) == way.left_cents
        assert sum(one.is_refused for one in after) == way.refused_count
