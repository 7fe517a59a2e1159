"""`shop discover-bundles` on a database of its own, and its evaluation of a file."""

import json
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from app.cli.discovery_evaluation import evaluate_file
from app.core.db import open_database
from app.insights.models import Proposal
from app.mainbrand.models import Purchase
from app.mainbrand.rules.segments import Segment
from tests import make
from tests.processes import run_shop

BOUGHT_AT = datetime(2026, 9, 30, 12, 0, tzinfo=UTC)


@pytest.fixture
def purchases(tmp_path: Path) -> Path:
    """Two equal years as CSV: 300 small customers buy two pairs, 75 large ones something dear."""
    rows = ["invoice,stock_code,description,quantity,invoice_ts,unit_price,customer_id"]
    for year in (2024, 2025):
        for number in range(375):
            day = date(year, 1, 1) + timedelta(days=number % 365)
            skus = ("PUMP",) if number >= 300 else (("SEAL", "GREASE") if number % 2 else ("TAPE", "GLOVE"))
            price = 900 if number >= 300 else 3
            rows += [f"{year}{number},{sku},,6,{day},{price},K{number}" for sku in skus]
    rows.append("END,PUMP,,1,2025-12-31,900,K374")
    file = tmp_path / "purchases.csv"
    file.write_text("\n".join(rows))
    return file


def test_an_evaluation_says_what_came_again_and_what_was_supplied_without_a_shop(
    purchases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate_file(purchases, is_json=True)

    found = json.loads(capsys.readouterr().out)
    assert (found["proposed"], found["recurring_share"]) == (2, 1.0)
    assert found["coverage"] == found["baseline_coverage"] == pytest.approx(1.0)
    assert set(found["baselines"]) == {"revenue", "orders", "units"}
    assert {tuple(one["items"]) for one in found["catalogue"]} >= {("GREASE", "SEAL"), ("GLOVE", "TAPE")}
    assert found["lines_left_out"] == 0

    evaluate_file(purchases, is_json=False)
    assert "2 sets of two or more blocks proposed; 100.0% again" in capsys.readouterr().out


def test_a_file_of_one_day_is_refused_with_a_sentence_and_exit_code_1(
    tmp_path: Path, database_url: str
) -> None:
    short = tmp_path / "short.csv"
    short.write_text(
        "invoice,stock_code,quantity,invoice_ts,unit_price,customer_id\nR1,A,1,2025-01-01,2,K1\n"
    )

    done = run_shop("discover-bundles", "--evaluate", str(short), database_url=database_url)

    assert (done.returncode, done.stdout) == (1, "")
    assert "Two years of purchases are needed" in done.stderr


def test_proposals_of_the_shops_own_purchases_are_kept(database_url: str) -> None:
    with closing(open_database(database_url)) as database, database.session() as session:
        for number in range(12):
            make.main_account(session, account_number=f"C{number}", segment=Segment.C)
            rows = [
                Purchase(
                    import_key=f"{number}{sku}", account_number=f"C{number}", invoice_number=f"R{number}", sku=sku,
                    quantity_milli=6_000, net_cents=600, currency="EUR", purchased_at=BOUGHT_AT,
                )
                for sku in (("SEAL", "GREASE") if number < 9 else ("TAPE",))
            ]  # fmt: skip
            make.saved(session, *rows)

    done = run_shop("discover-bundles", "--json", database_url=database_url)

    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert {"GREASE": 6.0, "SEAL": 6.0} in [one["items"] for one in said["proposals"]]
    assert (said["baskets"], said["buyers"], said["until"]) == (12, 12, "2026-10-01")
    with closing(open_database(database_url)) as database, database.session() as session:
        assert len(session.exec(select(Proposal)).all()) == said["proposed"] == said["added"]
