"""Which articles are often bought together: the only module that knows the mining library (Apriori)."""

from collections.abc import Collection, Sequence

MOST_ARTICLES = 1_500
"""Only so many articles, the most often bought ones, are looked at together."""

MOST_SETS = 5_000
"""Where more sets than this are frequent in one size, no larger ones are looked for."""


def closed_sets(
    baskets: Sequence[Collection[str]], *, minimum_count: int, longest: int
) -> dict[frozenset[str], int]:
    """Every closed set of one to `longest` articles with the number of baskets that hold it, from `minimum_count` on.

    Closed: no larger set is held by exactly the same baskets. The library finds by Apriori (Agrawal and Srikant
    1994) what FP-growth finds; its result is exact. Where a few baskets share very many articles the sizes end
    early (MOST_SETS), and what is found is closed among the sizes that were looked at.
    """
    if len(baskets) < minimum_count:
        return {}
    from efficient_apriori import itemsets_from_transactions

    narrowed = _often_bought(baskets, minimum_count)
    levels: dict[int, dict[tuple[str, ...], int]] = {}
    # One size more than asked for: only it tells which sets of the last size are closed.
    for size in range(1, longest + 2):
        levels, _ = itemsets_from_transactions(
            narrowed, min_support=minimum_count / len(narrowed), max_length=size
        )
        if len(levels.get(size, ())) > MOST_SETS or size not in levels:
            break
    found = {frozenset(names): count for level in levels.values() for names, count in level.items()}
    not_closed = {
        names - {one} for names, count in found.items() for one in names if found.get(names - {one}) == count
    }
    return {
        names: count for names, count in found.items() if names not in not_closed and len(names) <= longest
    }


def _often_bought(baskets: Sequence[Collection[str]], minimum_count: int) -> list[tuple[str, ...]]:
    """The baskets with nothing in them but what is bought often enough; empty ones stay, for they count."""
    counts: dict[str, int] = {}
    for basket in baskets:
        for sku in set(basket):
            counts[sku] = counts.get(sku, 0) + 1
    often = sorted((-count, sku) for sku, count in counts.items() if count >= minimum_count)
    kept = {sku for _, sku in often[:MOST_ARTICLES]}
    return [tuple(sorted(kept.intersection(basket))) for basket in baskets]
