"""What `shop rate --evaluate` does: it measures the growth prospect on a file, without settings or a database."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import typer

from app.core.clock import utc_now
from app.mainbrand.buying import days_of_lines
from app.mainbrand.files import open_table
from app.mainbrand.prospect_evaluation import Evaluation, Quality, evaluate
from app.mainbrand.purchase_lines import LineReader, Terms
from app.mainbrand.rules.columns import PURCHASE_COLUMNS
from app.policy.rules.policy import Policy


def evaluate_file(path: Path, *, is_json: bool) -> None:
    """Prints how well the prospect foretells growth in a file of purchases, beside revenue alone and the plain rule.

    Raises Invalid for a file that cannot be read or is too short.
    """
    days, rejected_count = read_purchase_days(path)
    if sys.stderr.isatty():
        typer.echo("Fifteen models are fitted …", err=True)
    found = evaluate(days, prospect_bound=Policy().prospect_bound_percent / 100)
    if is_json:
        typer.echo(json.dumps(_as_json(found, rejected_count), indent=2))
    else:
        _print(found, rejected_count)


def read_purchase_days(path: Path) -> tuple[pl.DataFrame, int]:
    """The purchase days of a file, and how many of its lines were left out. Raises Invalid (`file.*`)."""
    rejected_count = 0
    with open_table(path, PURCHASE_COLUMNS) as table:
        reader = LineReader(table, Terms("EUR", "UTC", utc_now().year + 1))

        def frames() -> Iterator[pl.DataFrame]:
            nonlocal rejected_count
            for batch in table.batches:
                good, rejects = reader.read(batch)
                rejected_count += len(rejects)
                yield good

        days = days_of_lines(frames())
    return days, rejected_count


def _as_json(found: Evaluation, rejected_count: int) -> dict[str, Any]:
    return {
        **_quality(found.model),
        "baseline": _quality(found.baseline),
        "rule": _quality(found.rule),
        "customers": found.customer_count,
        "base_rate": found.base_rate,
        "prospect_bound": found.prospect_bound,
        "called_b": found.called_b_count,
        "cut_on": found.cut_on.isoformat(),
        "low_below_cents": found.bound_cents,
        "auc_by_repeat": list(found.auc_by_repeat),
        "calibration": [
            {"customers": one.company_count, "said": one.said, "came": one.came} for one in found.bins
        ],
        "lines_left_out": rejected_count,
    }


def _quality(quality: Quality) -> dict[str, float]:
    return {
        "auc": quality.auc,
        "calibration_error": quality.calibration_error,
        "growers_called_c": quality.growers_called_c,
    }


def _print(found: Evaluation, rejected_count: int) -> None:
    typer.echo(
        f"{found.customer_count:,} customers with low revenue on {found.cut_on}, "
        f"{found.base_rate:.1%} of them grew within the next year."
    )
    typer.echo(f"{'':<16}{'AUC':>8}{'calibration error':>20}{'growers called C':>19}")
    rows = (("prospect", found.model), ("revenue alone", found.baseline), ("plain rule", found.rule))
    for name, quality in rows:
        typer.echo(
            f"{name:<16}{quality.auc:>8.3f}{quality.calibration_error:>20.3f}{quality.growers_called_c:>19.1%}"
        )
    typer.echo(
        f"At the bound of {found.prospect_bound:.2f} the prospect calls {found.called_b_count:,} of them B; "
        "the others may call as many."
    )
    typer.echo(f"{'said':>8}{'came':>8}{'customers':>12}")
    for one in found.bins:
        typer.echo(f"{one.said:>8.3f}{one.came:>8.3f}{one.company_count:>12,}")
    if rejected_count:
        typer.echo(f"{rejected_count:,} lines were left out (no customer, or not readable).")
