"""Which sizes hold where blocks, a bundle and a customer agree on some."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalogue.rules.agreements import (
    ABOVE_EVERY_ORDER,
    Agreement,
    BlockSizes,
    Sizes,
    agreement_of_blocks,
    nearest,
    sizes_of,
)
from app.ordering.rules.quantities import QuantityRule, check_quantity

SILENT = Agreement()
FIELD = st.none() | st.integers(1, 200)
AGREEMENTS = st.builds(Agreement, FIELD, FIELD)
BLOCKS = st.lists(
    st.builds(
        BlockSizes,
        st.integers(1, 40),
        st.none() | st.integers(1, 400),
        st.none() | st.integers(1, 12),
    ),
    max_size=3,
)


def test_an_order_step_of_24_with_a_minimum_of_48_admits_48_72_and_96_and_nothing_between() -> None:
    sizes = sizes_of(Agreement(48, 24))

    rule = QuantityRule(sizes.minimum_quantity, sizes.order_step)

    assert [q for q in range(1, 100) if check_quantity(q, rule) is None] == [48, 72, 96]


@pytest.mark.parametrize(
    ("customer", "bundle", "blocks", "sizes"),
    [
        (SILENT, SILENT, SILENT, Sizes(1, 1)),
        (SILENT, SILENT, Agreement(48, 24), Sizes(48, 24)),
        (SILENT, Agreement(None, 12), Agreement(48, 24), Sizes(48, 12)),
        (Agreement(10, None), Agreement(None, 12), Agreement(48, 24), Sizes(10, 12)),
        (Agreement(None, 1), Agreement(20, 12), Agreement(48, 24), Sizes(20, 1)),
        (Agreement(1, 1), Agreement(20, 12), SILENT, Sizes(1, 1)),
    ],
)
def test_the_nearest_agreement_wins_in_each_field_by_itself(
    customer: Agreement, bundle: Agreement, blocks: Agreement, sizes: Sizes
) -> None:
    assert sizes_of(customer, bundle, blocks) == sizes


@pytest.mark.parametrize(
    ("blocks", "agreement"),
    [
        ([], SILENT),
        ([BlockSizes(1000)], SILENT),
        ([BlockSizes(1000, 48_000, 24_000)], Agreement(48, 24)),
        # Six of the block in each bundle: four bundles are one step of 24.
        ([BlockSizes(6000, 48_000, 24_000)], Agreement(8, 4)),
        ([BlockSizes(5000, 48_000, 24_000)], Agreement(10, 24)),
        ([BlockSizes(48_000, 48_000, 24_000)], Agreement(1, 1)),
        # 2.5 metres in each, sold by ten metres.
        ([BlockSizes(2500, None, 10_000)], Agreement(None, 4)),
        ([BlockSizes(1000, 10_000, 4000), BlockSizes(2000, 60_000, 12_000)], Agreement(30, 12)),
        (
            [BlockSizes(1000, None, 9_999_000), BlockSizes(1000, None, 7000)],
            Agreement(None, ABOVE_EVERY_ORDER),
        ),
    ],
)
def test_what_blocks_say_is_translated_into_counts_of_the_bundle(
    blocks: list[BlockSizes], agreement: Agreement
) -> None:
    assert agreement_of_blocks(blocks) == agreement


@settings(max_examples=60)
@given(BLOCKS)
def test_a_count_of_bundles_is_admitted_exactly_where_every_block_admits_what_it_takes(
    blocks: list[BlockSizes],
) -> None:
    said = agreement_of_blocks(blocks)
    rule = QuantityRule(said.minimum_quantity or 1, said.order_step or 1)

    for count in range(1, 60):
        taken = [(block, block.quantity_milli * count) for block in blocks]
        is_admitted = all(
            milli % (block.order_step_milli or milli) == 0 and milli >= (block.minimum_quantity_milli or 0)
            for block, milli in taken
        )
        assert (check_quantity(count, rule) is None) == is_admitted


@given(st.lists(AGREEMENTS, max_size=4))
def test_each_field_is_that_of_the_first_who_speaks_of_it(agreements: list[Agreement]) -> None:
    found = nearest(*agreements)

    for field in ("minimum_quantity", "order_step"):
        spoken = [getattr(one, field) for one in agreements if getattr(one, field) is not None]
        assert getattr(found, field) == (spoken[0] if spoken else None)


@given(AGREEMENTS, AGREEMENTS, AGREEMENTS)
def test_agreements_may_be_joined_in_any_grouping(
    first: Agreement, second: Agreement, third: Agreement
) -> None:
    assert nearest(nearest(first, second), third) == nearest(first, nearest(second, third))
    assert nearest(SILENT, first) == nearest(first, SILENT) == first
