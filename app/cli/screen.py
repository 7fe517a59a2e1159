"""`shop screen`: compares the companies that wait for it, or all of them, with the main brand's list."""

import json
from typing import Annotated

import typer

from app.cli.serve import load_settings
from app.core.clock import utc_now
from app.core.db import open_database
from app.flows.screen_customer import screen_all, screen_waiting


def register(cli: typer.Typer) -> None:
    """Adds the command of this module."""
    cli.command()(screen)


def screen(
    is_all: Annotated[bool, typer.Option("--all", help="also those that were compared before")] = False,
    is_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Compare companies with the main brand's list; every outcome takes effect and is mailed at once."""
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
