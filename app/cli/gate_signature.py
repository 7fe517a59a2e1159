"""The signed file of a gate audit: written, and checked again."""

import json
from pathlib import Path
from typing import Any

import typer

from app.customers.queries_gate import list_audits, record_of
from app.customers.rules.gate_audits import Trust, trust_in_file
from app.settings import Settings
from app.shop import open_shop

LARGEST_FILE = 50_000_000
VERDICTS = {
    Trust.SIGNED: "The signature fits: the audit is as this shop wrote it.",
    Trust.UNSIGNED: "THE AUDIT IS NOT SIGNED.",
    Trust.CHANGED: "THE SIGNATURE DOES NOT FIT: the audit was changed, or another shop signed it.",
}


def write_file(path: Path, text: str) -> None:
    """Writes a whole file or none; exits 2 where that is not possible."""
    part = path.with_name(path.name + ".part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        typer.echo(f"{path} cannot be written: {error.strerror}", err=True)
        raise typer.Exit(2) from error


def check_signature(settings: Settings, wanted: str, *, as_json: bool) -> None:
    """Prints whether the audit in a file (or `last`, in the database) is as it was signed; exits 1 when it is not."""
    secret_key = settings.secret_key.get_secret_value()
    trust, document = _last(settings, secret_key) if wanted == "last" else _from_file(wanted, secret_key)
    if as_json:
        found = {name: document.get(name) for name in ("at", "is_tight", "requests")}
        typer.echo(json.dumps({"trust": trust.value, **found}, indent=2))
    else:
        state = "the gate held" if document.get("is_tight") else "the gate was open"
        typer.echo(f"{VERDICTS[trust]} {document.get('at')}: {state}, {document.get('requests')} requests.")
    if trust is not Trust.SIGNED:
        raise typer.Exit(1)


def _last(settings: Settings, secret_key: str) -> tuple[Trust, dict[str, Any]]:
    shop = open_shop(settings)
    try:
        with shop.db.read_session() as session:
            audits = list_audits(session, secret_key=secret_key, limit=1)
    finally:
        shop.close()
    if not audits:
        typer.echo("The gate was not walked yet.", err=True)
        raise typer.Exit(2)
    return audits[0].trust, record_of(audits[0].audit).document


def _from_file(name: str, secret_key: str) -> tuple[Trust, dict[str, Any]]:
    try:
        path = Path(name)
        if path.stat().st_size > LARGEST_FILE:
            raise ValueError("the file is larger than any audit")
        return trust_in_file(path.read_text(encoding="utf-8"), secret_key=secret_key)
    except OSError as error:
        typer.echo(f"{name} cannot be read: {error.strerror}", err=True)
    except ValueError as error:
        typer.echo(f"{name}: {error}", err=True)
    raise typer.Exit(2)
