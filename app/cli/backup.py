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
WHICH_NUMBERS = (
    "Name the last invoice and the last correction that were sent: --last-number RE-2026-000123"
    " --last-number RK-2026-000007. They stand in the last invoice e-mail that went out, or in the newest file of an"
    " invoice. Only where no document was sent after the backup: --no-later-numbers."
)


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
    no_later_numbers: Annotated[
        bool, typer.Option("--no-later-numbers", help="no document was sent after the backup")
    ] = False,
) -> None:
    """Put a backup into the empty database of SHOP_DATABASE_URL; nothing is sold before `shop reconcile` ran."""
    last_numbers = _numbers(last_number or [])
    if bool(last_numbers) is no_later_numbers:
        raise typer.BadParameter(WHICH_NUMBERS, param_hint="--last-number")
    url = load_settings().database_url

    def prepare(place: str, manifest: dict[str, Any]) -> None:
        upgrade(place)
        database = open_database(place)
        with database.session() as session:
            freeze_restored(session, made_at=manifest["made_at"], last_numbers=last_numbers, now=utc_now())
        database.close()

    try:
        manifest = load_backup(url, file, prepare=prepare)
    except BackupFault as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(1) from fault
    typer.echo(f"Restored as it was at {manifest['made_at']}. Last numbers of invoices then:")
    for name, number in manifest["last_numbers"].items():
        typer.echo(f"    {name}: {number}")
    typer.echo(
        "Nothing is sold and no invoice is numbered until the books are compared:"
        " run `shop reconcile`, then start the shop."
    )


def _numbers(names: list[str]) -> dict[tuple[str, int], int]:
    """The highest number named of each kind and year."""
    found: dict[tuple[str, int], int] = {}
    for name in names:
        matched = re.fullmatch(r"(RE|RK)-(20\d\d)-(\d{1,9})", name)
        if matched is None:
            raise typer.BadParameter(
                f"{name!r} is no number such as RE-2026-000123 or RK-2026-000007", param_hint="--last-number"
            )
        kind = matched[1], int(matched[2])
        found[kind] = max(found.get(kind, 0), int(matched[3]))
    return found


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
