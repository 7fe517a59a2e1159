"""`shop gate-audit`: the signed audit is written and checked, and a changed one is told."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlmodel import Session, select

from app.core.db import open_database
from app.core.transaction import transaction
from app.customers.models import BlockedAttempt, Customer, GateAudit
from tests import make
from tests.processes import ShopProcess, run_shop


@pytest.fixture
def own(database_url: str) -> Iterator[Session]:
    """A own on the database that the processes use."""
    database = open_database(database_url)
    with database.session() as opened:
        yield opened
    database.close()


@pytest.mark.timeout(600)
def test_a_walk_of_the_running_shop_is_signed_and_every_later_change_is_seen(
    database_url: str, own: Session, tmp_path: Path
) -> None:
    part = make.block(own, name_en="Zanderkiel raw", name_de="Zanderkiel roh")
    make.bundle(own, items=[(part, 1)], name_en="Zanderkiel seal set", name_de="Zanderkiel Dichtsatz")
    file, forged = tmp_path / "audit.json", tmp_path / "forged.json"

    def gate_audit(*arguments: str, base_url: str, key: str = "") -> tuple[int, str]:
        settings = {"SHOP_BASE_URL": base_url} | ({"SHOP_SECRET_KEY": key} if key else {})
        done = run_shop(
            "gate-audit", *arguments, database_url=database_url, settings=settings, within_seconds=280
        )
        return done.returncode, done.stdout + done.stderr

    with ShopProcess(database_url, log=tmp_path / "shop.log") as shop:
        url = shop.url
        code, text = gate_audit("--json", "--output", str(file), base_url=url)

    told = json.loads(text)
    assert (told["findings"], told["is_tight"], code) == ([], True, 0)
    assert told["matrix"]["GET /catalogue"]["a"] == "refused"
    assert json.loads(file.read_text())["signature"] == told["signature"]
    own.rollback()
    assert own.exec(select(GateAudit.signature)).one() == told["signature"]
    assert own.exec(select(Customer)).all() == []
    assert own.exec(select(BlockedAttempt)).all() == []

    assert gate_audit("--verify", str(file), base_url=url)[0] == 0
    assert gate_audit("--verify", "last", base_url=url)[0] == 0
    assert gate_audit("--verify", str(file), base_url=url, key="another " * 5)[0] == 1
    forged.write_text(file.read_text().replace('"refused"', '"shown"'))
    code, text = gate_audit("--verify", str(forged), "--json", base_url=url)
    assert (code, json.loads(text)["trust"]) == (1, "changed")
    with transaction(own):
        own.execute(update(GateAudit).values(request_count=7))
    code, text = gate_audit("--verify", "last", base_url=url)
    assert (code, "DOES NOT FIT" in text) == (1, True)


def test_what_cannot_be_checked_is_wrong_use(database_url: str, tmp_path: Path) -> None:
    other = tmp_path / "notes.json"
    other.write_text("{}")

    for wanted in (str(tmp_path / "nowhere.json"), str(other), "last"):
        done = run_shop("gate-audit", "--verify", wanted, database_url=database_url)

        assert done.returncode == 2, done.stdout + done.stderr
        assert done.stderr.strip()
