"""`shop serve`, `shop work` and `shop migrate`: the processes of an installation."""

import signal
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from alembic import command
from alembic.config import Config
from pydantic import ValidationError
from sqlalchemy.engine import make_url

from app.core.log import configure_logging
from app.core.memory import settle_in
from app.handlers.registry import HANDLERS
from app.settings import Settings
from app.shop import open_shop
from app.worker import Worker

ALEMBIC = Path(__file__).parent.parent.parent / "alembic.ini"


def register(cli: typer.Typer) -> None:
    """Adds the commands of this module."""
    cli.command()(serve)
    cli.command()(work)
    cli.command()(migrate)


def load_settings() -> Settings:
    """The settings, or exit 2 with one line for each variable that is wrong."""
    try:
        return Settings()
    except ValidationError as error:
        for fault in error.errors():
            place = ".".join(str(part) for part in fault["loc"])
            typer.echo(
                f"settings: {('SHOP_' + place.upper() + ': ') if place else ''}{fault['msg']}", err=True
            )
        raise typer.Exit(2) from error


def serve(
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="port to listen on")] = 8000,
    processes: Annotated[int, typer.Option(help="server processes (PostgreSQL only beyond 1)")] = 1,
) -> None:
    """Serve the shop; with SHOP_WORKER=inside the worker runs in the same process."""
    settings = load_settings()
    uvicorn.run(
        "app.main:create_app",
        factory=True,
        host=host,
        port=port,
        workers=processes if processes > 1 else None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_graceful_shutdown=20,
        log_config=None,
        log_level="warning" if settings.log == "json" else "info",
    )


def work(
    threads: Annotated[int, typer.Option(help="jobs at the same time")] = 2,
    kind: Annotated[
        list[str] | None, typer.Option(help="only jobs of this kind; give it once for each")
    ] = None,
) -> None:
    """Work off jobs: settle payments, send e-mails, sweep. A second worker of some kinds keeps these quick."""
    unknown = set(kind or ()) - set(HANDLERS)
    if unknown:
        known = ", ".join(HANDLERS)
        raise typer.BadParameter(f"there is no such kind: {', '.join(sorted(unknown))}; there are: {known}")
    settings = load_settings()
    configure_logging(settings.log)
    shop = open_shop(settings)
    worker = Worker(shop, threads=threads, kinds=tuple(kind or ()))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    settle_in()
    worker.run()
    shop.close()


def migrate() -> None:
    """Bring the database to the newest schema; does nothing when it is there."""
    upgrade(load_settings().database_url)


def upgrade(database_url: str) -> None:
    """Brings a database to the newest schema; an SQLite file and its folder are made where they are missing."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    config = Config(ALEMBIC)
    # Wherever the command was typed.
    config.set_main_option("script_location", str(ALEMBIC.parent / "migrations"))
    config.attributes["url"] = database_url
    command.upgrade(config, "head")
