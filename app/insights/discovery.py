"""Finding bundles in purchases: what C-customers buy together, in which quantities, how surely, and how often."""

import heapq
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from statistics import median_low

import polars as pl

from app.core.money import divide_half_up
from app.insights.baskets import Basket, baskets_of, holders, iter_quantities, of_accounts, without_returns
from app.insights.frequent_sets import closed_sets
from app.insights.rules.proposing import (
    YEAR_DAYS,
    Aims,
    likeness,
    pack_size,
    surely_at_least,
    typical_quantity,
)

MOST_PACKS = 150
PRICE_SCALE = 1_000_000
"""Unit prices are kept in millionths of a cent for a thousandth of a unit."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the baskets say about one set.

    Shares (0 to 1): `support` of the C-customers' baskets that hold it, `recent_support` the same with old baskets
    counting less, `sure_support` what that surely reaches; `confidence` of those who buy all but one of its blocks,
    who buy that one too, for the block where it is least; `lift` is how much more often than by chance. `order_count`
    and `buyer_count` are of the twelve months; `expected_…` of the next ones, by `recent_support`. `recency_days` is
    how long ago it was last bought, `value_cents` what its blocks brought in a year, old baskets counting less.
    """

    support: float
    recent_support: float
    sure_support: float
    confidence: float
    lift: float
    order_count: int
    buyer_count: int
    expected_orders: int
    expected_buyers: int
    recency_days: int
    value_cents: int


@dataclass(frozen=True, slots=True)
class Item:
    """An article of a proposal: what it is called, its typical quantity, pack, and what C and A/B pay for that much.

    Quantities in thousandths of the unit; prices are medians in cents, None where nobody of them bought it.
    """

    sku: str
    name: str
    quantity_milli: int
    pack_milli: int
    c_price_cents: int
    ab_price_cents: int | None


@dataclass(frozen=True, slots=True)
class Found:
    """One proposal: its items by SKU, its evidence, its place in the catalogue (from 1, None outside), what it hides.

    `folded_count` is how many sets of nearly the same blocks it stands for.
    """

    items: tuple[Item, ...]
    evidence: Evidence
    rank: int | None = None
    folded_count: int = 0

    @property
    def skus(self) -> frozenset[str]:
        """The SKUs of its items."""
        return frozenset(item.sku for item in self.items)


@dataclass(frozen=True, slots=True)
class Discovery:
    """What a run found: proposals, the catalogue first and in its order, then by yearly value.

    Counts are of the twelve months: baskets and buyers among the C-customers, kept lines of all customers.
    """

    found: tuple[Found, ...]
    basket_count: int
    buyer_count: int
    line_count: int


def discover(lines: pl.DataFrame, low: Collection[str], *, until: date, aims: Aims) -> Discovery:
    """The proposals from purchases (columns baskets.LINES) of the twelve months before a day; `low` are C-accounts."""
    age = (pl.lit(until) - pl.col("day")).dt.total_days()
    kept = without_returns(lines.filter((age > 0) & (age <= YEAR_DAYS)))
    theirs, of_others = of_accounts(kept, low)
    mine = _Mine(baskets_of(theirs, until=until), aims)
    closed = closed_sets(
        [basket.cents for basket in mine.baskets], minimum_count=mine.minimum_count, longest=aims.longest
    )
    good = {skus: mine.evidence(skus) for skus in closed if len(skus) > 1}
    sets, folded = _fold({skus: one for skus, one in good.items() if mine.is_sure(one)}, aims)
    packs = {frozenset([sku]): mine.evidence(frozenset([sku])) for sku in mine.worth_most(MOST_PACKS)}
    good |= packs
    wanted = sorted({sku for skus in (*sets, *packs) for sku in skus})
    others = baskets_of(of_others.filter(pl.col("sku").is_in(wanted)), until=until)
    catalogue = _catalogue([*sets, *packs], mine.baskets, others, aims)
    rest = [skus for skus in sets if skus not in catalogue][: max(0, aims.most_proposals - len(catalogue))]
    ranks = {skus: rank for rank, skus in enumerate(catalogue, start=1)}
    facts = _ItemFacts(theirs, of_others, mine)
    return Discovery(
        tuple(
            Found(facts.items(skus), good[skus], ranks.get(skus), folded.get(skus, 0))
            for skus in (*catalogue, *rest)
        ),
        basket_count=len(mine.baskets),
        buyer_count=len({basket.account_number for basket in mine.baskets}),
        line_count=kept.height,
    )


