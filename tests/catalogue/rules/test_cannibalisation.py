from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalogue.rules.cannibalisation import (
    ORDERS_FOR_ONE_PURCHASE,
    Bought,
    Buyer,
    Ingredient,
    Offer,
    Service,
    Switch,
    cannibalise,
    serves_better,
)
from app.catalogue.rules.kinds import Kind

SEAL = Ingredient("DI-100", 10_000, main_brand_price_cents=500, main_brand_lead_time_days=2)
BELT = Ingredient("RI-7", 1_000, main_brand_price_cents=3_000, main_brand_lead_time_days=5)
OFFER = Offer(4_000, (SEAL,))
YEARLY = Bought(typical_milli=20_000, quantity_milli=100_000, net_cents=50_000)
"""Ten bundles' worth of seals in a year, at 50.00 for what one bundle holds."""


def _switches(offer: Offer, **articles: Bought) -> list[Switch]:
    bought = {"M1": {sku.replace("_", "-"): past for sku, past in articles.items()}}
    return list(cannibalise(offer, bought, {"M1": "A"}).switches)


def test_who_pays_more_at_the_main_brand_would_switch_for_the_whole_demand() -> None:
    (switch,) = _switches(OFFER, DI_100=YEARLY)

    assert switch == Switch("M1", "A", bundle_count=10, paid_cents=50_000, brings_cents=40_000)
    assert (switch.loss_cents, switch.paid_per_bundle_cents, switch.undercut_bp) == (10_000, 5_000, 2_000)


@pytest.mark.parametrize(
    ("offer", "past", "bundle_count"),
    [
        (replace(OFFER, price_cents=4_999), YEARLY, 10),
        (replace(OFFER, price_cents=5_000), YEARLY, None),
        (replace(OFFER, maximum_quantity=2), YEARLY, 10),
        (replace(OFFER, maximum_quantity=1), YEARLY, 10),
        (replace(OFFER, maximum_quantity=1), replace(YEARLY, typical_milli=40_000), 10),
        (replace(OFFER, maximum_quantity=1), replace(YEARLY, typical_milli=40_001), None),
        (replace(OFFER, minimum_quantity=10), YEARLY, 10),
        (replace(OFFER, minimum_quantity=11), YEARLY, None),
        (replace(OFFER, order_step=4), YEARLY, 8),
        (OFFER, replace(YEARLY, quantity_milli=10_000, net_cents=5_000), 1),
        (OFFER, replace(YEARLY, quantity_milli=9_999, net_cents=5_000), None),
        (OFFER, replace(YEARLY, quantity_milli=0), None),
        (OFFER, replace(YEARLY, quantity_milli=-5), None),
        (OFFER, replace(YEARLY, net_cents=0), None),
    ],
)
def test_the_borders_of_the_same_thing_in_the_same_quantity(
    offer: Offer, past: Bought, bundle_count: int | None
) -> None:
    assert [switch.bundle_count for switch in _switches(offer, DI_100=past)] == (
        [] if bundle_count is None else [bundle_count]
    )


def test_a_maximum_just_below_what_is_bought_at_once_keeps_nobody_away() -> None:
    # Ten at 5.00 each time, and a bundle of one at 0.50: two orders a day are as easy as one.
    offer = Offer(50, (Ingredient("DI-100", 1_000),), maximum_quantity=9)

    (switch,) = _switches(offer, DI_100=Bought(10_000, 100_000, 50_000))

    assert switch.loss_cents == 45_000


def test_a_cheap_block_added_does_not_hide_what_is_undercut() -> None:
    pen = Ingredient("PEN", 1_000)

    (switch,) = _switches(replace(OFFER, ingredients=(SEAL, pen)), DI_100=YEARLY)

    assert switch.loss_cents == 10_000


def test_bundles_replace_what_saves_money_and_no_more() -> None:
    offer = Offer(6_000, (SEAL, BELT))
    belts = Bought(1_000, 3_000, 9_000)

    # Three bundles replace seals and a belt (80.00 against 60.00); a fourth only seals for 50.00.
    assert _switches(offer, DI_100=YEARLY, RI_7=belts) == [Switch("M1", "A", 3, 24_000, 18_000)]
    assert _switches(replace(offer, price_cents=4_999), DI_100=YEARLY, RI_7=belts) == [
        Switch("M1", "A", 10, 59_000, 49_990)
    ]


