"""`shop backup` and `shop restore`: the whole database in one file, and back into a shop that sells nothing yet."""

import json
import re
from pathlib import Path
from typing import Annotated, Any

import typer
from sqlalchemy import text
from sqlmodel import Session, select

from app.cli.serve import load_settings, upgrade
from app.core.backup import BackupFault, load_backup, write_backup
from app.core.clock import utc_now
from app.core.db import open_database
from app.flows.restore import freeze_restored
from app.invoices.models import NumberRange

File = Annotated[Path, typer.Argument(help="the backup, one file")]


def register(cli: typer.Typer) -> None:
    """Adds the commands of this module."""
    cli.command()(backup)
    cli.command()(restore)


def backup(
    file: File, is_json: Annotated[bool, typer.Option("--json", help="print the manifest")] = False
) -> None:
    """Copy the database, while it is in use, into one file with its hash; exit 1 where that fails."""
    url = load_settings().database_url
    database = open_database(url)
    now = utc_now()
    try:
        with database.read_session() as session:
            facts = _facts(session)
        manifest = write_backup(url, file, made_at=now, facts=facts)
    except BackupFault as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(1) from fault
    finally:
        database.close()
    if is_json:
        typer.echo(json.dumps(manifest, indent=2, sort_keys=True))
    else:
        typer.echo(f"{file}: {manifest['bytes']} bytes of {manifest['engine']}, schema {manifest['schema']}.")


def restore(
    file: File,
    last_number: Annotated[
        list[str] | None,
        typer.Option(
            help="the last document sent since the backup, such as RE-2026-000123; once for each kind"
        ),
    ] = None,
) -> None:
    """Put a backup into the empty database of SHOP_DATABASE_URL; nothing is sold before `shop reconcile` ran."""
    last_numbers = dict(_number(text) for text in last_number or ())
    url = load_settings().database_url
    try:
        manifest = load_backup(url, file)
    except BackupFault as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(1) from fault
    upgrade(url)
    database = open_database(url)
    with database.session() as session:
        freeze_restored(session, made_at=manifest["made_at"], last_numbers=last_numbers, now=utc_now())
    database.close()
    typer.echo(f"Restored as it was at {manifest['made_at']}. Last numbers of invoices then:")
    for name, number in manifest["last_numbers"].items():
        typer.echo(f"    {name}: {number}")
    typer.echo("Nothing is sold until the books are compared: run `shop reconcile`, then start the shop.")


def _number(name: str) -> tuple[tuple[str, int], int]:
    matched = re.fullmatch(r"([A-Z]{1,8})-(20\d\d)-(\d{1,9})", name)
    if matched is None:
        raise typer.BadParameter(f"{name!r} is no number such as RE-2026-000123", param_hint="--last-number")
    return (matched[1], int(matched[2])), int(matched[3])


def _facts(session: Session) -> dict[str, Any]:
    ranges = session.exec(select(NumberRange)).all()
    return {
        "schema": session.execute(text("SELECT version_num FROM alembic_version")).scalar_one(),
        "last_numbers": {f"{one.prefix}-{one.year}": one.last_number for one in ranges},
        "counts": {
            name: session.execute(text(f"SELECT count(*) FROM {name}")).scalar_one()
            for name in ("orders", "payments", "refunds", "invoices")
        },
    }
