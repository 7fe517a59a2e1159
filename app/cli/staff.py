"""`shop staff create|list|reset`: staff accounts from the command line, for the first one and for emergencies."""

import json
from contextlib import closing
from typing import Annotated

import typer

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.cli.serve import load_settings
from app.core.clock import utc_now
from app.core.errors import N_, NotFound
from app.flows.manage_staff import Handed, create_member, reset_member
from app.settings import Settings
from app.shop import open_shop
from app.staff.queries import list_members, member_by_email
from app.staff.rules.roles import Role

commands = typer.Typer(no_args_is_help=True, help="Staff accounts.")

AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]
ACTOR = Actor(ActorKind.COMMAND, "shop staff")


def register(cli: typer.Typer) -> None:
    """Adds the commands of this module."""
    cli.add_typer(commands, name="staff")


@commands.command()
def create(
    email: Annotated[str, typer.Argument(help="the address to sign in with")],
    name: Annotated[str, typer.Option(help="the name that pages and the audit log show")],
    role: Annotated[Role, typer.Option(help="what the account may do")] = Role.ADMIN,
    as_json: AsJson = False,
) -> None:
    """Make an account and print its first password; the first log-in sets up the rest."""
    settings = load_settings()
    with closing(open_shop(settings)) as shop, shop.db.session() as session:
        handed = create_member(
            session, email=email, name=name, role=role, secret_key=_key(settings), actor=ACTOR, now=utc_now()
        )
    _print(handed, as_json=as_json)


@commands.command("list")
def list_accounts(as_json: AsJson = False) -> None:
    """Print all accounts."""
    with closing(open_shop(load_settings())) as shop, shop.db.read_session() as session:
        members = list_members(session)
    if as_json:
        rows = [
            {
                "email": member.email,
                "name": member.name,
                "role": member.role.value,
                "is_active": member.is_active,
                "is_totp_confirmed": member.is_totp_confirmed,
            }
            for member in members
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False))
        return
    for member in members:
        state = "active" if member.is_active else "closed"
        factor = "second factor set up" if member.is_totp_confirmed else "second factor at the next log-in"
        typer.echo(f"{member.email}\t{member.name}\t{member.role.value}\t{state}\t{factor}")


@commands.command()
def reset(
    email: Annotated[str, typer.Argument(help="whose log-in is reset")], as_json: AsJson = False
) -> None:
    """End all sessions, forget the second factor, and print a new first password."""
    settings = load_settings()
    with closing(open_shop(settings)) as shop, shop.db.session() as session:
        member = member_by_email(session, email)
        if member is None or member.id is None:
            raise NotFound(N_("There is no such staff account."), code="staff.not_found")
        handed = reset_member(session, member.id, secret_key=_key(settings), actor=ACTOR, now=utc_now())
    _print(handed, as_json=as_json)


def _key(settings: Settings) -> str:
    return settings.secret_key.get_secret_value()


def _print(handed: Handed, *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"email": handed.email, "password": handed.password}))
        return
    typer.echo(f"{handed.email}\nfirst password: {handed.password}")
    typer.echo("Hand it over in person. The first log-in asks for a new one and sets up the second factor.")