def test_buyers_are_counted_by_segment_and_the_dearest_switch_stands_first() -> None:
    bought = {
        "M1": {"DI-100": YEARLY},
        "M2": {"DI-100": replace(YEARLY, net_cents=90_000)},
        "M3": {"DI-100": replace(YEARLY, net_cents=30_000)},
        "M4": {"OTHER": YEARLY},
    }

    found = cannibalise(OFFER, bought, {"M1": "B", "M2": "A", "M3": "B", "M4": "A"})

    assert found.buyer_counts == {"A": 1, "B": 2}
    assert [switch.account_number for switch in found.switches] == ["M2", "M1"]
    assert (found.loss_cents, found.paid_cents, found.bundle_count) == (60_000, 140_000, 20)
    assert found.undercut_bp == 4_286
    assert found.staying == (Buyer("M3", "B", 10, 3_000),)


def test_without_buyers_there_is_nothing_to_lose() -> None:
    found = cannibalise(OFFER, {}, {})

    assert (found.loss_cents, found.undercut_bp, found.buyer_counts) == (0, 0, {})


@pytest.mark.parametrize(
    ("later_days", "ingredients", "faults"),
    [
        (5, (SEAL, BELT), ()),
        (1, (SEAL, BELT), ()),
        (0, (SEAL, BELT), (Service.FASTER,)),
        (1, (Ingredient("HOUR", 1_000, Kind.CONSULTING_UNIT, 9_000),), ()),
        (1, (Ingredient("HOUR", 1_000, Kind.CONSULTING_UNIT),), (Service.MORE_SERVICE,)),
        (0, (Ingredient("HOUR", 1_000, Kind.SERVICE),), (Service.FASTER, Service.MORE_SERVICE)),
        (1, (Ingredient("OWN", 1_000, Kind.SPARE_PART),), ()),
    ],
)
def test_a_bundle_is_neither_faster_nor_better_served_than_the_main_brand(
    later_days: int, ingredients: tuple[Ingredient, ...], faults: tuple[Service, ...]
) -> None:
    assert serves_better(ingredients, later_days=later_days).faults == faults


def test_the_slowest_block_decides_how_early_a_bundle_may_come() -> None:
    verdict = serves_better((SEAL, BELT, Ingredient("HOUR", 1_000, Kind.SERVICE)), later_days=3)

    assert (verdict.main_brand_days, verdict.earliest_days, verdict.extra_skus) == (5, 8, ("HOUR",))


past = st.builds(
    Bought,
    typical_milli=st.integers(1, 150),
    quantity_milli=st.integers(-5, 60),
    net_cents=st.integers(-10, 900),
)
offers = st.builds(
    Offer,
    price_cents=st.integers(1, 200),
    ingredients=st.lists(
        st.builds(Ingredient, sku=st.sampled_from("abc"), quantity_milli=st.integers(1, 9)),
        max_size=3,
        unique_by=lambda one: one.sku,
    ).map(tuple),
    minimum_quantity=st.integers(1, 3),
    order_step=st.integers(1, 3),
    maximum_quantity=st.none() | st.integers(1, 9),
)


def _by_hand(offer: Offer, articles: dict[str, Bought]) -> tuple[int, int]:
    """Bundle after bundle as long as each replaces more than it costs: (bundles, loss)."""
    values = []
    for count in range(1, 61):
        worth = 0
        for one in offer.ingredients:
            bought = articles.get(one.sku)
            if bought is None or bought.quantity_milli <= 0 or bought.net_cents <= 0:
                continue
            can_be_served = (
                offer.maximum_quantity is None
                or bought.typical_milli
                <= one.quantity_milli * offer.maximum_quantity * ORDERS_FOR_ONE_PURCHASE
            )
            if can_be_served and one.quantity_milli * count <= bought.quantity_milli:
                share = 2 * one.quantity_milli * bought.net_cents + bought.quantity_milli
                worth += share // (2 * bought.quantity_milli)
        if worth <= offer.price_cents:
            break
        values.append(worth)
    count = len(values) // offer.order_step * offer.order_step
    return (
        (count, sum(values[:count]) - count * offer.price_cents)
        if count >= offer.minimum_quantity
        else (0, 0)
    )


@given(offers, st.dictionaries(st.sampled_from("abcd"), past, max_size=4))
def test_a_switch_is_what_buying_bundle_after_bundle_comes_to(
    offer: Offer, articles: dict[str, Bought]
) -> None:
    found = cannibalise(offer, {"M1": articles}, {"M1": "A"})

    assert (found.bundle_count, found.loss_cents) == _by_hand(offer, articles)
    assert all(switch.loss_cents > 0 for switch in found.switches)


@given(offers, st.dictionaries(st.sampled_from("abcd"), past, max_size=4), st.integers(1, 50))
def test_a_lower_price_never_costs_the_main_brand_less(
    offer: Offer, articles: dict[str, Bought], cents: int
) -> None:
    cheap = replace(offer, price_cents=max(1, offer.price_cents - cents), order_step=1)
    dear = replace(offer, order_step=1)

    losses = [cannibalise(one, {"M1": articles}, {"M1": "A"}).loss_cents for one in (cheap, dear)]

    assert losses[0] >= losses[1]