class _Mine:
    """The C-customers' baskets with the weights of their ages, and which of them hold what."""

    def __init__(self, baskets: list[Basket], aims: Aims) -> None:
        self.baskets = baskets
        self._aims = aims
        self.weights = [_weight(basket, aims) for basket in baskets]
        self._total = sum(self.weights)
        squares = sum(weight * weight for weight in self.weights)
        # So many baskets of equal weight would be as sure (Kish 1965).
        self._trials = self._total * self._total / squares if squares else 0.0
        self._by_sku = holders(baskets)
        self.minimum_count = max(aims.minimum_orders, math.ceil(aims.minimum_support * len(baskets)))

    def holding(self, skus: Collection[str]) -> set[int]:
        """The numbers of the baskets that hold all of the articles."""
        smallest, *others = sorted((self._by_sku[sku] for sku in skus), key=len)
        return smallest.intersection(*others)

    def is_sure(self, one: Evidence) -> bool:
        """Whether a set is proposed: surely often enough, by enough buyers, and more often than by chance."""
        return (
            one.sure_support >= self._aims.minimum_support
            and one.buyer_count >= self._aims.minimum_buyers
            and one.lift > 1
        )

    def worth_most(self, count: int) -> list[str]:
        """The single articles with most value, old baskets counting less, that enough buyers order often enough."""
        values: dict[str, float] = {}
        for basket, weight in zip(self.baskets, self.weights, strict=True):
            for sku, cents in basket.cents.items():
                values[sku] = values.get(sku, 0.0) + weight * cents
        ranked = sorted(values, key=lambda sku: (-values[sku], sku))
        return [*islice((sku for sku in ranked if self._is_bought_enough(sku)), count)]

    def _is_bought_enough(self, sku: str) -> bool:
        holding = self._by_sku[sku]
        return (
            len(holding) >= self._aims.minimum_orders
            and len({self.baskets[number].account_number for number in holding}) >= self._aims.minimum_buyers
        )

    def evidence(self, skus: frozenset[str]) -> Evidence:
        """What the baskets say about a set that some of them hold."""
        holding = self.holding(skus)
        buyers = {self.baskets[number].account_number for number in holding}
        recent = sum(self.weights[number] for number in holding) / self._total
        sure = surely_at_least(recent, self._trials, self._aims.certainty)
        count, order_count = len(self.baskets), len(holding)
        by_chance = math.prod(len(self._by_sku[sku]) / count for sku in skus)
        lift = order_count / count / by_chance
        value = sum(
            self.weights[number] * self.baskets[number].cents[sku] for number in holding for sku in skus
        )
        without_one = max(len(self.holding(skus - {sku})) if len(skus) > 1 else count for sku in skus)
        expected = recent * count
        return Evidence(
            support=order_count / count,
            recent_support=recent,
            sure_support=sure,
            confidence=order_count / without_one,
            lift=lift,
            order_count=order_count,
            buyer_count=len(buyers),
            expected_orders=round(expected),
            expected_buyers=round(expected * len(buyers) / order_count),
            recency_days=min(self.baskets[number].age_days for number in holding),
            value_cents=round(value * count / self._total),
        )


class _ItemFacts:
    """Names, packs and prices of articles, worked out once for each."""

    def __init__(self, theirs: pl.DataFrame, of_others: pl.DataFrame, mine: _Mine) -> None:
        self._mine = mine
        self._names = dict(
            theirs.sort("day").group_by("sku").agg(pl.col("description").last()).iter_rows(named=False)
        )
        self._c_prices = _unit_prices(theirs)
        self._ab_prices = _unit_prices(of_others)
        self._packs: dict[str, int] = {}

    def items(self, skus: frozenset[str]) -> tuple[Item, ...]:
        """The items of a set, by SKU, in the quantities of those who buy it."""
        holding = self._mine.holding(skus)
        return tuple(self._item(sku, holding) for sku in sorted(skus))

    def _item(self, sku: str, holding: Collection[int]) -> Item:
        if sku not in self._packs:
            everywhere = self._mine.holding([sku])
            self._packs[sku] = pack_size([*iter_quantities(self._mine.baskets, everywhere, sku)])
        pack = self._packs[sku]
        quantity = typical_quantity([*iter_quantities(self._mine.baskets, holding, sku)], pack)
        ab_price = self._ab_prices.get(sku)
        return Item(
            sku,
            self._names[sku],
            quantity,
            pack,
            divide_half_up(self._c_prices[sku] * quantity, PRICE_SCALE),
            None if ab_price is None else divide_half_up(ab_price * quantity, PRICE_SCALE),
        )


