"""The program `shop`: one command a task, exit 0 done, 1 refused or findings, 2 wrong use."""

import importlib
import pkgutil

import typer

import app.cli
from app.core.errors import ShopError

EXIT_REFUSED = 1

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Runs and tends a Schlicht shop.",
)


def main() -> None:
    """Collects the commands of every module of this package and runs the one asked for."""
    for module in pkgutil.iter_modules(app.cli.__path__, prefix=f"{app.cli.__name__}."):
        register = getattr(importlib.import_module(module.name), "register", None)
        if register is not None:
            register(cli)
    try:
        cli()
    except ShopError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(EXIT_REFUSED) from error
