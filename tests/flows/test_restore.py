"""The drill: a backup, more payments, the disk is gone; after the restore each payment made since is found."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select
from typer.testing import CliRunner

from app.audit.models import AuditEntry
from app.cli.main import program
from app.core.backup import BackupFault, load_backup, read_manifest, write_backup
from app.core.clock import utc_now
from app.core.db import Database
from app.core.errors import Refused
from app.core.transaction import transaction
from app.flows.reconcile import reconcile
from app.invoices.models import NumberRange
from app.payments.rules.books import Difference
from app.payments.stripe_gateway import StripeGateway
from dev.stripe_standin.server import API_KEY, DEFAULT_SECRET, StandinProcess
from tests import make
from tests.databases import Databases, opened
from tests.flows.test_reconcile import SOON
from tests.flows.till import Till, open_till

LAST_NUMBERS = ("--last-number", "RE-2026-000041", "--last-number", "RK-2026-000007")


@pytest.fixture(scope="module")
def standin() -> Iterator[StandinProcess]:
    with StandinProcess() as process:
        yield process


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, standin: StandinProcess, tmp_path: Path) -> Any:
    monkeypatch.chdir(tmp_path)
    for name, value in {
        "SHOP_SECRET_KEY": "test-" * 10,
        "SHOP_STRIPE_API_KEY": API_KEY,
        "SHOP_STRIPE_WEBHOOK_SECRET": DEFAULT_SECRET,
        "SHOP_STRIPE_API_BASE": standin.url,
    }.items():
        monkeypatch.setenv(name, value)

    def command(database_url: str, *words: str) -> Any:
        monkeypatch.setenv("SHOP_DATABASE_URL", database_url)
        return CliRunner().invoke(program(), list(words))

    return command


def fill_cart(till: Till) -> None:
    if till.cart():
        return
    with till.database.session() as session, transaction(session):
        bundle = session.exec(select(make.Bundle).order_by(col(make.Bundle.id)).limit(1)).one()
        make.cart_line(session, of=till.customer, bundle=bundle, quantity=2)


def bought(till: Till, standin: StandinProcess, key: str) -> tuple[str, str]:
    """An order that was paid and accepted: its number and the intent's id."""
    fill_cart(till)
    placed, session_id = till.placed_and_open(key=key)
    standin.pay(session_id)
    till.settle(session_id=session_id)
    return placed.number, till.payments()[-1].intent_id or ""


def test_every_payment_made_since_the_backup_is_found_and_nothing_is_sold_before(
    session: Session,
    database: Database,
    databases: Databases,
    standin: StandinProcess,
    shop: Any,
    tmp_path: Path,
) -> None:
    till = open_till(session, database, now=utc_now())
    till.stripe = StripeGateway(  # type: ignore[assignment]
        api_key=API_KEY, webhook_secret=DEFAULT_SECRET, api_base=standin.url
    )
    bought(till, standin, "before")
    file = tmp_path / "shop.backup"
    assert shop(database.url, "backup", str(file)).exit_code == 0
    lost = [bought(till, standin, f"since-{number}") for number in range(2)]

    place = databases.new_blank()
    done = shop(place.url, "restore", str(file), *LAST_NUMBERS)
    assert (done.exit_code, "Nothing is sold" in done.output) == (0, True), (done.output, done.exception)

    with opened(place) as restored:
        again = Till(restored, utc_now(), till.customer, till.contact, till.stripe)
        with pytest.raises(Refused) as refused:
            again.place(key="after")
        assert refused.value.code == "order.sales_frozen"
        now = utc_now()
        with restored.session() as writing:
            outcome = reconcile(writing, till.stripe, by="drill", now=now, until=now + SOON)  # type: ignore[arg-type]

        # What Stripe's metadata knows: number, amount, and whose it is.
        found = {(one.order_number, one.object_id, one.kind, one.theirs_cents) for one in outcome.found}
        assert found == {(number, intent_id, Difference.UNKNOWN_ORDER, 5_950) for number, intent_id in lost}
        assert outcome.has_opened_sales
        fill_cart(again)
        assert again.place(key="after").is_new
        with restored.read_session() as reading:
            actions = [entry.action for entry in reading.exec(select(AuditEntry))]
            assert "shop.restored" in actions
            ranges = reading.exec(select(NumberRange).order_by(col(NumberRange.prefix))).all()
            assert [(one.prefix, one.last_number) for one in ranges] == [("RE", 41), ("RK", 7)]


