"""`shop screen --evaluate…`: figures on labelled files and on decisions, and nothing is written anywhere."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import typer
from sqlmodel import select
from typer.testing import CliRunner

from app.cli import screen
from app.core.db import open_database
from app.customers.models import Customer, Screening
from app.customers.rules.admission import ScreeningState
from app.flows.screen_customer import complete_keys
from app.mainbrand.rules.segments import Segment
from tests import make

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
GALLERY = [
    ("g1", "Ahrenborn Metallbau GmbH", "Werkhof 4", "04177", "Leipzig", True),
    ("g2", "Krögelin Hydraulik AG", "Hafenstraße 12", "20457", "Hamburg", True),
    ("g3", "Odin Tore GmbH", "Ring 9", "28195", "Bremen", False),
]
QUERIES = [
    ("Metallbau Ahrenborn KG", "Werkhof 4", "04177", "Leipzig", "match", "g1", "small_change", "test"),
    ("Neue Wege UG", "Hafenstr. 12", "20457", "Hamburg", "match", "g2", "rename", "test"),
    ("Odin Tore GmbH", "Ring 9", "28195", "Bremen", "no_match", None, "random", "test"),
    ("Krögelin Hydraulik Service GmbH", None, None, "Hamburg", "related", "g2", "group_sibling", "test"),
    ("Ahrenborn Metallbau GmbH", None, None, "Leipzig", "match", "g1", "retyped", "dev"),
]


@pytest.fixture
def shop() -> typer.Typer:
    cli = typer.Typer()
    cli.callback()(lambda: None)
    screen.register(cli)
    return cli


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    gallery, queries = tmp_path / "companies.parquet", tmp_path / "queries.parquet"
    names = ["company_number", "name", "street", "postcode", "city", "screening_gallery"]
    pl.DataFrame(GALLERY, schema=names, orient="row").write_parquet(gallery)
    names = ["name", "street", "postcode", "city", "expect", "gallery_number", "kind", "split"]
    pl.DataFrame(QUERIES, schema=names, orient="row").write_parquet(queries)
    return queries, gallery


def run(shop: typer.Typer, *arguments: object) -> dict[str, Any]:
    done = CliRunner().invoke(shop, ["screen", *map(str, arguments), "--json"])
    assert done.exit_code == 0, done.output
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_labelled_applications_are_answered_without_a_shop(
    shop: typer.Typer, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOP_DATABASE_URL", raising=False)

    found = run(shop, "--evaluate", files[0], "--gallery", files[1])

    assert (found["auc"], found["recall"], found["recall_found"]) == (1.0, 1.0, 1.0)
    assert (found["false_alarms"], found["related_stopped"], found["recall_renamed"]) == (0.0, 1.0, 1.0)
    assert found["count"] == 4
    assert found["per_kind"]["rename"] == {"expect": "match", "count": 1, "stopped": 1.0, "found": 1.0}
    assert found["median_ms"] > 0
    assert found["p99_ms"] >= found["median_ms"]


def test_another_split_or_a_csv_file_without_one_can_be_asked(
    shop: typer.Typer, files: tuple[Path, Path], tmp_path: Path
) -> None:
    csv = tmp_path / "queries.csv"
    pl.read_parquet(files[0]).drop("split").write_csv(csv)

    assert run(shop, "--evaluate", files[0], "--gallery", files[1], "--split", "dev")["count"] == 1
    assert run(shop, "--evaluate", csv, "--gallery", files[1])["count"] == 5


def test_labelled_pairs_of_names_are_told_apart(shop: typer.Typer, tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.parquet"
    rows = [
        ("Ahrenborn Metallbau GmbH", "Metallbau Ahrenborn", "same", "small_change"),
        ("Ahrenborn Metallbau GmbH", "Odin Tore GmbH", "different", "lookalike"),
        ("Krögelin AG", "Seestern GmbH", "same", "rename"),
    ]
    pl.DataFrame(rows, schema=["a_name", "b_name", "label", "kind"], orient="row").write_parquet(pairs)

    found = run(shop, "--evaluate-pairs", pairs)

    assert (found["auc"], found["pairs"]) == (1.0, 3)
    assert found["per_kind"]["rename"] == {"label": "same", "count": 1, "auc": 0.0}


@pytest.mark.parametrize(
    "arguments",
    [["--evaluate", "a.parquet"], ["--gallery", "a.parquet"], ["--evaluate-pairs", "nowhere.csv"]],
)
def test_what_cannot_be_evaluated_is_wrong_use(shop: typer.Typer, arguments: list[str]) -> None:
    assert CliRunner().invoke(shop, ["screen", *arguments]).exit_code == 2


def test_decisions_of_the_staff_are_cases_too(
    shop: typer.Typer, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DATABASE_URL", database_url)
    monkeypatch.setenv("SHOP_SECRET_KEY", "test-" * 10)
    monkeypatch.setenv("SHOP_STRIPE_API_KEY", "sk_test_1")
    monkeypatch.setenv("SHOP_STRIPE_WEBHOOK_SECRET", "whsec_1")
    database = open_database(database_url)
    with database.session() as session:
        make.main_account(
            session, company_name="Krögelin Hydraulik AG", name_key="hydraulik kroegelin", segment=Segment.A
        )
        complete_keys(session)
        disguised = {"company_name": "Kroegelin-Hydraulik UG", "name_key": "hydraulik kroegelin"}
        decide(make.customer(session, **disguised), ScreeningState.BLOCKED, "Mara Lead", session)
        decide(make.customer(session), ScreeningState.CLEAR, "Mara Lead", session)
        decide(make.customer(session), ScreeningState.CLEAR, "schlicht", session)
    with database.read_session() as session:
        before = session.exec(select(Screening)).all()

    found = run(shop, "--evaluate-decisions")

    assert (found["count"], found["auc"], found["recall"], found["false_alarms"]) == (2, 1.0, 1.0, 0.0)
    assert set(found["per_kind"]) == {"main_brand", "admitted"}
    with database.read_session() as session:
        assert session.exec(select(Screening)).all() == before
    database.close()


def decide(customer: Customer, decision: ScreeningState, by: str, session: Any) -> None:
    assert customer.id is not None
    values = {"outcome": ScreeningState.REVIEW, "decision": decision, "decided_by": by, "matches": []}
    make.saved(
        session,
        Screening(
            customer_id=customer.id,
            trigger="registration",
            screened_at=make.NOW,
            decided_at=make.NOW,
            **values,
        ),
    )


@pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here: no real companies were compared")
@pytest.mark.timeout(300)
def test_real_companies_are_found_as_well_as_promised(shop: typer.Typer) -> None:
    queries, gallery = DATA / "screening_queries_de.parquet", DATA / "companies_de.parquet"

    found = run(shop, "--evaluate", queries, "--gallery", gallery)
    pairs = run(shop, "--evaluate-pairs", DATA / "company_pairs_de.parquet")

    assert found["auc"] >= 0.98
    assert found["recall"] >= 0.97
    assert found["false_alarms"] <= 0.05
    assert found["related_stopped"] >= 0.8
    assert pairs["auc"] >= 0.9
