"""The program `shop`: one command a task, exit 0 done, 1 refused or findings, 2 wrong use."""

import importlib
import pkgutil

import typer

import app.cli
from app.core.errors import ShopError

EXIT_REFUSED = 1


def program() -> typer.Typer:
    """All commands of every module of this package."""
    cli = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        help="Runs and tends a Schlicht shop.",
    )
    for module in pkgutil.iter_modules(app.cli.__path__, prefix=f"{app.cli.__name__}."):
        register = getattr(importlib.import_module(module.name), "register", None)
        if register is not None:
            register(cli)
    return cli


def main() -> None:
    """Runs the command that was asked for."""
    try:
        program()()
    except ShopError as error:
        typer.echo(str(error), err=True)
        raise SystemExit(EXIT_REFUSED) from error
