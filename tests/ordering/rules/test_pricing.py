"""Sums of carts and orders: borders by hand, laws by property."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import share_bp
from app.customers.rules.effort_levels import EffortLevel
from app.ordering.rules.charges import missing_value, order_charges
from app.ordering.rules.pricing import (
    ChargeKind,
    PricedCharge,
    PricedLine,
    RatePart,
    TaxPart,
    Totals,
    price_order,
)
from app.ordering.rules.rhythm import RhythmChoice
from app.ordering.rules.vat import VatCase
from app.policy.rules.policy import Policy

PARTS = st.lists(
    st.builds(RatePart, st.sampled_from([0, 700, 1900]), st.integers(0, 10**6)), min_size=1, max_size=6
).map(tuple)
LINES = st.lists(
    st.builds(PricedLine, st.integers(1, 9_999), st.integers(1, 10**7), PARTS), min_size=1, max_size=20
)


def line(quantity: int, unit_price_cents: int, **reference_price_cents: int) -> PricedLine:
    """A line whose rates are given as `at_1900=100`."""
    parts = (RatePart(int(name[3:]), cents) for name, cents in reference_price_cents.items())
    return PricedLine(quantity, unit_price_cents, tuple(parts))


def price(*lines: PricedLine, minimum: int = 5_000, surcharge: int = 990) -> Totals:
    policy = Policy(minimum_order_value_cents=minimum, low_quantity_surcharge_cents=surcharge)
    goods_net_cents = sum(one.net_cents for one in lines)
    charges = order_charges(policy, goods_net_cents=goods_net_cents)
    return price_order(lines, charges=charges, missing_cents=missing_value(policy, goods_net_cents))


def test_a_plain_order_has_its_net_its_vat_and_no_charge() -> None:
    totals = price(line(3, 2_500, at_1900=10))

    assert totals == Totals(7_500, (), (TaxPart(1900, 7_500, 1_425),), 0)
    assert totals.gross_cents == 8_925


@pytest.mark.parametrize(
    "goods_cents, missing_cents, charge_cents",
    [(4_999, 1, 990), (5_000, 0, 0), (5_001, 0, 0), (1, 4_999, 990)],
)
def test_the_surcharge_falls_due_one_cent_below_the_minimum_order_value(
    goods_cents: int, missing_cents: int, charge_cents: int
) -> None:
    totals = price(line(1, goods_cents, at_1900=1))

    assert (totals.missing_cents, totals.charges_net_cents) == (missing_cents, charge_cents)


def test_a_mixed_bundle_is_split_by_the_reference_prices_of_its_blocks() -> None:
    totals = price(line(1, 10_000, at_1900=3_000, at_700=1_000))

    assert totals.taxes == (TaxPart(1900, 7_500, 1_425), TaxPart(700, 2_500, 175))
    assert totals.gross_cents == 11_600


def test_the_surcharge_follows_the_goods_rates_pro_rata() -> None:
    totals = price(line(1, 3_000, at_1900=1), line(1, 1_000, at_700=1), surcharge=1_500)

    assert totals.charges == (PricedCharge(ChargeKind.LOW_QUANTITY, 1_500),)
    assert totals.taxes == (TaxPart(1900, 4_125, 784), TaxPart(700, 1_375, 96))
    assert totals.gross_cents == 5_500 + 784 + 96


def test_vat_is_rounded_once_on_the_sum_of_a_rate_and_not_per_line() -> None:
    totals = price(*[line(1, 33, at_1900=1)] * 10, minimum=0)

    assert totals.vat_cents == 63  # 10 × round(6.27) would be 60


def test_two_blocks_of_one_rate_weigh_as_one() -> None:
    parts = (RatePart(1900, 100), RatePart(700, 100), RatePart(1900, 200))

    totals = price(PricedLine(1, 8_000, parts))

    assert [tax.net_cents for tax in totals.taxes] == [6_000, 2_000]


def test_nothing_ordered_costs_nothing_and_carries_no_surcharge() -> None:
    assert price() == Totals(0, (), (), 0)


def test_a_surcharge_of_zero_is_no_charge_but_the_missing_amount_is_still_told() -> None:
    totals = price(line(1, 1_000, at_1900=1), surcharge=0)

    assert (totals.charges, totals.missing_cents) == ((), 4_000)


@given(LINES, st.integers(0, 10**6), st.integers(0, 10**5))
def test_all_sums_add_up_to_the_cent(lines: list[PricedLine], minimum: int, surcharge: int) -> None:
    totals = price(*lines, minimum=minimum, surcharge=surcharge)

    assert totals.goods_net_cents == sum(one.quantity * one.unit_price_cents for one in lines)
    assert sum(tax.net_cents for tax in totals.taxes) == totals.net_cents
    assert totals.gross_cents == totals.goods_net_cents + totals.charges_net_cents + totals.vat_cents
    assert all(tax.net_cents >= 0 for tax in totals.taxes)
    assert all(tax.vat_cents == share_bp(tax.net_cents, tax.vat_rate_bp) for tax in totals.taxes)
    assert len({tax.vat_rate_bp for tax in totals.taxes}) == len(totals.taxes)


@given(LINES, st.integers(0, 10**6))
def test_more_goods_never_raise_the_missing_amount(lines: list[PricedLine], minimum: int) -> None:
    fewer, all_of_them = price(*lines[:-1], minimum=minimum), price(*lines, minimum=minimum)

    assert not lines[:-1] or all_of_them.missing_cents <= fewer.missing_cents


@given(LINES, st.randoms(use_true_random=False))
def test_the_order_of_the_lines_does_not_change_the_price(lines: list[PricedLine], random: object) -> None:
    shuffled = list(lines)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert price(*shuffled) == price(*lines)


def test_a_charge_with_a_rate_of_its_own_does_not_follow_the_goods() -> None:
    service = PricedCharge(ChargeKind.SPECIAL_SERVICE, 500, name="Copy of an invoice", vat_rate_bp=1900)

    alone = price_order([], charges=[service])
    beside = price_order([line(1, 10_000, at_700=1)], charges=[service])

    assert (alone.goods_net_cents, alone.taxes, alone.gross_cents) == (0, (TaxPart(1900, 500, 95),), 595)
    assert beside.taxes == (TaxPart(1900, 500, 95), TaxPart(700, 10_000, 700))


def test_a_charge_cannot_follow_goods_that_are_not_there() -> None:
    with pytest.raises(ValueError):
        price_order([], charges=[PricedCharge(ChargeKind.INTERIM_ORDER, 690)])


def test_an_interim_order_and_a_customer_of_much_effort_pay_their_fees_as_own_lines() -> None:
    charges = order_charges(
        Policy(),
        goods_net_cents=10_000,
        rhythm=RhythmChoice.INTERIM,
        effort_level=EffortLevel.FEE,
    )

    assert [(charge.kind, charge.net_cents) for charge in charges] == [
        (ChargeKind.INTERIM_ORDER, 690),
        (ChargeKind.EFFORT_FEE, 990),
    ]


@given(
    LINES,
    st.lists(
        st.builds(
            PricedCharge,
            st.sampled_from(ChargeKind),
            st.integers(0, 10**6),
            vat_rate_bp=st.sampled_from([None, 0, 700, 1900]),
        ),
        max_size=5,
    ),
)
def test_lines_charges_and_rates_add_up_to_the_cent_whatever_the_charges(
    lines: list[PricedLine], charges: list[PricedCharge]
) -> None:
    totals = price_order(lines, charges=charges)

    net_cents = sum(one.net_cents for one in lines) + sum(charge.net_cents for charge in charges)
    assert sum(tax.net_cents for tax in totals.taxes) == totals.net_cents == net_cents
    assert totals.gross_cents == totals.net_cents + sum(tax.vat_cents for tax in totals.taxes)


@given(LINES, st.sampled_from([case for case in VatCase if case is not VatCase.DOMESTIC]))
def test_without_german_vat_all_of_it_is_one_amount_at_rate_zero(
    lines: list[PricedLine], case: VatCase
) -> None:
    fee = PricedCharge(ChargeKind.INTERIM_ORDER, 690)
    at_home = price_order(lines, charges=(fee,))

    abroad = price_order(lines, charges=(fee,), vat_case=case)

    assert abroad.taxes == (TaxPart(0, at_home.net_cents, 0),)
    assert abroad.gross_cents == at_home.net_cents
