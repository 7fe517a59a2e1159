"""`shop terms` puts terms in force from two files."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from app.cli import terms
from app.core.db import open_database
from app.core.errors import Refused
from app.ordering.queries_terms import terms_in_force


def test_terms_of_two_files_are_in_force_and_never_change(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "DATABASE_URL": database_url,
        "SECRET_KEY": "test-" * 10,
        "STRIPE_API_KEY": "sk_test_" + "0" * 24,
        "STRIPE_WEBHOOK_SECRET": "whsec_" + "0" * 32,
    }.items():
        monkeypatch.setenv(f"SHOP_{name}", value)
    german, english = tmp_path / "agb.txt", tmp_path / "terms.txt"
    german.write_text("Für Unternehmer.", encoding="utf-8")
    english.write_text("For businesses.", encoding="utf-8")
    cli = typer.Typer()
    terms.register(cli)
    command = ["2026-11", "--german", str(german), "--english", str(english), "--json"]

    answers = [CliRunner().invoke(cli, command).output for _ in range(2)]
    german.write_text("Für alle.", encoding="utf-8")
    refused = CliRunner().invoke(cli, command)

    assert [json.loads(answer)["is_new"] for answer in answers] == [True, False]
    assert isinstance(refused.exception, Refused)
    database = open_database(database_url)
    with database.read_session() as session:
        found = terms_in_force(session)
    database.close()
    assert found is not None
    assert (found.name, found.text_de, found.text_en) == ("2026-11", "Für Unternehmer.", "For businesses.")
