from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.catalogue.rules.kinds import Kind
from app.catalogue.rules.margin import Cost, Part, bundle_costs, lowest_price, margin_of, required_margin
from app.policy.rules.policy import BOUNDS, Policy

FREE = Policy(
    margin_floor_bp=0, margin_floor_cents=0, packing_per_bundle_cents=0, shipping_base_cents=0,
    shipping_per_kg_cents=0, bundles_per_parcel=1, card_fee_bp=0, card_fee_fixed_cents=0,
    cost_to_serve_per_order_cents=0,
)  # fmt: skip
BEARINGS = Part(4_000, Kind.SPARE_PART, 200, 10, 5, 150, 500, 1900)
HOUR = Part(1_000, Kind.CONSULTING_UNIT, 6_000, 0, 900, 5_000, 9_000, 1900)


def test_each_cost_of_a_bundle_stands_in_the_waterfall() -> None:
    margin = margin_of(2_990, [BEARINGS], Policy())

    assert dict(margin.costs) == {
        Cost.BLOCKS: 800,
        Cost.PARTNERS: 40,
        Cost.PACKING: 50,  # 4 × 5 and 30 of the policy
        Cost.SHIPPING: 153,  # 490 / 4 and 600 g at 50 a kilogram: 122.5 + 30
        Cost.CARD_FEE: 60,  # 1.5 % of 35.581 and 25 / 4: 53.37 + 6.25
        Cost.SERVING: 50,
    }
    assert [cost for cost, _ in margin.costs] == list(Cost)
    assert (margin.margin_cents, margin.margin_bp) == (1_837, 6_144)
    assert (margin.required_cents, margin.is_passing, margin.missing_cents) == (449, True, 0)


@pytest.mark.parametrize(
    ("change", "cost", "cents"),
    [
        ({"unit_cost_cents": 201}, Cost.BLOCKS, 804),
        ({"partner_cost_cents": 0}, Cost.PARTNERS, 0),
        ({"packing_cost_cents": 6}, Cost.PACKING, 54),
        ({"weight_g": 155}, Cost.SHIPPING, 154),  # 122.5 + 31: the half is rounded up
        ({"weight_g": 154}, Cost.SHIPPING, 153),
        ({"vat_rate_bp": 0}, Cost.CARD_FEE, 51),
        ({"quantity_milli": 2_500}, Cost.BLOCKS, 500),
        ({"quantity_milli": 2}, Cost.BLOCKS, 0),
        ({"quantity_milli": 3}, Cost.BLOCKS, 1),
    ],
)
def test_a_changed_fact_changes_its_cost(change: dict[str, int], cost: Cost, cents: int) -> None:
    assert dict(margin_of(2_990, [replace(BEARINGS, **change)], Policy()).costs)[cost] == cents


@pytest.mark.parametrize("kind", [Kind.CONSULTING_UNIT, Kind.SERVICE])
def test_what_nobody_packs_costs_neither_packing_nor_shipping(kind: Kind) -> None:
    alone = dict(margin_of(12_000, [replace(HOUR, kind=kind)], Policy()).costs)
    beside = dict(margin_of(12_000, [BEARINGS, replace(HOUR, kind=kind)], Policy()).costs)

    assert (alone[Cost.PACKING], alone[Cost.SHIPPING]) == (0, 0)
    assert (beside[Cost.PACKING], beside[Cost.SHIPPING]) == (50, 153)
    assert bundle_costs([BEARINGS, replace(HOUR, kind=kind)], Policy()).weight_milli_g == 600_000


def test_the_card_takes_its_share_of_the_gross_price_of_a_mixed_bundle() -> None:
    books = Part(1_000, Kind.CONSUMABLE, 100, main_brand_price_cents=2_000, vat_rate_bp=700)
    policy = replace(FREE, card_fee_bp=1_000)

    # Half of the main brand's prices at 19 %, half at 7 %: 10 % of 113.00.
    assert dict(margin_of(10_000, [BEARINGS, books], policy).costs)[Cost.CARD_FEE] == 1_130
    unpriced = [replace(part, main_brand_price_cents=0) for part in (BEARINGS, books)]
    assert dict(margin_of(10_000, unpriced, policy).costs)[Cost.CARD_FEE] == 1_190


