"""`shop rate`: sorts the main brand's accounts into A, B and C."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.cli.serve import load_settings
from app.core.clock import utc_now
from app.core.db import open_database
from app.flows.rate_accounts import Rated, rate_accounts
from app.mainbrand.rules.rating import format_cents


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
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Rates every account by its net revenue of twelve months; a second time changes nothing."""
    settings = load_settings()
    database = open_database(settings.database_url)
    try:
        with database.session() as session:
            rated = rate_accounts(
                session,
                as_of=as_of.replace(hour=23, minute=59, second=59, tzinfo=UTC) if as_of else None,
                is_dry_run=is_dry_run,
                actor=Actor(ActorKind.COMMAND, "shop rate"),
                now=utc_now(),
            )
    finally:
        database.close()
    if is_json:
        typer.echo(json.dumps(_as_json(rated, is_dry_run=is_dry_run), indent=2))
    else:
        _print(rated, is_dry_run=is_dry_run)


def _as_json(rated: Rated, *, is_dry_run: bool) -> dict[str, object]:
    return {
        "segments": {
            segment.value: {"accounts": sums.account_count, "revenue_12m_cents": sums.revenue_cents}
            for segment, sums in rated.segments.items()
        },
        "added": rated.added_count,
        "changed": rated.changed_count,
        "lines_in_other_currencies": rated.foreign_line_count,
        "ends_at": rated.ends_at.isoformat() if rated.ends_at else None,
        "dry_run": is_dry_run,
    }


def _print(rated: Rated, *, is_dry_run: bool) -> None:
    if rated.ends_at is None:
        typer.echo(
            "There are no purchases: `shop import-purchases FILE` reads them. Rated by the list alone."
        )
    else:
        typer.echo(f"Twelve months up to {rated.ends_at:%Y-%m-%d}")
    typer.echo(f"{'segment':<10}{'accounts':>12}{'revenue EUR':>20}")
    for segment, sums in rated.segments.items():
        typer.echo(f"{segment.value:<10}{sums.account_count:>12,}{format_cents(sums.revenue_cents):>20}")
    if rated.foreign_line_count:
        typer.echo(f"{rated.foreign_line_count:,} purchases in other currencies were left out.")
    typer.echo(
        ("Nothing was changed (dry run): " if is_dry_run else "Done: ")
        + f"{rated.changed_count:,} accounts changed, {rated.added_count:,} of them new from the purchases."
    )