def test_a_backup_carries_its_proof_and_a_damaged_one_is_refused(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "shop.backup"
    write_backup(database.url, file, made_at=utc_now(), facts={"schema": "x"})
    assert read_manifest(file)["engine"] == ("sqlite" if database.is_sqlite else "postgresql")
    assert file.stat().st_mode & 0o777 == 0o600

    with pytest.raises(BackupFault, match="never writes over"):
        write_backup(database.url, file, made_at=utc_now(), facts={})
    whole = bytearray(file.read_bytes())
    middle = len(whole) // 2
    # One bit alone may unpack to the same: a run of zeros can be written in several ways.
    whole[middle : middle + 64] = bytes(byte ^ 0x55 for byte in whole[middle : middle + 64])
    (tmp_path / "bent").write_bytes(whole)
    with pytest.raises(BackupFault, match="damaged"):
        read_manifest(tmp_path / "bent")


def test_a_restore_never_writes_over_a_database_nor_into_another_engine(
    database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "shop.backup"
    write_backup(database.url, file, made_at=utc_now(), facts={})
    other = (
        f"sqlite:///{tmp_path}/new.db" if not database.is_sqlite else "postgresql+psycopg://x@127.0.0.1:1/y"
    )

    with pytest.raises(BackupFault, match=r"exists|holds tables"):
        load_backup(database.url, file)
    with pytest.raises(BackupFault, match="The backup is of"):
        load_backup(other, file)

    with database.read_session() as session:
        assert session.execute(text("SELECT count(*) FROM alembic_version")).scalar_one() == 1
    assert not (tmp_path / "new.db").exists()


def test_a_number_that_is_none_restores_nothing(database: Database, shop: Any, tmp_path: Path) -> None:
    file = tmp_path / "shop.backup"
    write_backup(database.url, file, made_at=utc_now(), facts={})

    assert shop(f"sqlite:///{tmp_path}/new.db", "restore", str(file), "--last-number", "41").exit_code == 2
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize("words", [(), ("--no-later-numbers", "--last-number", "RE-2026-000041")])
def test_a_restore_without_a_word_on_the_last_numbers_restores_nothing(
    database: Database, shop: Any, tmp_path: Path, words: tuple[str, ...]
) -> None:
    file = tmp_path / "shop.backup"
    write_backup(database.url, file, made_at=utc_now(), facts={})

    done = shop(f"sqlite:///{tmp_path}/new.db", "restore", str(file), *words)

    assert (done.exit_code, "the last invoice" in done.output) == (2, True)
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize("end", ["-wal", "-shm", "-journal"])
def test_a_restore_refuses_the_leftovers_of_another_database(tmp_path: Path, end: str) -> None:
    (tmp_path / "old.db").touch()
    write_backup(f"sqlite:///{tmp_path}/old.db", tmp_path / "shop.backup", made_at=utc_now(), facts={})
    (tmp_path / f"new.db{end}").touch()

    with pytest.raises(BackupFault, match="move it away"):
        load_backup(f"sqlite:///{tmp_path}/new.db", tmp_path / "shop.backup")
    assert not (tmp_path / "new.db").exists()


def test_what_prepares_a_copy_is_in_it_before_it_appears(tmp_path: Path) -> None:
    (tmp_path / "old.db").touch()
    write_backup(f"sqlite:///{tmp_path}/old.db", tmp_path / "shop.backup", made_at=utc_now(), facts={})

    def prepare(url: str, _: dict[str, Any]) -> None:
        assert not (tmp_path / "new.db").exists()
        assert url.startswith("sqlite:///")

    load_backup(f"sqlite:///{tmp_path}/new.db", tmp_path / "shop.backup", prepare=prepare)
    assert (tmp_path / "new.db").stat().st_mode & 0o777 == 0o600
