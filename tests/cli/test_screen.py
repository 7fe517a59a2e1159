import json

import pytest
import typer
from typer.testing import CliRunner

from app.cli import screen
from app.core.db import open_database
from app.customers.rules.admission import ScreeningState
from app.mainbrand.rules.segments import Segment
from tests import make


@pytest.fixture
def shop(database_url: str, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """The command over a database of its own, with one company that waits and one A account of the same VAT id."""
    monkeypatch.setenv("SHOP_DATABASE_URL", database_url)
    monkeypatch.setenv("SHOP_SECRET_KEY", "test-" * 10)
    monkeypatch.setenv("SHOP_STRIPE_API_KEY", "sk_test_1")
    monkeypatch.setenv("SHOP_STRIPE_WEBHOOK_SECRET", "whsec_1")
    database = open_database(database_url)
    with database.session() as session:
        make.main_account(session, vat_id="DE900000014", segment=Segment.A)
        waiting = make.customer(session, screening=ScreeningState.PENDING, vat_id="DE900000014")
        make.contact(session, of=waiting)
        make.contact(session, of=make.customer(session))
    database.close()
    cli = typer.Typer()
    cli.callback()(lambda: None)
    screen.register(cli)
    return cli


def test_the_command_says_how_many_were_compared_and_what_changed(shop: typer.Typer) -> None:
    first = CliRunner().invoke(shop, ["screen", "--json"])
    every = CliRunner().invoke(shop, ["screen", "--all", "--json"])
    plain = CliRunner().invoke(shop, ["screen"])

    assert (first.exit_code, json.loads(first.stdout)) == (0, {"compared": 1, "changed": {"blocked": 1}})
    assert json.loads(every.stdout) == {"compared": 1, "changed": {}}
    assert plain.stdout == "0 compared\n"
