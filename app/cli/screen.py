"""`shop screen`: compares companies with the main brand's list, and says how well that finds them."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.screen_evaluation import answers_to, pair_scores, pairs_quality
from app.cli.serve import load_settings
from app.core.clock import utc_now
from app.core.db import open_database
from app.core.errors import Invalid
from app.flows.screen_customer import screen_all, screen_waiting
from app.insights.decisions import decided_answers
from app.insights.screening_quality import Quality, quality
from app.policy.rules.policy import Policy

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def register(cli: typer.Typer) -> None:
    """Adds the command of this module."""
    cli.command()(screen)


def screen(
    is_all: Annotated[bool, typer.Option("--all", help="Also those that were compared before.")] = False,
    queries: Annotated[
        Path | None,
        typer.Option("--evaluate", help="Labelled applications; columns as in docs/screening.md."),
    ] = None,
    gallery: Annotated[
        Path | None, typer.Option("--gallery", help="The companies that stand for the main brand's list.")
    ] = None,
    pairs: Annotated[Path | None, typer.Option("--evaluate-pairs", help="Labelled pairs of names.")] = None,
    is_on_decisions: Annotated[
        bool, typer.Option("--evaluate-decisions", help="On what the staff decided; only reads the database.")
    ] = False,
    split: Annotated[
        str | None, typer.Option(help="Which rows of a file with a column `split`; else its test split.")
    ] = None,
    is_json: Json = False,
) -> None:
    """Compare companies with the main brand's list; every outcome takes effect and is mailed at once.

    With one of the --evaluate options nothing is compared for good: figures are printed, nothing is written.
    """
    if (queries is None) is not (gallery is None):
        raise typer.BadParameter("--evaluate and --gallery belong together")
    if (queries is not None) + (pairs is not None) + is_on_decisions > 1:
        raise typer.BadParameter("one evaluation at a time")
    try:
        if queries is not None and gallery is not None:
            score = Policy().review_from_score
            answers = answers_to(queries, gallery, review_from_score=score, split=split)
            _print_quality(quality(answers), is_json=is_json)
        elif pairs is not None:
            _print_pairs(pairs_quality(pair_scores(pairs, split=split)), is_json=is_json)
        elif is_on_decisions:
            _print_quality(_on_decisions(), is_json=is_json)
        else:
            _compare(is_all=is_all, is_json=is_json)
    except Invalid as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None


def _compare(*, is_all: bool, is_json: bool) -> None:
    database = open_database(load_settings().database_url)
    with database.session() as session:
        compare = screen_all if is_all else screen_waiting
        done = compare(session, now=utc_now(), trigger="command")
    database.close()
    changed = {state.value: count for state, count in done.changed_counts.items()}
    if is_json:
        typer.echo(json.dumps({"compared": done.compared_count, "changed": changed}))
        return
    typer.echo(f"{done.compared_count} compared")
    for state, count in changed.items():
        typer.echo(f"{count:6} now {state}")


def _on_decisions() -> Quality:
    database = open_database(load_settings().database_url)
    try:
        with database.read_session() as session:
            return quality(decided_answers(session))
    finally:
        database.close()


def _print_quality(found: Quality, *, is_json: bool) -> None:
    if is_json:
        typer.echo(json.dumps(asdict(found), indent=2))
        return
    typer.echo(f"{found.count} applications")
    for label, value in (
        ("AUC, match against no match", found.auc),
        ("matches that keep name or address, stopped", found.recall),
        ("  … with the right account shown", found.recall_found),
        ("matches under a wholly new name, stopped", found.recall_renamed),
        ("companies of the same group, stopped", found.related_stopped),
        ("unrelated applicants, stopped", found.false_alarms),
    ):
        typer.echo(f"{label:<46}{'-' if value is None else f'{value:.4f}':>8}")
    typer.echo(f"{'median and 99th percentile in milliseconds':<46}{found.median_ms:>8} {found.p99_ms}")
    typer.echo(f"\n{'kind':<28}{'expected':<10}{'count':>7}{'stopped':>9}{'found':>9}")
    for kind, of_kind in found.per_kind.items():
        typer.echo(
            f"{kind:<28}{of_kind['expect']:<10}{of_kind['count']:>7}{of_kind['stopped']:>9.4f}{of_kind['found']:>9.4f}"
        )


def _print_pairs(found: dict[str, Any], *, is_json: bool) -> None:
    if is_json:
        typer.echo(json.dumps(found, indent=2))
        return
    typer.echo(f"{found['pairs']} pairs")
    typer.echo(f"AUC without renamed and partly changed names {found['auc']}, with them {found['auc_all']}")
    for kind, of_kind in found["per_kind"].items():
        typer.echo(f"{kind:<32}{of_kind['label']:<10}{of_kind['count']:>7}{of_kind['auc']!s:>9}")
