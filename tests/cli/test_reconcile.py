"""`shop reconcile` at the stand-in: what it prints and how it exits, and selling again after a restore."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select
from typer.testing import CliRunner

from app.audit.models import AuditEntry
from app.cli.main import program
from app.core.clock import utc_now
from app.core.db import Database
from app.core.transaction import transaction
from app.ordering.models import SalesFreeze
from app.ordering.service_freeze import freeze_sales
from app.payments.stripe_gateway import StripeGateway
from dev.stripe_standin.server import API_KEY, DEFAULT_SECRET, StandinProcess
from tests.flows.till import open_till


@pytest.fixture
def standin() -> Any:
    with StandinProcess() as process:
        yield process


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, database: Database, standin: StandinProcess, tmp_path: Path) -> Any:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "SHOP_DATABASE_URL": database.url,
        "SHOP_SECRET_KEY": "test-" * 10,
        "SHOP_STRIPE_API_KEY": API_KEY,
        "SHOP_STRIPE_WEBHOOK_SECRET": DEFAULT_SECRET,
        "SHOP_STRIPE_API_BASE": standin.url,
    }.items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(program(), list(words))


def test_a_comparison_prints_each_difference_with_its_way_out_and_exits_by_it(
    session: Session, database: Database, standin: StandinProcess, shop: Any
) -> None:
    till = open_till(session, database, now=utc_now())
    till.stripe = StripeGateway(  # type: ignore[assignment]
        api_key=API_KEY, webhook_secret=DEFAULT_SECRET, api_base=standin.url
    )
    placed, session_id = till.placed_and_open()
    standin.pay(session_id)
    soon = (utc_now() + timedelta(minutes=5)).isoformat()

    found = shop("reconcile", "--until", soon, "--mend")
    assert found.exit_code == 1
    assert f"{placed.number}: reserved, and nobody decides" in found.output
    assert "Settle the payment again" in found.output
    for args in till.jobs()[-1:]:
        till.settle(**args)
    equal = shop("reconcile", "--until", soon, "--json")
    assert (equal.exit_code, json.loads(equal.output)["is_equal"]) == (0, True)
    assert shop("reconcile", "--since", "the day before").exit_code == 2


def test_sales_are_opened_by_hand_only_where_they_were_frozen_and_the_reason_is_kept(
    session: Session, shop: Any
) -> None:
    assert shop("open-sales", "--reason", "x").exit_code == 1
    with transaction(session):
        freeze_sales(session, backup_made_at=utc_now(), now=utc_now())

    assert shop("open-sales", "--reason", "no payments in the gap").exit_code == 0

    session.expire_all()
    assert session.exec(select(SalesFreeze)).one().opened_by == "shop open-sales"
    assert [entry.reason for entry in session.exec(select(AuditEntry))] == ["no payments in the gap"]
