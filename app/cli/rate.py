"""`shop rate`: sorts the main brand's accounts into A, B and C."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.cli.rate_evaluation import evaluate_file
from app.cli.serve import load_settings
from app.core.clock import utc_now
from app.core.db import open_database
from app.flows.rate_accounts import Rated, rate_accounts
from app.mainbrand.rules.rating import format_cents

SHOWN_MOVERS = 20


def register(cli: typer.Typer) -> None:
    """Adds the commands of this module."""
    cli.command()(rate)


def rate(
    is_dry_run: Annotated[bool, typer.Option("--dry-run", help="Count, but change nothing.")] = False,
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="Last day of the twelve months; else that of the last purchase."
        ),
    ] = None,
    purchases: Annotated[
        Path | None,
        typer.Option(
            "--evaluate",
            metavar="PURCHASES",
            help="Measure the growth prospect on a file of purchases; needs no shop and writes nothing.",
        ),
    ] = None,
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Rates every account by revenue and prospect of growth; a second time changes nothing."""
    if purchases is not None:
        evaluate_file(purchases, is_json=is_json)
        return
    settings = load_settings()
    zone = ZoneInfo(settings.timezone)
    database = open_database(settings.database_url)
    try:
        with database.session() as session:
            rated = rate_accounts(
                session,
                as_of=as_of.replace(hour=23, minute=59, second=59, tzinfo=zone) if as_of else None,
                is_dry_run=is_dry_run,
                actor=Actor(ActorKind.COMMAND, "shop rate"),
                now=utc_now(),
            )
    finally:
        database.close()
    if is_json:
        typer.echo(json.dumps(_as_json(rated, is_dry_run=is_dry_run), indent=2))
    else:
        _print(rated, zone=zone, is_dry_run=is_dry_run)


def _as_json(rated: Rated, *, is_dry_run: bool) -> dict[str, object]:
    return {
        "segments": {
            segment.value: {"accounts": sums.account_count, "revenue_12m_cents": sums.revenue_cents}
            for segment, sums in rated.segments.items()
        },
        "moves": [move for move in rated.summary["moves"] if move["from"] != move["to"]],
        "movers": [
            {
                "account": mover.account_number,
                "from": mover.old_segment.value,
                "to": mover.new_segment.value,
                "revenue_12m_cents": mover.revenue_cents,
                "why": mover.reason,
            }
            for mover in rated.movers
        ],
        "customers_gaining_admission": rated.summary["gained"],
        "customers_losing_admission": rated.summary["lost"],
        "growth": rated.summary["method"],
        "added": rated.added_count,
        "changed": rated.changed_count,
        "lines_in_other_currencies": rated.foreign_line_count,
        "ends_at": rated.ends_at.isoformat() if rated.ends_at else None,
        "dry_run": is_dry_run,
    }


def _print(rated: Rated, *, zone: ZoneInfo, is_dry_run: bool) -> None:
    if rated.ends_at is None:
        typer.echo(
            "There are no purchases: `shop import-purchases FILE` reads them. Rated by the list alone."
        )
    else:
        typer.echo(f"Twelve months up to {rated.ends_at.astimezone(zone):%Y-%m-%d}")
    typer.echo(f"{'segment':<10}{'accounts':>12}{'revenue EUR':>20}")
    for segment, sums in rated.segments.items():
        typer.echo(f"{segment.value:<10}{sums.account_count:>12,}{format_cents(sums.revenue_cents):>20}")
    for move in rated.summary["moves"]:
        if move["from"] != move["to"]:
            typer.echo(f"{move['accounts']:>12,} move from {move['from']} to {move['to']}")
    for mover in rated.movers[:SHOWN_MOVERS]:
        typer.echo(f"  {mover.account_number}: {mover.old_segment} to {mover.new_segment}, {mover.reason}")
    if len(rated.movers) > SHOWN_MOVERS:
        typer.echo("  (all of them: --json, or /admin/ratings)")
    if rated.summary["gained"] or rated.summary["lost"]:
        typer.echo(
            f"{rated.summary['gained']:,} customers of the shop gain admission, "
            f"{rated.summary['lost']:,} lose it."
        )
    if rated.summary["method"] == "rule":
        typer.echo(
            "The history is too short to learn from: the plain rule of docs/rating.md says who may grow."
        )
    if rated.foreign_line_count:
        typer.echo(f"{rated.foreign_line_count:,} purchases in other currencies were left out.")
    typer.echo(
        ("Nothing was changed (dry run): " if is_dry_run else "Done: ")
        + f"{rated.changed_count:,} accounts changed, {rated.added_count:,} of them new from the purchases."
    )
