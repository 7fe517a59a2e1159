"""`shop retention`: deletes papers that were kept for as long as the law asks, or says which ones it would."""

import json
from contextlib import closing
from dataclasses import asdict
from typing import Annotated

import typer

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.cli.serve import load_settings
from app.core.clock import utc_now
from app.core.db import open_database
from app.flows.delete_old_papers import delete_old_papers

ACTOR = Actor(ActorKind.COMMAND, "shop retention")


def register(cli: typer.Typer) -> None:
    """Adds the command of this module."""
    cli.command()(retention)


def retention(
    is_dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would go")] = False,
    is_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Delete documents and money after 8 years and e-mails after 6, each from the end of its year."""
    with closing(open_database(load_settings().database_url)) as database, database.session() as session:
        due = delete_old_papers(session, is_dry_run=is_dry_run, actor=ACTOR, now=utc_now())
    if is_json:
        typer.echo(json.dumps({"is_dry_run": is_dry_run, **asdict(due)}))
        return
    verb = "would go" if is_dry_run else "are gone"
    numbers = f" ({due.first_number} to {due.last_number})" if due.document_count else ""
    others = f"{due.money_count} events of money and {due.mail_count} e-mails"
    typer.echo(f"{due.document_count} documents{numbers}, {others} {verb}.")
