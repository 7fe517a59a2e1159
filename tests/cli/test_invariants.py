import json
from pathlib import Path

import pytest
import typer
from click.testing import Result
from sqlalchemy import text
from typer.testing import CliRunner

from app.cli.invariants import register
from app.core.db import open_database
from app.insights.invariants import ALL
from tests.processes import process_environment


@pytest.fixture(autouse=True)
def _installation(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in process_environment(database_url, base_url="http://127.0.0.1:8000").items():
        monkeypatch.setenv(name, value)


def _break(database_url: str) -> None:
    """A bundle that says it is on sale, and is neither listed nor has a version."""
    database = open_database(database_url)
    with database.writing.connect().execution_options(is_write=True) as connection:
        connection.execute(
            text("INSERT INTO bundles (slug, state, created_at) VALUES ('lost', 'published', :at)"), _AT
        )
        connection.commit()
    database.close()


_AT = {"at": "2026-03-02 09:00:00.000000"}


def test_a_fresh_installation_is_clean_and_each_promise_is_told() -> None:
    answer = _run()

    assert answer.exit_code == 0, answer.output
    assert [line for line in answer.output.splitlines() if line.startswith("ok")] == [
        f"ok     {invariant.promise}" for invariant in ALL
    ]
    assert answer.output.endswith(f"{len(ALL)} invariants, 0 findings\n")


def test_what_is_broken_is_told_and_ends_with_one(database_url: str) -> None:
    _break(database_url)

    answer = _run()

    assert answer.exit_code == 1
    assert "BROKEN The list holds exactly the published bundles." in answer.output
    assert "the_list_is_what_is_published: Bundle lost is published and not in the list." in answer.output


def test_json_names_each_invariant_and_each_finding(database_url: str) -> None:
    _break(database_url)

    told = json.loads(_run("--json").stdout)

    assert told["is_clean"] is False
    assert list(told["invariants"]) == [invariant.name for invariant in ALL]
    assert told["invariants"]["the_list_is_what_is_published"] is False
    assert told["invariants"]["the_list_has_no_gap"] is True
    assert {
        "invariant": "the_list_is_what_is_published",
        "id": "1",
        "sentence": "Bundle lost is published and not in the list.",
    } in told["findings"]


def test_books_that_know_of_money_without_an_order_end_with_one(tmp_path: Path) -> None:
    taken = {
        "id": "pi_9",
        "captured": 100,
        "refunded": 0,
        "capturable": 0,
        "currency": "eur",
        "session": None,
    }
    books = tmp_path / "books.json"
    books.write_text(json.dumps({"intents": [taken], "sessions": []}))

    answer = _run("--books", str(books))

    assert answer.exit_code == 1
    assert "books: 100 cents were taken, and no payment of ours is about them." in answer.output


def _run(*arguments: str) -> Result:
    cli = typer.Typer()
    register(cli)
    return CliRunner().invoke(cli, list(arguments))
