"""`shop books` and `shop retention` do from the command line what the pages do."""

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import typer
from sqlmodel import Session, select
from typer.testing import CliRunner, Result

from app.audit.models import AuditEntry
from app.cli import books, retention
from app.core.db import Database
from app.core.errors import Invalid
from app.invoices.models import Invoice
from tests.make_invoices import issued, paid_order

Run = Callable[..., Result]


@pytest.fixture
def run(database: Database, monkeypatch: pytest.MonkeyPatch) -> Run:
    for name, value in {
        "DATABASE_URL": database.url,
        "SECRET_KEY": "test-" * 10,
        "STRIPE_API_KEY": "sk_test_" + "0" * 24,
        "STRIPE_WEBHOOK_SECRET": "whsec_" + "0" * 32,
    }.items():
        monkeypatch.setenv(f"SHOP_{name}", value)
    cli = typer.Typer()
    books.register(cli)
    retention.register(cli)
    return lambda *arguments: CliRunner().invoke(cli, list(arguments))


@pytest.fixture
def number(session: Session) -> str:
    """An invoice of October 2025 whose order was paid and left in it."""
    at = datetime(2025, 10, 7, 9, tzinfo=UTC)
    order = paid_order(session, paid_at=at, dispatched_at=at)
    found = issued(session, order, issued_at=at).number
    session.rollback()
    return found


def actions(session: Session) -> list[tuple[str, str, str]]:
    session.rollback()
    entries = session.exec(select(AuditEntry).order_by("id")).all()
    return [(entry.actor_name, entry.action, entry.object_name) for entry in entries]


def test_the_months_of_a_year_are_told(run: Run, number: str) -> None:
    told = json.loads(run("books", "months", "--year", "2025", "--json").output)

    assert [one["month"] for one in told] == [f"2025-{month:02d}" for month in range(1, 13)]
    assert (told[9]["gross_cents"], told[9]["taken_cents"], told[9]["is_closed"]) == (11_900, 11_900, False)
    assert (
        "2025-10\t1\t100,00\t19,00\t119,00\t119,00\t0,00\topen"
        in run("books", "months", "--year", "2025").output
    )


def test_a_month_is_closed_once(run: Run, number: str, session: Session) -> None:
    answers = [json.loads(run("books", "close", "--month", "2025-10", "--json").output) for _ in range(2)]

    assert [answer["is_new"] for answer in answers] == [True, False]
    assert actions(session) == [("shop books", "books.month_closed", "2025-10")]


def test_a_month_with_something_open_asks_for_a_reason(run: Run, number: str, session: Session) -> None:
    paid_order(session, paid_at=datetime(2025, 10, 8, 9, tzinfo=UTC))
    session.rollback()

    refused = run("books", "close", "--month", "2025-10")

    assert isinstance(refused.exception, Invalid)
    assert actions(session) == []
    assert run("books", "close", "--month", "2025-10", "--reason", "In dispute.").exit_code == 0


def test_an_export_is_written_and_written_down(
    run: Run, number: str, session: Session, tmp_path: Path
) -> None:
    target = tmp_path / "audit.zip"

    answer = json.loads(run("books", "export", "--month", "2025-10", "--out", str(target), "--json").output)

    assert (answer["documents"], answer["bytes"]) == (1, target.stat().st_size)
    with zipfile.ZipFile(target) as archive:
        assert f"documents/{number}.pdf" in archive.namelist()
    assert actions(session) == [("shop books", "books.exported", "2025-10")]


def test_datev_gets_its_posting_batch(run: Run, number: str, tmp_path: Path) -> None:
    target = tmp_path / "EXTF.csv"

    answer = json.loads(run("books", "datev", "--month", "2025-10", "--out", str(target), "--json").output)

    assert answer["postings"] == 2
    first, _, invoice, money, _ = target.read_bytes().decode("cp1252").split("\r\n")
    assert first.startswith('"EXTF";700;21;')
    assert f'"{number}"' in invoice
    assert money.startswith('119,00;"S";"EUR";;;"";1460;10000;')


@pytest.mark.parametrize("month", ["october", "2025-13", ""])
def test_what_is_no_month_is_wrong_use(run: Run, month: str, session: Session) -> None:
    answer = run("books", "close", "--month", month)

    assert answer.exit_code == 2
    assert actions(session) == []


def test_retention_tells_what_would_go_and_then_deletes_it(run: Run, session: Session) -> None:
    at = datetime(2015, 10, 7, 9, tzinfo=UTC)
    order = paid_order(session, paid_at=at, dispatched_at=at)
    number = issued(session, order, issued_at=at).number
    session.rollback()

    told = run("retention", "--dry-run").output
    assert told == f"1 documents ({number} to {number}), 2 events of money and 0 e-mails would go.\n"
    assert len(session.exec(select(Invoice)).all()) == 1

    done = json.loads(run("retention", "--json").output)
    assert (done["document_count"], done["money_count"]) == (1, 2)
    session.rollback()
    assert session.exec(select(Invoice)).all() == []
    assert [action for _, action, _ in actions(session)] == ["papers.deleted"]
