"""What goes back to the card: borders by hand, laws by property."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.money import share_bp, split
from app.ordering.rules.pricing import TaxPart
from app.payments.rules.refunding import (
    LineRefund,
    PaidLine,
    gross_of_lines,
    refund_of_lines,
    refund_of_order,
)

RATES = (0, 700, 1900)


def order(
    lines: list[tuple[int, int, list[int]]], charges_cents: int
) -> tuple[list[PaidLine], list[TaxPart]]:
    """Lines of (quantity, unit price, weights of the three rates) and charges that follow them, as priced."""
    paid = []
    goods = dict.fromkeys(RATES, 0)
    for line_id, (quantity, unit_cents, weights) in enumerate(lines, start=1):
        shares = dict(zip(RATES, split(quantity * unit_cents, weights), strict=True))
        for rate, cents in shares.items():
            goods[rate] += cents
        paid.append(PaidLine(line_id, quantity, shares))
    charged = split(charges_cents, [goods[rate] for rate in RATES])
    taxes = [
        TaxPart(rate, goods[rate] + share, share_bp(goods[rate] + share, rate))
        for rate, share in zip(RATES, charged, strict=True)
        if goods[rate] + share
    ]
    return paid, taxes


def gross_of(taxes: list[TaxPart]) -> int:
    return sum(tax.net_cents + tax.vat_cents for tax in taxes)


ORDERS = st.builds(
    order,
    st.lists(
        st.tuples(
            st.integers(1, 40),
            st.integers(1, 90_000),
            st.lists(st.integers(0, 500), min_size=3, max_size=3),
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([0, 1, 990, 1_680]),
)


def test_a_single_line_goes_back_with_its_vat_and_the_surcharge_stays() -> None:
    paid, taxes = order([(3, 2_500, [0, 0, 1])], 990)

    found = refund_of_lines(paid, taxes, {1: 3}, left_cents=gross_of(taxes))

    assert gross_of(taxes) == 10_103
    assert found == [LineRefund(1, 3, 8_925)]
    assert refund_of_order(paid_cents=10_103, refunded_cents=8_925) == 1_178


def test_each_line_takes_the_vat_of_its_own_rate() -> None:
    paid, taxes = order([(1, 10_000, [0, 0, 1]), (1, 10_000, [0, 1, 0]), (1, 10_000, [1, 0, 0])], 0)

    assert gross_of_lines(paid, taxes) == {1: 11_900, 2: 10_700, 3: 10_000}


def test_three_pieces_for_a_cent_more_than_divides_go_back_as_one_amount() -> None:
    paid, taxes = [PaidLine(1, 3, {1900: 84})], [TaxPart(1900, 84, 16)]

    whole = refund_of_lines(paid, taxes, {1: 3}, left_cents=100)
    first = refund_of_lines(paid, taxes, {1: 1}, left_cents=100)
    second = refund_of_lines([PaidLine(1, 3, {1900: 84}, 1, 33)], taxes, {1: 2}, left_cents=67)

    assert [whole[0].amount_cents, first[0].amount_cents, second[0].amount_cents] == [100, 33, 67]


def test_nothing_goes_back_beyond_what_is_left_of_the_payment() -> None:
    paid, taxes = order([(2, 2_500, [0, 0, 1])], 0)

    assert refund_of_lines(paid, taxes, {1: 2}, left_cents=1_000) == [LineRefund(1, 2, 1_000)]
    assert refund_of_lines(paid, taxes, {1: 2}, left_cents=0) == [LineRefund(1, 2, 0)]
    assert refund_of_order(paid_cents=5_950, refunded_cents=5_950) == 0


@pytest.mark.parametrize("wanted", [{}, {9: 1}, {1: 0}, {1: -1}, {1: 3}])
def test_a_refund_of_nothing_of_other_lines_or_of_too_many_is_refused(wanted: dict[int, int]) -> None:
    paid, taxes = order([(2, 2_500, [0, 0, 1])], 0)

    with pytest.raises(ValueError):
        refund_of_lines(paid, taxes, wanted, left_cents=5_950)


@given(ORDERS)
@settings(max_examples=60)
def test_lines_and_charges_share_the_gross_to_the_cent_and_nobody_gets_less_than_its_net(
    ordered: tuple[list[PaidLine], list[TaxPart]],
) -> None:
    paid, taxes = ordered

    gross = gross_of_lines(paid, taxes)

    assert sum(gross.values()) <= gross_of(taxes)
    for line in paid:
        net_cents = sum(line.net_by_rate.values())
        exact = net_cents + sum(cents * rate / 10_000 for rate, cents in line.net_by_rate.items())
        assert net_cents <= gross[line.line_id]
        assert abs(gross[line.line_id] - exact) < 2 * len(taxes)
    if sum(tax.net_cents for tax in taxes) == sum(sum(line.net_by_rate.values()) for line in paid):
        assert sum(gross.values()) == gross_of(taxes)


@given(ORDERS, st.integers(0, 10**6))
@settings(max_examples=60)
def test_any_series_of_partial_refunds_adds_up_and_the_rest_of_the_order_is_all_that_is_left(
    ordered: tuple[list[PaidLine], list[TaxPart]], seed: int
) -> None:
    paid, taxes = ordered
    chance = random.Random(seed)
    gross, paid_cents = gross_of_lines(paid, taxes), gross_of(taxes)
    state = {line.line_id: line for line in paid}
    back_cents = 0

    for _ in range(chance.randint(1, 12)):
        wanted = {
            line.line_id: chance.randint(1, line.left_quantity)
            for line in state.values()
            if line.left_quantity and chance.random() < 0.7
        }
        if not wanted:
            continue
        left_cents = refund_of_order(paid_cents=paid_cents, refunded_cents=back_cents)
        for one in refund_of_lines(list(state.values()), taxes, wanted, left_cents=left_cents):
            assert one.amount_cents >= 0
            old = state[one.line_id]
            state[one.line_id] = PaidLine(
                old.line_id,
                old.quantity,
                old.net_by_rate,
                old.refunded_quantity + one.quantity,
                old.refunded_cents + one.amount_cents,
            )
            back_cents += one.amount_cents
        assert back_cents <= paid_cents

    for line in state.values():
        if not line.left_quantity:
            assert line.refunded_cents == gross[line.line_id]
    assert back_cents + refund_of_order(paid_cents=paid_cents, refunded_cents=back_cents) == paid_cents


@settings(max_examples=40, deadline=None)
@given(made=ORDERS, pieces=st.integers(1, 40))
def test_an_order_without_vat_gives_back_its_net_amounts_and_never_a_cent_of_vat(
    made: tuple[list[PaidLine], list[TaxPart]], pieces: int
) -> None:
    paid, at_home = made
    net_cents = sum(tax.net_cents for tax in at_home)
    exempt = [TaxPart(0, net_cents, 0)]

    assert gross_of_lines(paid, exempt) == {line.line_id: sum(line.net_by_rate.values()) for line in paid}

    line = paid[0]
    wanted = min(pieces, line.quantity)
    line_cents = sum(line.net_by_rate.values())
    if line_cents * wanted >= line.quantity:
        (back,) = refund_of_lines(paid, exempt, {line.line_id: wanted}, left_cents=net_cents)
        assert back.amount_cents == line_cents * wanted // line.quantity
