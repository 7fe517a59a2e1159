"""`shop doctor` names what is missing and what to do about it."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlmodel import Session

from app.cli.doctor import Finding, examine
from app.core.clock import utc_now
from app.core.db import Database, open_database
from app.core.transaction import transaction
from app.settings import Settings
from tests import make, make_money
from tests.databases import free_port


def found(settings: Settings, **changed: Any) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(settings.model_copy(update=changed))}


@pytest.fixture
def unreachable(settings: Settings) -> Settings:
    """No test of this module may ask the real Stripe."""
    return settings.model_copy(update={"stripe_api_base": f"http://127.0.0.1:{free_port()}"})


def test_a_migrated_database_is_well(unreachable: Settings, database_url: str) -> None:
    findings = found(unreachable, database_url=database_url)

    assert findings["database"].is_well
    assert findings["time zone"].is_well


def test_a_missing_database_is_named_and_not_made(unreachable: Settings, tmp_path: Path) -> None:
    finding = found(unreachable, database_url=f"sqlite:///{tmp_path}/none.db")["database"]

    assert (finding.is_well, finding.fix) == (False, "run `shop migrate`")
    assert list(tmp_path.iterdir()) == []


def test_a_database_without_tables_wants_a_migration(unreachable: Settings, tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()

    finding = found(unreachable, database_url=f"sqlite:///{tmp_path}/empty.db")["database"]

    assert (finding.is_well, finding.fix) == (False, "run `shop migrate`")


def test_a_server_that_is_not_there_is_named_with_its_address(unreachable: Settings) -> None:
    port = free_port()

    finding = found(unreachable, database_url=f"postgresql+psycopg://shop:secret@127.0.0.1:{port}/shop")[
        "database"
    ]

    assert not finding.is_well
    assert str(port) in finding.found
    assert "secret" not in finding.found


def test_mail_and_stripe_that_do_not_answer_are_named(unreachable: Settings) -> None:
    findings = found(unreachable, smtp_url=SecretStr(f"smtp://127.0.0.1:{free_port()}"))

    assert (findings["mail"].is_well, findings["stripe"].is_well) == (False, False)
    assert "SHOP_SMTP_URL" in findings["mail"].fix
    assert "SHOP_STRIPE_API_KEY" in findings["stripe"].fix


def test_a_folder_for_mails_is_well_in_a_demo_only(unreachable: Settings) -> None:
    assert found(unreachable)["mail"].is_well
    assert not found(unreachable, env="production")["mail"].is_well


@pytest.mark.parametrize("changed", [{"timezone": "Europe/Nowhere"}, {"seller_federal_state": "XX"}])
def test_an_unknown_time_zone_or_state_is_named(unreachable: Settings, changed: dict[str, str]) -> None:
    finding = found(unreachable, **changed)["time zone"]

    assert not finding.is_well
    assert next(iter(changed.values())) in finding.found


def test_a_shop_without_terms_is_told_how_to_put_them_in_force(
    unreachable: Settings, database_url: str
) -> None:
    before = found(unreachable, database_url=database_url)["terms"]
    with (
        closing(open_database(database_url)) as database,
        database.session() as session,
        transaction(session),
    ):
        make.terms(session)

    after = found(unreachable, database_url=database_url)["terms"]

    assert (before.is_well, after.is_well) == (False, True)
    assert before.fix == "run `shop terms NAME --german FILE --english FILE`"
    assert after.found == "version 2026-01 is in force"


def test_webhooks_that_say_nothing_while_somebody_pays_are_named(
    unreachable: Settings, database: Database, session: Session
) -> None:
    assert found(unreachable, database_url=database.url)["webhooks"].is_well
    customer = make.customer(session)
    order = make.order(session, of=customer, by=make.contact(session, of=customer), bundle=None)
    make_money.payment(session, of=order, created_at=utc_now() - timedelta(minutes=30))

    silent = found(unreachable, database_url=database.url)["webhooks"]

    assert (silent.is_well, silent.found) == (False, "last event never, although 1 payments began since")
    assert "/hooks/stripe" in silent.fix
