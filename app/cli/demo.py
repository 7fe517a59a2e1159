"""`shop demo`: fills a database with the made-up company and prints how to sign in."""

import json
from datetime import timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.cli.demo_company.abroad import NEIGHBOURS
from app.cli.demo_company.company import Sizes, builder
from app.cli.demo_company.dispatch import closing_days
from app.cli.demo_company.effort import tell_effort
from app.cli.demo_company.people import PERSONAS, STAFF
from app.cli.serve import load_settings
from app.core.clock import utc_now
from app.core.db import Database, open_database
from app.flows.discover_bundles import discover_bundles
from app.flows.fill_demo import demo_totp_secrets, fill_demo
from app.flows.flag_growing import flag_growing
from app.flows.measure_order_sizes import measure_order_sizes
from app.flows.rate_accounts import rate_accounts
from app.fulfilment.calendar import work_calendar
from app.settings import Settings


def register(cli: typer.Typer) -> None:
    """Adds the commands of this module."""
    cli.command()(demo)


def demo(
    customers: Annotated[int, typer.Option(min=1, help="Admitted customers beside the log-ins.")] = 40,
    bundles: Annotated[int, typer.Option(min=1, help="Published bundles.")] = 48,
    orders: Annotated[int, typer.Option(min=0, help="Accepted and dispatched orders.")] = 60,
    accounts: Annotated[int, typer.Option(min=0, help="Companies in the main brand's list.")] = 400,
    seed: Annotated[int, typer.Option(help="Another number makes other figures.")] = 1,
    is_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Loads the demo company; a second run keeps what is there and adds only what is missing."""
    settings = load_settings()
    database = open_database(settings.database_url)
    try:
        added = load_demo(database, settings, Sizes(customers, bundles, orders, accounts), seed=seed)
        if added.get("purchases"):
            rate_demo(database, settings)
            discover_demo(database)
        with database.read_session() as session:
            secrets = demo_totp_secrets(session, secret_key=settings.secret_key.get_secret_value())
    finally:
        database.close()
    if is_json:
        typer.echo(json.dumps(_as_json(settings, added, secrets), ensure_ascii=False, indent=2))
    else:
        _print(settings, added, secrets)


def load_demo(database: Database, settings: Settings, sizes: Sizes, *, seed: int) -> dict[str, int]:
    """Fills a migrated database; returns the rows added by table name. Raises Refused in production."""
    now = utc_now()
    build = builder(
        sizes,
        calendar=work_calendar(
            settings.seller_federal_state,
            settings.timezone,
            closing_days=closing_days(now.astimezone(ZoneInfo(settings.timezone)).date()),
        ),
        password=settings.demo_password.get_secret_value(),
        seed=seed,
        now=now,
    )
    with database.session() as session:
        added = fill_demo(
            session,
            build,
            secret_key=settings.secret_key.get_secret_value(),
            is_allowed=settings.env == "demo",
            now=now,
        )
    tell_effort(database, now=now)
    return added


def rate_demo(database: Database, settings: Settings) -> None:
    """Rates the demo's accounts as of a month ago, and leaves today's rating as a proposal to be looked at."""
    now = utc_now()
    actor = Actor(ActorKind.COMMAND, "shop demo")
    tonight = now.astimezone(ZoneInfo(settings.timezone)).date()
    with database.session() as session:
        rate_accounts(
            session, as_of=now - timedelta(days=31), is_dry_run=False, night_on=tonight, actor=actor, now=now
        )
        rate_accounts(session, as_of=None, is_dry_run=False, is_proposal=True, actor=actor, now=now)
        flag_growing(session, now=now)
        measure_order_sizes(
            session, calendar=work_calendar(settings.seller_federal_state, settings.timezone), now=now
        )


def discover_demo(database: Database) -> None:
    """Proposes bundles from the purchases of the C-customers, so that the page has something to decide about."""
    with database.session() as session:
        discover_bundles(session, actor=Actor(ActorKind.COMMAND, "shop demo"), now=utc_now())


def _as_json(settings: Settings, added: dict[str, int], secrets: dict[str, str]) -> dict[str, object]:
    return {
        "added": added,
        "password": settings.demo_password.get_secret_value(),
        "customers": [{"email": persona.email, "what": persona.what} for persona in (*PERSONAS, *NEIGHBOURS)],
        "staff": [
            {
                "email": email,
                "name": name,
                "role": role.value,
                "what": what,
                "totp_secret": secrets.get(email),
            }
            for email, name, role, what in STAFF
        ],
    }


def _print(settings: Settings, added: dict[str, int], secrets: dict[str, str]) -> None:
    if added:
        typer.echo("Added: " + ", ".join(f"{count} {name}" for name, count in added.items()))
    else:
        typer.echo("The demo company is already there; nothing was changed.")
    typer.echo(f"\nPassword of every log-in: {settings.demo_password.get_secret_value()}\n\n  customers")
    for persona in (*PERSONAS, *NEIGHBOURS):
        typer.echo(f"    {persona.email:<28}{persona.what}")
    typer.echo("  staff, at /admin, with the secret for the second factor")
    for email, _, _, what in STAFF:
        typer.echo(f"    {email:<28}{secrets.get(email, '(none)')}  {what}")
