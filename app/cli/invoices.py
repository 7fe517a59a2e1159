"""`shop invoices verify`: whether every issued document is still, byte by byte, what was issued."""

import json
from typing import Annotated

import typer

from app.cli.serve import load_settings
from app.core.db import open_database
from app.invoices.verifying import verify_documents


def register(cli: typer.Typer) -> None:
    """Adds the commands of this module."""
    group = typer.Typer(no_args_is_help=True, help="Issued invoices and corrections.")
    group.command()(verify)
    cli.add_typer(group, name="invoices")


def verify(is_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False) -> None:
    """Make every issued document again and compare it with what is stored; exit 1 where one differs."""
    from app.invoices.paper import invoice_pdf

    database = open_database(load_settings().database_url)
    count = 0
    wrong = []
    with database.read_session() as session:
        for verdict in verify_documents(session, invoice_pdf):
            count += 1
            if verdict.faults:
                wrong.append({"number": verdict.number, "faults": list(verdict.faults)})
                if not is_json:
                    typer.echo(f"{verdict.number}: {'; '.join(verdict.faults)}", err=True)
    database.close()
    if is_json:
        typer.echo(json.dumps({"documents": count, "wrong": wrong}, indent=2))
    else:
        typer.echo(f"{count} documents, {len(wrong)} wrong")
    raise typer.Exit(1 if wrong else 0)
