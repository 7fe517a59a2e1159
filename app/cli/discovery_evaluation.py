"""What `shop discover-bundles --evaluate` does: it measures discovery on a file, without settings or a database."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import typer

from app.core.clock import utc_now
from app.insights.baskets import LINES, goods_of
from app.insights.discovery import Found
from app.insights.discovery_evaluation import Coverage, Evaluation, evaluate
from app.insights.rules.proposing import Aims
from app.mainbrand.buying import days_of_lines
from app.mainbrand.files import open_table
from app.mainbrand.purchase_lines import LineReader, Terms
from app.mainbrand.rules.columns import PURCHASE_COLUMNS


def evaluate_file(path: Path, *, is_json: bool) -> None:
    """Prints whether proposals learned on one year of a file come again in the next, and what they supply of it.

    Raises Invalid for a file that cannot be read or is too short.
    """
    lines, days, rejected_count = read_goods(path)
    if sys.stderr.isatty():
        typer.echo("Sets are looked for …", err=True)
    found = evaluate(lines, days, aims=Aims())
    if is_json:
        typer.echo(json.dumps(_as_json(found, rejected_count), indent=2))
    else:
        _print(found, rejected_count)


def read_goods(path: Path) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """A file's goods (columns baskets.LINES), its purchase days, and how many lines were left out.

    Raises Invalid (`file.*`).
    """
    rejected_count = 0
    goods: list[pl.DataFrame] = []
    with open_table(path, PURCHASE_COLUMNS) as table:
        reader = LineReader(table, Terms("EUR", "UTC", utc_now().year + 1))

        def frames() -> Iterator[pl.DataFrame]:
            nonlocal rejected_count
            for batch in table.batches:
                good, rejects = reader.read(batch)
                rejected_count += len(rejects)
                goods.append(goods_of(good))
                yield good

        days = days_of_lines(frames())
    return pl.concat(goods) if goods else pl.DataFrame(schema=LINES), days, rejected_count


def _as_json(found: Evaluation, rejected_count: int) -> dict[str, Any]:
    return {
        "proposed": found.set_count,
        "recurring_share": found.recurring_share,
        "coverage": found.coverage.whole,
        "baseline_coverage": found.by_orders.whole,
        "coverage_in_packs": found.coverage.in_packs,
        "baseline_coverage_in_packs": found.by_orders.in_packs,
        "baselines": {
            "orders": _coverage(found.by_orders),
            "revenue": _coverage(found.by_revenue),
            "units": _coverage(found.by_units),
        },
        "sets_alone": _coverage(found.sets_alone),
        "packs": found.pack_count,
        "packs_recurring_share": found.pack_recurring_share,
        "minimum_support": Aims().minimum_support,
        "customers": found.customer_count,
        "baskets": found.discovery.basket_count,
        "next_baskets": found.test_basket_count,
        "expected_orders": found.expected_orders,
        "came_orders": found.came_orders,
        "cut_on": found.cut_on.isoformat(),
        "until": found.until.isoformat(),
        "catalogue": [_bundle(one) for one in found.catalogue],
        "lines_left_out": rejected_count,
    }


def _coverage(coverage: Coverage) -> dict[str, float]:
    return {"whole": coverage.whole, "in_packs": coverage.in_packs}


def _bundle(found: Found) -> dict[str, Any]:
    return {
        "items": {item.sku: item.quantity_milli / 1000 for item in found.items},
        "support": found.evidence.support,
        "confidence": found.evidence.confidence,
        "lift": found.evidence.lift,
        "expected_orders": found.evidence.expected_orders,
        "expected_buyers": found.evidence.expected_buyers,
    }


def _print(found: Evaluation, rejected_count: int) -> None:
    typer.echo(
        f"{found.discovery.basket_count:,} baskets of {found.customer_count:,} customers with low revenue before "
        f"{found.cut_on}, {found.test_basket_count:,} of theirs after it."
    )
    typer.echo(
        f"{found.set_count:,} sets of two or more blocks proposed; {found.recurring_share:.1%} again in at least "
        f"{Aims().minimum_support:.1%} of the baskets of the next year."
    )
    typer.echo(
        f"{found.pack_count:,} packs of one block proposed; {found.pack_recurring_share:.1%} again likewise."
    )
    typer.echo(f"Share of the value of next year's baskets{'':<14}{'whole blocks':>14}{'whole packs':>14}")
    rows = (
        (f"the catalogue of {len(found.catalogue)} bundles", found.coverage),
        ("as many single items, those in most orders", found.by_orders),
        ("as many single items, those with most revenue", found.by_revenue),
        ("as many single items, those with most units", found.by_units),
        ("as many sets of two or more blocks", found.sets_alone),
    )
    for name, coverage in rows:
        typer.echo(f"  {name:<53}{coverage.whole:>14.2%}{coverage.in_packs:>14.2%}")
    typer.echo(
        f"Orders of the proposed sets and packs: {found.expected_orders:,} expected, {found.came_orders:,} came."
    )
    if rejected_count:
        typer.echo(f"{rejected_count:,} lines were left out (no customer, or not readable).")