@pytest.mark.parametrize(
    ("floor_bp", "floor_cents", "price_cents", "is_passing", "missing_cents"),
    [
        (0, 0, 1_000, True, 0),
        (0, 0, 999, False, 1),
        (0, 200, 1_200, True, 0),
        (0, 200, 1_199, False, 1),
        (2_000, 0, 1_250, True, 0),
        (2_000, 0, 1_249, False, 1),
        (2_000, 251, 1_250, False, 1),
        (2_000, 251, 1_251, True, 0),
    ],
)
def test_the_floor_holds_in_percent_as_well_as_in_euros(
    floor_bp: int, floor_cents: int, price_cents: int, is_passing: bool, missing_cents: int
) -> None:
    policy = replace(FREE, margin_floor_bp=floor_bp, margin_floor_cents=floor_cents)

    margin = margin_of(price_cents, [Part(1_000, Kind.SPARE_PART, 1_000)], policy)

    assert (margin.is_passing, margin.missing_cents) == (is_passing, missing_cents)


def test_a_loss_is_a_negative_margin() -> None:
    margin = margin_of(500, [Part(1_000, Kind.SPARE_PART, 1_000)], FREE)

    assert (margin.margin_cents, margin.margin_bp, margin.is_passing) == (-500, -10_000, False)


def test_a_bundle_has_a_price() -> None:
    with pytest.raises(ValueError, match="at least one cent"):
        margin_of(0, [BEARINGS], Policy())


def _within(name: str, greatest: int) -> st.SearchStrategy[int]:
    bound = BOUNDS[name]
    return st.integers(bound.least, min(bound.greatest, greatest))


policies = st.builds(
    Policy,
    margin_floor_bp=_within("margin_floor_bp", 10**9),
    margin_floor_cents=_within("margin_floor_cents", 600),
    packing_per_bundle_cents=_within("packing_per_bundle_cents", 100),
    shipping_base_cents=_within("shipping_base_cents", 900),
    shipping_per_kg_cents=_within("shipping_per_kg_cents", 300),
    bundles_per_parcel=_within("bundles_per_parcel", 12),
    card_fee_bp=_within("card_fee_bp", 10**9),
    card_fee_fixed_cents=_within("card_fee_fixed_cents", 500),
    cost_to_serve_per_order_cents=_within("cost_to_serve_per_order_cents", 900),
)
parts = st.builds(
    Part,
    quantity_milli=st.integers(1, 3_000),
    kind=st.sampled_from(Kind),
    unit_cost_cents=st.integers(0, 400),
    partner_cost_cents=st.integers(0, 100),
    packing_cost_cents=st.integers(0, 50),
    weight_g=st.integers(0, 2_000),
    main_brand_price_cents=st.integers(0, 900),
    vat_rate_bp=st.sampled_from([0, 700, 1900]),
)


@given(policies, st.lists(parts, max_size=3))
@example(replace(FREE, margin_floor_bp=8_000, card_fee_bp=1_000), [Part(1_000, Kind.SERVICE, 1)])
def test_no_price_below_the_lowest_passes(policy: Policy, blocks: list[Part]) -> None:
    lowest = lowest_price(blocks, policy)

    assert margin_of(lowest, blocks, policy).is_passing
    assert not any(margin_of(price, blocks, policy).is_passing for price in range(1, min(lowest, 400)))
    assert not any(
        margin_of(price, blocks, policy).is_passing for price in range(max(1, lowest - 200), lowest)
    )


@given(policies, st.lists(parts, max_size=3), st.integers(1, 20_000))
def test_a_lowest_price_far_away_is_found_too(policy: Policy, blocks: list[Part], factor: int) -> None:
    dear = [replace(part, unit_cost_cents=part.unit_cost_cents * factor) for part in blocks]

    lowest = lowest_price(dear, policy)

    assert margin_of(lowest, dear, policy).is_passing
    assert margin_of(lowest, dear, policy).lowest_price_cents == lowest
    assert not any(margin_of(price, dear, policy).is_passing for price in range(max(1, lowest - 50), lowest))


@given(policies, st.lists(parts, max_size=4), st.integers(1, 10**8))
def test_the_waterfall_adds_up_and_never_pays_twice_for_a_cent(
    policy: Policy, blocks: list[Part], price_cents: int
) -> None:
    margin = margin_of(price_cents, blocks, policy)
    dearer = margin_of(price_cents + 1, blocks, policy)

    assert margin.price_cents - sum(cents for _, cents in margin.costs) == margin.margin_cents
    assert all(cents >= 0 for _, cents in margin.costs)
    assert 0 <= dearer.margin_cents - margin.margin_cents <= 1
    assert margin.is_passing == (margin.margin_cents >= required_margin(price_cents, policy))