def _unit_prices(lines: pl.DataFrame) -> dict[str, int]:
    """The median price of a thousandth of a unit by SKU, in millionths of a cent."""
    price = pl.col("net_cents") * PRICE_SCALE // pl.col("quantity_milli")
    by_sku = lines.select("sku", price.alias("price")).group_by("sku").agg("price")
    return {sku: median_low(prices) for sku, prices in by_sku.iter_rows()}


def _weight(basket: Basket, aims: Aims) -> float:
    return float(0.5 ** (basket.age_days / aims.half_life_days))


def _fold(
    good: Mapping[frozenset[str], Evidence], aims: Aims
) -> tuple[list[frozenset[str]], dict[frozenset[str], int]]:
    """The sets without those that have nearly the same blocks as one worth more, best first; how many each hides."""
    kept: list[frozenset[str]] = []
    folded: dict[frozenset[str], int] = {}
    by_sku: dict[str, list[frozenset[str]]] = {}
    for skus in sorted(good, key=lambda skus: (-good[skus].value_cents, sorted(skus))):
        near = [one for sku in sorted(skus) for one in by_sku.get(sku, ())]
        twin = next((one for one in near if likeness(one, skus) >= aims.likeness), None)
        if twin is not None:
            folded[twin] = folded.get(twin, 0) + 1
            continue
        kept.append(skus)
        for sku in skus:
            by_sku.setdefault(sku, []).append(skus)
    return kept, folded


def _as_bought_by(mine: Sequence[Basket], others: Sequence[Basket]) -> list[Basket]:
    """The others' baskets with each article at what a basket of mine spends on it on average."""
    sums: dict[str, list[int]] = {}
    for one in mine:
        for sku, cents in one.cents.items():
            total = sums.setdefault(sku, [0, 0])
            total[0] += cents
            total[1] += 1
    return [
        Basket(one.account_number, one.age_days, {sku: divide_half_up(*sums[sku]) for sku in one.cents})
        for one in others
    ]


def _catalogue(
    candidates: Sequence[frozenset[str]], mine: Sequence[Basket], others: Sequence[Basket], aims: Aims
) -> list[frozenset[str]]:
    """The sets that together supply most of the baskets' value, each counting what those before it do not supply.

    Greedy, which for such a sum of covered values reaches at least 63 % of the best (Nemhauser, Wolsey and Fisher
    1978). A basket is supplied with a set only if it holds it whole. The others' baskets count a little, as if
    C-customers had bought them: what many buy is more surely bought again than what a few C-customers did.
    """
    baskets = [*mine, *_as_bought_by(mine, others)]
    weights = [_weight(one, aims) for one in mine]
    weights += [aims.others_weight * _weight(one, aims) for one in others]
    by_sku = holders(baskets)
    supplied: list[set[str]] = [set() for _ in baskets]
    holding: dict[frozenset[str], set[int]] = {}

    def gain(skus: frozenset[str]) -> float:
        if skus not in holding:
            holding[skus] = set.intersection(*(by_sku[sku] for sku in skus))
        return sum(
            weights[number] * baskets[number].cents[sku]
            for number in sorted(holding[skus])
            for sku in sorted(skus - supplied[number])
        )

    # What a set adds only shrinks: the first whose renewed figure still leads is the best.
    queue = [(-gain(skus), sorted(skus)) for skus in candidates]
    heapq.heapify(queue)
    chosen: list[frozenset[str]] = []
    while queue and len(chosen) < aims.catalogue_size:
        _, names = heapq.heappop(queue)
        skus = frozenset(names)
        now = (-gain(skus), names)
        if queue and now > queue[0]:
            heapq.heappush(queue, now)
            continue
        chosen.append(skus)
        for number in holding[skus]:
            supplied[number] |= skus
    return chosen
