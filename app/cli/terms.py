"""`shop terms`: puts a new version of the terms in force."""

import json
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.cli.serve import load_settings
from app.core.clock import utc_now
from app.core.db import open_database
from app.flows.publish_terms import publish_terms

ACTOR = Actor(ActorKind.COMMAND, "shop terms")


def register(cli: typer.Typer) -> None:
    """Adds the command of this module."""
    cli.command()(terms)


def terms(
    name: Annotated[str, typer.Argument(help="the name of the version, such as 2026-01")],
    german: Annotated[
        Path, typer.Option(help="the German text, UTF-8, blank lines between paragraphs", exists=True)
    ],
    english: Annotated[Path, typer.Option(help="the English text, alike", exists=True)],
    is_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Put terms in force for all orders from now on; a version that is there never changes."""
    with closing(open_database(load_settings().database_url)) as database, database.session() as session:
        is_new = publish_terms(
            session,
            name=name,
            text_de=german.read_text(encoding="utf-8"),
            text_en=english.read_text(encoding="utf-8"),
            actor=ACTOR,
            now=utc_now(),
        )
    if is_json:
        typer.echo(json.dumps({"name": name, "is_new": is_new}))
    else:
        typer.echo(f"The terms {name} are in force." if is_new else f"The terms {name} were there already.")
