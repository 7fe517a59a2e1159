"""`shop discover-bundles`: proposes bundles from what the C-customers bought."""

import json
from pathlib import Path
from typing import Annotated

import typer

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.cli.discovery_evaluation import evaluate_file
from app.cli.serve import load_settings
from app.core.clock import utc_now
from app.core.db import open_database
from app.flows.discover_bundles import Discovered, discover_bundles

SHOWN = 20


def register(cli: typer.Typer) -> None:
    """Adds the commands of this module."""
    cli.command("discover-bundles")(discover)


def discover(
    purchases: Annotated[
        Path | None,
        typer.Option(
            "--evaluate",
            metavar="PURCHASES",
            help="Measure discovery on a file of purchases; needs no shop and writes nothing.",
        ),
    ] = None,
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Proposes bundles from the C-customers' purchases of twelve months; a second time changes nothing."""
    if purchases is not None:
        evaluate_file(purchases, is_json=is_json)
        return
    database = open_database(load_settings().database_url)
    try:
        with database.session() as session:
            done = discover_bundles(
                session, actor=Actor(ActorKind.COMMAND, "shop discover-bundles"), now=utc_now()
            )
    finally:
        database.close()
    if is_json:
        typer.echo(json.dumps(_as_json(done), indent=2))
    else:
        _print(done)


def _as_json(done: Discovered) -> dict[str, object]:
    return {
        "run": done.run_id,
        "proposed": len(done.discovery.found),
        "added": done.added_count,
        "renewed": done.renewed_count,
        "gone": done.gone_count,
        "baskets": done.discovery.basket_count,
        "buyers": done.discovery.buyer_count,
        "until": done.until.isoformat() if done.until else None,
        "proposals": [
            {
                "rank": one.rank,
                "items": {item.sku: item.quantity_milli / 1000 for item in one.items},
                "support": one.evidence.support,
                "confidence": one.evidence.confidence,
                "lift": one.evidence.lift,
                "expected_orders": one.evidence.expected_orders,
                "expected_buyers": one.evidence.expected_buyers,
                "value_cents": one.evidence.value_cents,
            }
            for one in done.discovery.found
        ],
    }


def _print(done: Discovered) -> None:
    if done.until is None:
        typer.echo("There are no purchases: `shop import-purchases FILE` reads them.")
        return
    found = done.discovery
    typer.echo(
        f"{found.basket_count:,} orders of {found.buyer_count:,} C-customers in the twelve months before {done.until}."
    )
    if not found.basket_count:
        typer.echo("No C-customer among the buyers: `shop rate` says who is C.")
    for one in found.found[:SHOWN]:
        typer.echo(
            f"{one.rank or '':>4} {one.evidence.expected_orders:>6,} orders a year, "
            f"{one.evidence.expected_buyers:>5,} buyers, lift {one.evidence.lift:>5.1f}: "
            + " + ".join(f"{item.quantity_milli / 1000:g} x {item.sku} {item.name}" for item in one.items)
        )
    if len(found.found) > SHOWN:
        typer.echo("  (all of them: --json, or /admin/discovery)")
    typer.echo(
        f"Done: {len(found.found):,} proposals, {done.added_count:,} of them new; "
        f"{done.gone_count:,} open ones are not found again and gone."
    )
