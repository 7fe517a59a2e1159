"""`shop doctor`: whether everything that the shop needs is there, and what to do where it is not."""

import json
import shutil
import smtplib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from alembic.config import Config
from alembic.script import ScriptDirectory
from pydantic import ValidationError
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from app.cli.serve import ALEMBIC
from app.core.clock import utc_now
from app.core.db import open_database
from app.fulfilment.calendar import work_calendar
from app.ordering.queries_terms import terms_in_force
from app.payments.queries_money import WebhookHealth, webhook_health
from app.payments.stripe_gateway import StripeGateway, StripeRefusal, StripeUnavailable
from app.settings import Settings

FREE_BYTES_NEEDED = 1024**3
SMTP_SECONDS = 8


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what was found, and the way out where it is not well."""

    name: str
    is_well: bool
    found: str
    fix: str = ""


def register(cli: typer.Typer) -> None:
    """Adds the commands of this module."""
    cli.command()(doctor)


def doctor(is_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Check settings, database, terms, mail, Stripe, disk and time zone; exit 1 where one of them is not well."""
    try:
        settings = Settings()
    except ValidationError as error:
        findings = [
            Finding(
                "settings",
                False,
                ": ".join(part for part in (_variable(fault["loc"]), fault["msg"]) if part),
                "set it in the environment or in .env",
            )
            for fault in error.errors()
        ]
    else:
        findings = [Finding("settings", True, f"complete, SHOP_ENV={settings.env}"), *examine(settings)]
    if is_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=2))
    else:
        for finding in findings:
            typer.echo(f"{'ok   ' if finding.is_well else 'WRONG'}  {finding.name:<10}{finding.found}")
            if finding.fix:
                typer.echo(f"{'':<17}-> {finding.fix}")
    if not all(finding.is_well for finding in findings):
        raise typer.Exit(1)


def examine(settings: Settings) -> Iterator[Finding]:
    """Looks at one thing after the other; none of them is changed."""
    checks: tuple[Callable[[Settings], Finding], ...] = (
        _database,
        _terms,
        _mail,
        _stripe,
        _webhooks,
        _disk,
        _time_zone,
    )
    for check in checks:
        yield check(settings)


def _database(settings: Settings) -> Finding:
    shown = make_url(settings.database_url).render_as_string(hide_password=True)
    config = Config(ALEMBIC)
    config.set_main_option("script_location", str(ALEMBIC.parent / "migrations"))
    head = ScriptDirectory.from_config(config).get_current_head()
    if _is_missing_file(settings):
        return Finding("database", False, f"{shown} does not exist", "run `shop migrate`")
    database = open_database(settings.database_url, pool_size=1)
    try:
        with database.reading.connect() as connection:
            present = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    except SQLAlchemyError as error:
        if "alembic_version" in str(error):
            return Finding("database", False, f"{shown} has no tables yet", "run `shop migrate`")
        why = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        return Finding("database", False, f"{shown}: {why}", "start the server, or correct SHOP_DATABASE_URL")
    finally:
        database.close()
    if present != head:
        return Finding("database", False, f"{shown} is at {present}, not at {head}", "run `shop migrate`")
    return Finding("database", True, f"{shown} is at {head}")


def _terms(settings: Settings) -> Finding:
    if not _is_missing_file(settings):
        database = open_database(settings.database_url, pool_size=1)
        try:
            with database.read_session() as session:
                terms = terms_in_force(session)
        except SQLAlchemyError:
            pass
        else:
            if terms is not None:
                return Finding("terms", True, f"version {terms.name} is in force")
            fix = "run `shop terms NAME --german FILE --english FILE`"
            return Finding("terms", False, "there are none, so nothing can be ordered", fix)
        finally:
            database.close()
    return Finding("terms", False, "the database cannot be asked", "first mend the database")


