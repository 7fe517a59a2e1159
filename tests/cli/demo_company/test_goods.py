"""The demo's goods: what is on sale earns what the margin guard asks for, and two drafts do not."""

from dataclasses import asdict

import pytest

from app.catalogue.rules.agreements import BlockSizes, Sizes, agreement_of_blocks, sizes_of
from app.catalogue.rules.blocks import BlockEntry, entry_faults
from app.catalogue.rules.drafts import draft_faults, order_fault
from app.catalogue.rules.kinds import Source
from app.catalogue.rules.margin import Margin, margin_of
from app.catalogue.rules.pictograms import PICTOGRAMS
from app.catalogue.rules.units import has_decimals
from app.cli.demo_company.goods import BlockFacts, BundleFacts, all_blocks, made_bundle, written_bundles
from app.policy.rules.policy import Policy

BLOCKS = all_blocks()
ON_SALE = [bundle for bundle in written_bundles() if not bundle.is_draft]
DRAFTS = {bundle.slug: bundle for bundle in written_bundles() if bundle.is_draft}


def margin(bundle: BundleFacts, policy: Policy) -> Margin:
    parts = [BLOCKS[sku].part(quantity_milli) for sku, quantity_milli in bundle.items]
    return margin_of(bundle.price_cents, parts, policy)


def main_brand_cents(bundle: BundleFacts) -> float:
    return sum(BLOCKS[sku].main_brand_price_cents * milli / 1000 for sku, milli in bundle.items)


@pytest.mark.parametrize("bundle", ON_SALE, ids=lambda bundle: bundle.slug)
def test_a_bundle_on_sale_passes_the_margin_guard_and_costs_less_than_at_the_main_brand(
    bundle: BundleFacts,
) -> None:
    found = margin(bundle, Policy())

    assert found.is_passing, f"{found.margin_bp} bp; lowest price {found.lowest_price_cents}"
    assert bundle.price_cents < main_brand_cents(bundle)
    assert not any(BLOCKS[sku].is_kept_out for sku, _ in bundle.items)
    assert {BLOCKS[sku].source for sku, _ in bundle.items} != {Source.COMMISSION}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=lambda block: block.sku)
def test_a_block_could_be_saved_in_the_editor_as_it_is(block: BlockFacts) -> None:
    values = asdict(block)
    del values["pictogram"]
    stock = values.pop("stock")

    assert entry_faults(BlockEntry(**values, is_made_to_order=stock is None)) == []
    assert block.pictogram in PICTOGRAMS


@pytest.mark.parametrize("bundle", [*ON_SALE, *DRAFTS.values()], ids=lambda bundle: bundle.slug)
def test_a_bundle_could_be_saved_in_the_editor_as_it_is(bundle: BundleFacts) -> None:
    items = [(place, quantity_milli) for place, (_, quantity_milli) in enumerate(bundle.items)]

    sizes = Sizes(bundle.minimum_quantity, bundle.order_step)
    said = (None, None) if bundle.is_silent else (sizes.minimum_quantity, sizes.order_step)
    own = dict(zip(("own_minimum_quantity", "own_order_step"), said, strict=True))

    assert draft_faults(bundle.slug, asdict(bundle) | own, items) == []
    assert order_fault(sizes, bundle.maximum_quantity) is None
    for sku, quantity_milli in bundle.items:
        assert quantity_milli % 1000 == 0 or has_decimals(BLOCKS[sku].unit_code), sku


def test_a_silent_bundle_of_the_demo_is_sold_in_the_sizes_of_its_blocks() -> None:
    silent = [bundle for bundle in ON_SALE if bundle.is_silent]

    assert silent
    for bundle in silent:
        blocks = [(BLOCKS[sku], milli) for sku, milli in bundle.items]
        said = agreement_of_blocks(
            BlockSizes(milli, block.minimum_quantity_milli, block.order_step_milli) for block, milli in blocks
        )
        assert sizes_of(said) == Sizes(bundle.minimum_quantity, bundle.order_step)


def test_the_bundles_on_sale_hold_blocks_of_all_four_sources() -> None:
    assert len(ON_SALE) == 48
    assert {BLOCKS[sku].source for bundle in ON_SALE for sku, _ in bundle.items} == set(Source)


def test_two_drafts_miss_the_margin_floor_and_the_other_two_reach_it() -> None:
    assert {slug: margin(bundle, Policy()).is_passing for slug, bundle in DRAFTS.items()} == {
        "entwurf-quarzsand-500-kg": False,
        "entwurf-feinsicherungen": False,
        "entwurf-lager-grossabnehmer": True,
        "entwurf-filter-grosser-fuhrpark": True,
    }


def test_made_bundles_pass_the_margin_guard_of_the_policy_in_force() -> None:
    strict = Policy(margin_floor_bp=4_000, shipping_per_kg_cents=100)

    for policy in (Policy(), strict):
        made = [made_bundle(number, blocks=BLOCKS, policy=policy, seed=1) for number in range(48, 348)]
        assert all(margin(bundle, policy).is_passing for bundle in made)
        assert not any(BLOCKS[sku].is_kept_out for bundle in made for sku, _ in bundle.items)


def test_a_made_bundle_is_always_the_same_for_its_number() -> None:
    first, again, other = (
        made_bundle(number, blocks=BLOCKS, policy=Policy(), seed=1) for number in (70, 70, 71)
    )

    assert first == again != other
    assert first.maximum_quantity == 20 * first.order_step
    assert other.maximum_quantity is None
