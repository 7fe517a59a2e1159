"""Asking discovery about a year that it has not seen: do its sets come again, and what do its bundles supply?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from app.core.errors import N_, Invalid
from app.insights.baskets import Basket, baskets_of, holders, of_accounts, without_returns
from app.insights.discovery import Discovery, Found, discover
from app.insights.rules.proposing import YEAR_DAYS, Aims, pack_size, typical_quantity
from app.mainbrand.prospect_evaluation import last_whole_years
from app.mainbrand.prospect_model import make_example

Bundle = dict[str, int]
"""Thousandths of a unit by SKU."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The share (0 to 1) of the value of next year's C-baskets that some offers supply.

    A basket is supplied with an offer only if it holds all of its blocks; each line counts once. `whole` counts the
    lines of the blocks that are supplied, in whatever quantity they were bought; `in_packs` only whole multiples
    of the complete offer in its typical quantities, the dearest offer first.
    """

    whole: float
    in_packs: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What came of proposals learned on one year in the year after it; the C-customers are those of the first.

    `recurring_share` is that of the proposed sets of two or more blocks which at least `minimum_support` of the
    second year's C-baskets hold; `pack_recurring_share` that of the proposed packs of one block.
    Against the catalogue stand as many single items as it has bundles: those that stand in most C-orders of the
    first year (`by_orders`), have most revenue there (`by_revenue`), or most units (`by_units`).
    """

    cut_on: date
    until: date
    discovery: Discovery
    customer_count: int
    test_basket_count: int
    set_count: int
    recurring_share: float
    pack_count: int
    pack_recurring_share: float
    catalogue: tuple[Found, ...]
    coverage: Coverage
    sets_alone: Coverage
    by_orders: Coverage
    by_revenue: Coverage
    by_units: Coverage
    expected_orders: int
    came_orders: int


def evaluate(lines: pl.DataFrame, days: pl.DataFrame, *, aims: Aims) -> Evaluation:
    """Learns on the year before the last whole year of purchases (columns baskets.LINES) and compares with the last.

    `days` are their purchase days (see `days_of_lines`).
    C-customers are those below the top fifth by net revenue in the first year, as for the growth prospect.
    Raises Invalid (`evaluation.too_short`, `evaluation.too_few`).
    """
    cut_on, until = last_whole_years(days)
    low = make_example(days, cut_on, bound_cents=None, until=until).frame["account_number"].to_list()
    discovery = discover(lines, low, until=cut_on, aims=aims)
    if not discovery.found:
        raise Invalid(
            N_("Too few baskets of customers with low revenue to find anything in them."),
            code="evaluation.too_few",
        )
    theirs, _ = of_accounts(lines.filter(pl.col("day") < until), low)
    later = theirs.filter(pl.col("day") >= cut_on)
    test = baskets_of(without_returns(later), until=until)
    if not test:
        raise Invalid(
            N_("The customers with low revenue bought nothing in the year after."), code="evaluation.too_few"
        )
    sets = [one for one in discovery.found if len(one.items) > 1]
    packs = [one for one in discovery.found if len(one.items) == 1]
    catalogue = tuple(one for one in discovery.found if one.rank is not None)
    by_revenue, by_orders, by_units = _best_sellers(theirs, cut_on, len(catalogue))
    came = _holding_counts(discovery.found, test)
    return Evaluation(
        cut_on=cut_on,
        until=until,
        discovery=discovery,
        customer_count=len(low),
        test_basket_count=len(test),
        set_count=len(sets),
        recurring_share=_recurring(sets, came, len(test), aims),
        pack_count=len(packs),
        pack_recurring_share=_recurring(packs, came, len(test), aims),
        catalogue=catalogue,
        coverage=_coverage(_offers(catalogue), test),
        sets_alone=_coverage(_offers(sets[: len(catalogue)]), test),
        by_orders=_coverage(by_orders, test),
        by_revenue=_coverage(by_revenue, test),
        by_units=_coverage(by_units, test),
        expected_orders=sum(one.evidence.expected_orders for one in discovery.found),
        came_orders=sum(came.values()),
    )


def _offers(found: Sequence[Found]) -> list[Bundle]:
    return [{item.sku: item.quantity_milli for item in one.items} for one in found]


def _holding_counts(found: Sequence[Found], baskets: list[Basket]) -> dict[frozenset[str], int]:
    by_sku = holders(baskets)
    return {one.skus: len(set.intersection(*(by_sku[sku] for sku in one.skus))) for one in found}


def _recurring(
    found: Sequence[Found], came: dict[frozenset[str], int], basket_count: int, aims: Aims
) -> float:
    if not found:
        return 0.0
    again = sum(came[one.skus] >= aims.minimum_support * basket_count for one in found)
    return again / len(found)


def _best_sellers(
    theirs: pl.DataFrame, cut_on: date, count: int
) -> tuple[list[Bundle], list[Bundle], list[Bundle]]:
    """The single items with most revenue, orders and units in the twelve months before a day, in typical quantities."""
    year = (pl.lit(cut_on) - pl.col("day")).dt.total_days().is_between(1, YEAR_DAYS)
    by_order = (
        without_returns(theirs.filter(year))
        .group_by("account_number", "invoice_number", "sku")
        .agg(pl.col("net_cents", "quantity_milli").sum())
    )
    sums = by_order.group_by("sku").agg(
        pl.col("net_cents").sum(),
        orders=pl.len(),
        units=pl.col("quantity_milli").sum(),
        quantities=pl.col("quantity_milli"),
    )
    offers = []
    for measure in ("net_cents", "orders", "units"):
        best = sums.sort(measure, "sku", descending=[True, False]).head(count)
        offers.append(
            [
                {sku: typical_quantity(quantities, pack_size(quantities))}
                for sku, quantities in best.select("sku", "quantities").iter_rows()
            ]
        )
    return offers[0], offers[1], offers[2]


def _coverage(offers: Sequence[Bundle], baskets: Sequence[Basket]) -> Coverage:
    total = sum(basket.value_cents for basket in baskets)
    by_sku: dict[str, list[Bundle]] = {}
    for offer in offers:
        # An offer is looked up under one of its blocks: without that the basket cannot hold it whole.
        by_sku.setdefault(min(offer), []).append(offer)
    whole, in_packs = 0, 0.0
    for basket in baskets:
        held = [
            offer
            for sku in basket.cents
            for offer in by_sku.get(sku, ())
            if all(one in basket.cents for one in offer)
        ]
        whole += sum(basket.cents[sku] for sku in {sku for offer in held for sku in offer})
        in_packs += _packed(basket, held)
    return Coverage(whole / total, in_packs / total)


def _packed(basket: Basket, held: Sequence[Bundle]) -> float:
    """The cents of a basket that whole multiples of the offers in it supply."""
    left = dict(basket.quantities)
    supplied = 0.0

    def worth(offer: Bundle) -> float:
        times = min(left[sku] // quantity for sku, quantity in offer.items())
        return sum(
            times * quantity * basket.cents[sku] / basket.quantities[sku] for sku, quantity in offer.items()
        )

    while held:
        best = max(held, key=worth)
        value = worth(best)
        if not value:
            break
        supplied += value
        times = min(left[sku] // quantity for sku, quantity in best.items())
        for sku, quantity in best.items():
            left[sku] -= times * quantity
    return supplied
