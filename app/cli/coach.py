"""`shop coach`: how far each customer's orders are from the rational size, and what following the coach would bring."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.discovery_evaluation import read_goods
from app.insights.coach_evaluation import Evaluation, Outcome, evaluate
from app.ordering.rules.coach_advice import Silence
from app.policy.rules.policy import Policy

SHARES = (0, 25, 100)


def register(cli: typer.Typer) -> None:
    """Adds the commands of this module."""
    cli.command()(coach)


def coach(
    purchases: Annotated[
        Path,
        typer.Option(
            "--evaluate",
            metavar="PURCHASES",
            help="Replay a file of purchases as if customers followed the coach; needs no shop and writes nothing.",
        ),
    ],
    seed: Annotated[int, typer.Option(help="Another number makes others follow.")] = 1,
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Says what advice on order sizes and days would have changed in the last year of a file."""
    lines, days, rejected_count = read_goods(purchases)
    if sys.stderr.isatty():
        typer.echo("A year is replayed …", err=True)
    found = evaluate(lines, days, policy=Policy(), shares=SHARES, seed=seed)
    if is_json:
        typer.echo(json.dumps(_as_json(found, rejected_count, seed), indent=2))
    else:
        _print(found, rejected_count)


def _as_json(found: Evaluation, rejected_count: int, seed: int) -> dict[str, Any]:
    return {
        "customers": found.customer_count,
        "cut_on": found.cut_on.isoformat(),
        "until": found.until.isoformat(),
        "seed": seed,
        "outcomes": [_outcome(found, one) for one in found.outcomes],
        "lines_left_out": rejected_count,
    }


def _outcome(found: Evaluation, one: Outcome) -> dict[str, Any]:
    return {
        "followed_percent": one.share_percent,
        "orders": one.order_count,
        "joined": one.joined_count,
        "lines": one.line_count,
        "charged_orders": one.charged_count,
        "charges_cents": one.charges.total(),
        "charges": {kind.value: cents for kind, cents in sorted(one.charges.items())},
        "cases": one.case_count,
        "advised": one.advised_count,
        "waited_days": one.waited_days,
        "bought_ahead_cents": one.ahead_cents,
        "not_used_cents": one.left_cents,
        "holding_cents": one.held_cents(found.policy),
        "customers_save_cents": found.saved_for_customers(one),
        "shop_saves_cents": found.saved_for_shop(one),
        "silences": {kind.value: one.silences[kind] for kind in Silence if one.silences[kind]},
    }


def _print(found: Evaluation, rejected_count: int) -> None:
    typer.echo(
        f"{found.customer_count:,} customers with low revenue before {found.cut_on}; "
        f"their purchases from then to {found.until}."
    )
    heads = "".join(f"{f'{one.share_percent} % follow':>16}" for one in found.outcomes)
    typer.echo(f"{'':<44}{heads}")
    kinds = sorted({kind for one in found.outcomes for kind in one.charges})
    rows: list[tuple[str, list[str]]] = [
        ("orders", [f"{one.order_count:,}" for one in found.outcomes]),
        ("  of which joined an open parcel", [f"{one.joined_count:,}" for one in found.outcomes]),
        ("lines", [f"{one.line_count:,}" for one in found.outcomes]),
        ("orders with a surcharge or fee", [f"{one.charged_count:,}" for one in found.outcomes]),
        ("surcharges and fees", [_money(one.charges.total()) for one in found.outcomes]),
        *((f"  {kind.value}", [_money(one.charges[kind]) for one in found.outcomes]) for kind in kinds),
        ("cases with other advice", [f"{one.advised_count:,}" for one in found.outcomes]),
        ("days that followers waited", [f"{one.waited_days:,}" for one in found.outcomes]),
        ("goods bought ahead", [_money(one.ahead_cents) for one in found.outcomes]),
        ("  of which not used yet at the end", [_money(one.left_cents) for one in found.outcomes]),
        ("holding these goods", [_money(one.held_cents(found.policy)) for one in found.outcomes]),
        ("customers save", [_money(found.saved_for_customers(one)) for one in found.outcomes]),
        (
            "the shop saves (below zero: it earns less)",
            [_money(found.saved_for_shop(one)) for one in found.outcomes],
        ),
    ]
    for name, values in rows:
        typer.echo(f"{name:<44}" + "".join(f"{value:>16}" for value in values))
    if rejected_count:
        typer.echo(f"{rejected_count:,} lines were left out (no customer, or not readable).")


def _money(cents: int) -> str:
    return f"{cents / 100:,.2f}"
