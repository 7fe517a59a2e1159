"""`shop staff` makes and resets accounts, for the first log-in and for emergencies."""

import json
from typing import Any

import pytest
import typer
from sqlmodel import Session, select
from typer.testing import CliRunner, Result

from app.audit.models import AuditEntry
from app.cli import staff
from app.core.db import open_database
from app.core.errors import Invalid, NotFound
from app.core.security import verify_password
from app.staff.models import StaffMember


@pytest.fixture
def shop(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in {
        "DATABASE_URL": database_url,
        "SECRET_KEY": "test-" * 10,
        "STRIPE_API_KEY": "sk_test_" + "0" * 24,
        "STRIPE_WEBHOOK_SECRET": "whsec_" + "0" * 32,
    }.items():
        monkeypatch.setenv(f"SHOP_{name}", value)
    cli = typer.Typer()
    staff.register(cli)

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli, ["staff", *arguments])

    return run


def _rows(database_url: str, model: Any) -> list[Any]:
    opened = open_database(database_url)
    with Session(opened.reading) as session:
        rows = list(session.exec(select(model)).all())
    opened.close()
    return rows


def test_an_account_is_made_listed_and_reset(shop: Any, database_url: str) -> None:
    made = shop("create", "Kim@Schlicht.example", "--name", "Kim", "--role", "lead", "--json")
    listed = shop("list", "--json")
    reset = shop("reset", "kim@schlicht.example", "--json")

    assert (made.exit_code, listed.exit_code, reset.exit_code) == (0, 0, 0), made.output
    assert json.loads(listed.output) == [
        {
            "email": "kim@schlicht.example",
            "name": "Kim",
            "role": "lead",
            "is_active": True,
            "is_totp_confirmed": False,
        }
    ]
    (member,) = _rows(database_url, StaffMember)
    assert not verify_password(json.loads(made.output)["password"], member.password_hash)
    assert verify_password(json.loads(reset.output)["password"], member.password_hash)
    entries = _rows(database_url, AuditEntry)
    assert [(entry.actor_name, entry.action) for entry in entries] == [
        ("shop staff", "staff.created"),
        ("shop staff", "staff.reset"),
    ]


def test_no_address_no_account_and_no_role_are_refused(shop: Any, database_url: str) -> None:
    assert isinstance(shop("create", "nope", "--name", "Kim").exception, Invalid)
    assert isinstance(shop("reset", "nobody@schlicht.example").exception, NotFound)
    assert shop("create", "kim@schlicht.example", "--name", "Kim", "--role", "king").exit_code == 2
    assert _rows(database_url, StaffMember) == []
