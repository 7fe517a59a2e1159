import json

import pytest
import typer
from click.testing import Result
from sqlalchemy import text
from sqlmodel import Session
from typer.testing import CliRunner

from app.cli.invoices import register
from app.core.db import Database
from app.invoices.models import Invoice
from app.invoices.paper import invoice_pdf
from app.settings import Settings
from tests.invoices.books import Books, open_books
from tests.processes import process_environment


@pytest.fixture
def books(session: Session, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Books:
    for name, value in process_environment(database.url, base_url="http://127.0.0.1:8000").items():
        monkeypatch.setenv(name, value)
    books = open_books(session, database, settings)
    books.render = invoice_pdf
    return books


def test_every_document_is_made_again_byte_by_byte(books: Books) -> None:
    order = books.order((2, 3), (1, 1))
    books.invoiced(order)
    books.refund(order, 1_000)
    books.sweep()
    books.issue_all()

    answer = _run("--json")

    assert answer.exit_code == 0, answer.output
    assert json.loads(answer.output) == {"documents": 2, "wrong": []}


@pytest.mark.parametrize(
    "change, words",
    [
        ("xml_sha256 = pdf_sha256", "the stored XML does not have the hash that was noted"),
        ("pdf = xml", "made again, the PDF is another"),
        (
            "net_cents = net_cents + 1, gross_cents = gross_cents + 1",
            "the stored data are not those of the row",
        ),
        ("document = '{}'", "the stored data are no document"),
    ],
)
def test_a_document_that_was_tampered_with_is_named(
    books: Books, session: Session, change: str, words: str
) -> None:
    books.render = lambda document, xml: b"never mind"
    books.invoiced(books.order((0, 1)))
    _tamper(session, change)

    answer = _run()

    assert answer.exit_code == 1
    assert "RE-2026-000001: " in answer.output
    assert words in answer.output
    assert answer.output.endswith("1 documents, 1 wrong\n")


def _tamper(session: Session, change: str) -> None:
    """Past the triggers, as only who owns the database can."""
    connection = session.connection(execution_options={"is_write": True})
    if connection.dialect.name == "sqlite":
        connection.execute(text("DROP TRIGGER invoices_no_update"))
    else:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
    connection.execute(text(f"UPDATE {Invoice.__tablename__} SET {change}"))
    session.commit()


def _run(*arguments: str) -> Result:
    cli = typer.Typer()
    register(cli)
    return CliRunner().invoke(cli, ["invoices", "verify", *arguments])