def _mail(settings: Settings) -> Finding:
    parts = urlsplit(settings.smtp_url.get_secret_value())
    if parts.scheme == "file":
        return Finding(
            "mail",
            settings.env == "demo",
            "e-mails are written to a folder, nobody receives them",
            "" if settings.env == "demo" else "set SHOP_SMTP_URL to smtps://user:password@host",
        )
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        return Finding("mail", False, "SHOP_SMTP_URL is no address", "set it to smtps://user:password@host")
    kind = smtplib.SMTP_SSL if parts.scheme == "smtps" else smtplib.SMTP
    port = parts.port or (465 if parts.scheme == "smtps" else 25)
    try:
        with kind(parts.hostname, port, timeout=SMTP_SECONDS) as server:
            code, _ = server.noop()
    except (OSError, smtplib.SMTPException) as error:
        return Finding(
            "mail",
            False,
            f"{parts.hostname}:{port} does not answer: {error}",
            "check host, port and firewall of SHOP_SMTP_URL",
        )
    return Finding("mail", code == 250, f"{parts.hostname}:{port} answers with {code}")


def _stripe(settings: Settings) -> Finding:
    address = settings.stripe_api_base or "Stripe"
    gateway = StripeGateway(
        api_key=settings.stripe_api_key.get_secret_value(),
        webhook_secret=settings.stripe_webhook_secret.get_secret_value(),
        api_base=settings.stripe_api_base,
    )
    try:
        # Nothing has this id: an account that answers "no such intent" is reached, and the key is right.
        gateway.read_intent("pi_asked_by_shop_doctor")
    except StripeRefusal:
        return Finding("stripe", True, f"{address} answers and takes the key")
    except StripeUnavailable:
        return Finding(
            "stripe",
            False,
            f"{address} does not answer, or does not take the key",
            "check SHOP_STRIPE_API_KEY, SHOP_STRIPE_API_BASE and the way out of this network",
        )
    return Finding("stripe", True, f"{address} answers")


def _webhooks(settings: Settings) -> Finding:
    """Whether Stripe's events come in: nothing for two hours although somebody is paying says that they do not."""
    if not _is_missing_file(settings):
        database = open_database(settings.database_url, pool_size=1)
        try:
            with database.read_session() as session:
                health = webhook_health(session, now=utc_now())
        except SQLAlchemyError:
            pass
        else:
            return _health(health)
        finally:
            database.close()
    return Finding("webhooks", False, "the database cannot be asked", "first mend the database")


def _health(health: WebhookHealth) -> Finding:
    now = utc_now()
    heard = (
        "never"
        if health.heard_at is None
        else f"{int((now - health.heard_at).total_seconds() // 60)} min ago"
    )
    found = f"last event {heard}"
    if health.is_silent(now):
        fix = "look at the endpoint /hooks/stripe in Stripe's dashboard, and at SHOP_STRIPE_WEBHOOK_SECRET"
        return Finding("webhooks", False, f"{found}, although {health.open_count} payments began since", fix)
    if health.unread_count:
        fix = "look whether the worker runs: `shop work`"
        return Finding("webhooks", False, f"{found}, {health.unread_count} wait for the worker", fix)
    return Finding("webhooks", True, found)


def _disk(settings: Settings) -> Finding:
    folder = Path.cwd()
    file = _sqlite_file(settings)
    if file is not None and file.parent.exists():
        folder = file.parent.resolve()
    free = shutil.disk_usage(folder).free
    found = f"{free / 1024**3:,.1f} GiB free in {folder}"
    if free < FREE_BYTES_NEEDED:
        return Finding("disk", False, found, "make room: the database needs at least 1 GiB to grow")
    return Finding("disk", True, found)


def _time_zone(settings: Settings) -> Finding:
    try:
        ZoneInfo(settings.timezone)
        work_calendar(settings.seller_federal_state, settings.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        return Finding(
            "time zone",
            False,
            f"{settings.timezone} is unknown",
            "correct SHOP_TIMEZONE, or install the tzdata package",
        )
    except NotImplementedError:
        return Finding(
            "time zone",
            False,
            f"{settings.seller_federal_state} is no German federal state",
            "set SHOP_SELLER_FEDERAL_STATE to two letters such as SN",
        )
    return Finding("time zone", True, f"{settings.timezone}, holidays of {settings.seller_federal_state}")


def _is_missing_file(settings: Settings) -> bool:
    # Opening a missing SQLite file would make it: a look must leave nothing behind.
    file = _sqlite_file(settings)
    return file is not None and not file.exists()


def _sqlite_file(settings: Settings) -> Path | None:
    url = make_url(settings.database_url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _variable(place: tuple[int | str, ...]) -> str:
    return f"SHOP_{place[0]}".upper() if place else ""
