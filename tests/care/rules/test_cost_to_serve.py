from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from app.care.rules.cost_to_serve import (
    Contribution,
    SoldLine,
    SoldOrder,
    YearFigures,
    contribution_of,
    effort_cost,
)
from app.catalogue.rules.kinds import Kind
from app.catalogue.rules.margin import Part
from app.policy.rules.policy import Policy

POLICY = replace(
    Policy(),
    packing_per_bundle_cents=30,
    shipping_base_cents=490,
    shipping_per_kg_cents=50,
    bundles_per_parcel=4,
    card_fee_bp=150,
    card_fee_fixed_cents=25,
)
OIL = Part(
    quantity_milli=2_000,
    kind=Kind.CARE_PRODUCT,
    unit_cost_cents=300,
    partner_cost_cents=40,
    packing_cost_cents=10,
    weight_g=500,
)
ADVICE = Part(quantity_milli=1_000, kind=Kind.CONSULTING_UNIT, unit_cost_cents=2_000, weight_g=900)


def order(quantity: int = 3, parts: tuple[Part, ...] = (OIL,), **values: int) -> SoldOrder:
    facts = {
        "parcel": 1,
        "goods_net_cents": 6_000,
        "charges_net_cents": 990,
        "gross_cents": 8_318,
        "refunded_net_cents": 0,
        "refunded_for_us_net_cents": 0,
    }
    return SoldOrder(**{**facts, **values}, lines=(SoldLine(quantity, parts),))


def test_an_order_contributes_what_its_costs_leave() -> None:
    made = contribution_of([order(refunded_net_cents=500, refunded_for_us_net_cents=200)], POLICY)

    assert made == Contribution(
        goods_cents=6_000,
        charges_cents=990,
        refunds_cents=500,
        refunds_for_us_cents=200,
        blocks_cents=3 * (600 + 80),
        packing_cents=3 * (20 + 30),
        shipping_cents=490 + 150,  # one parcel of three bundles, a kilogram each
        card_fee_cents=125 + 25,  # 1.5 % of 83.18 €, and the fee of one payment
    )
    assert made.total_cents == 6_990 - 500 - 2_040 - 150 - 640 - 150
    assert made.fair_cents == made.total_cents + 200


def test_a_begun_parcel_costs_a_whole_one_and_what_joins_it_costs_none_of_its_own() -> None:
    alone = [order(3, parcel=1), order(1, parcel=2)]
    together = [order(3, parcel=1), order(1, parcel=1)]
    too_much = [order(3, parcel=1), order(2, parcel=1)]

    base = [contribution_of(sold, POLICY).shipping_cents for sold in (alone, together, too_much)]
    assert base == [2 * 490 + 200, 490 + 200, 2 * 490 + 250]


def test_what_nobody_packs_costs_no_parcel() -> None:
    made = contribution_of([order(2, (ADVICE,))], POLICY)

    assert (made.blocks_cents, made.packing_cents, made.shipping_cents) == (4_000, 0, 0)


def test_no_orders_contribute_nothing() -> None:
    assert contribution_of([], POLICY) == Contribution()


def test_minutes_cost_their_share_of_an_hour_rounded_once() -> None:
    policy = replace(Policy(), effort_hour_cents=4_501)

    assert [effort_cost(minutes, policy) for minutes in (0, 1, 20, 60)] == [0, 75, 1_500, 4_501]


def test_the_ratio_is_a_share_of_the_contribution_and_unknown_without_one() -> None:
    assert YearFigures(10_000, 3_333).ratio_bp == 3_333
    assert YearFigures(0, 3_333).ratio_bp is None
    assert YearFigures(-1, 0).ratio_bp is None
    assert YearFigures(300, 100).reaches(33)
    assert not YearFigures(300, 100).reaches(34)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(1, 9), st.integers(1, 4), st.integers(0, 9_000)), max_size=6))
def test_orders_together_contribute_what_their_parcels_save_more_than_alone(
    sold: list[tuple[int, int, int]],
) -> None:
    orders = [order(quantity, parcel=parcel, goods_net_cents=net) for quantity, parcel, net in sold]

    together = contribution_of(orders, POLICY)
    alone = [contribution_of([one], POLICY) for one in orders]

    assert together.blocks_cents == sum(one.blocks_cents for one in alone)
    assert together.card_fee_cents == sum(one.card_fee_cents for one in alone)
    assert together.shipping_cents <= sum(one.shipping_cents for one in alone)
    assert together.total_cents >= sum(one.total_cents for one in alone)
