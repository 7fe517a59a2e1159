"""`shop invariants`: whether everything that must always be true is true right now."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from app.cli.serve import load_settings
from app.core.clock import utc_now
from app.core.db import open_database
from app.insights.books import compare_books
from app.insights.invariants import ALL, check_invariants


def register(cli: typer.Typer) -> None:
    """Adds the command of this module."""
    cli.command()(invariants)


def invariants(
    is_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
    books: Annotated[
        Path | None,
        typer.Option(help="compare with the card payment service's books, a JSON file", exists=True),
    ] = None,
) -> None:
    """Check all invariants of the database without writing; exit 1 where one does not hold."""
    database = open_database(load_settings().database_url)
    with database.read_session() as session:
        findings = check_invariants(session, now=utc_now())
        if books is not None:
            findings += compare_books(session, json.loads(books.read_text()))
    database.close()
    broken = {finding.invariant for finding in findings}
    if is_json:
        names = [invariant.name for invariant in ALL] + (["books"] if books else [])
        answer = {
            "is_clean": not findings,
            "invariants": {name: name not in broken for name in names},
            "findings": [asdict(finding) for finding in findings],
        }
        typer.echo(json.dumps(answer, indent=2))
    else:
        for invariant in ALL:
            typer.echo(f"{'BROKEN' if invariant.name in broken else 'ok    '} {invariant.promise}")
        for finding in findings:
            typer.echo(f"{finding.invariant}: {finding.sentence}", err=True)
        typer.echo(f"{len(ALL)} invariants, {len(findings)} findings")
    raise typer.Exit(1 if findings else 0)
