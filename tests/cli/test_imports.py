"""`shop import-accounts`, `shop import-purchases` and `shop rate` as an operator types them."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"
PURCHASES, COMPANIES = DATA / "online_retail_ii.parquet", DATA / "companies_de.parquet"
Shop = Callable[..., subprocess.CompletedProcess[str]]
PEAK_MEMORY = """
import resource, runpy, sys
sys.argv = ["shop", *sys.argv[1:]]
try:
    runpy.run_module("app", run_name="__main__")
finally:
    print("PEAK", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


@pytest.fixture
def shop(database_url: str, tmp_path: Path) -> Shop:
    environment = {
        **os.environ,
        "SHOP_DATABASE_URL": database_url,
        "SHOP_SECRET_KEY": "test-" * 10,
        "SHOP_STRIPE_API_KEY": "sk_test_" + "0" * 24,
        "SHOP_STRIPE_WEBHOOK_SECRET": "whsec_" + "0" * 32,
    }

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", PEAK_MEMORY, *map(str, words)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)

    return run


def peak_bytes(done: subprocess.CompletedProcess[str]) -> int:
    """The most memory a command held; Linux counts in kilobytes, macOS in bytes."""
    peak = int(done.stderr.rpartition("PEAK ")[2])
    return peak if sys.platform == "darwin" else peak * 1024


def test_a_list_with_a_wrong_line_is_taken_and_the_line_named(shop: Shop, tmp_path: Path) -> None:
    source, rejects = tmp_path / "list.csv", tmp_path / "rejects.csv"
    source.write_text("Kundennummer;Firma;Segment;Farbe\n1;Ahrenborn;B;rot\n2;Birkeck;Z;blau\n")

    done = shop("import-accounts", source, "--rejects", rejects, "--json")

    said = json.loads(done.stdout)
    assert done.returncode == 0
    assert (said["new"], said["rejected"], said["unread_columns"]) == (1, 1, ["Farbe"])
    assert said["first_rejects"] == [
        {"line": 3, "column": "segment", "value": "Z", "reason": "is neither A, B nor C"}
    ]
    assert rejects.read_text("utf-8-sig").splitlines()[1] == "2;Birkeck;Z;;3;segment;is neither A, B nor C"


def test_a_list_of_blocks_is_tried_taken_and_taken_back(shop: Shop, tmp_path: Path) -> None:
    source, rejects = tmp_path / "blocks.csv", tmp_path / "rejects.csv"
    source.write_text(
        "SKU;Name Deutsch;Name Englisch;Art;Einheit;Stückkosten;Hauptmarkenpreis;Vorlaufzeit;USt\n"
        "A;Dichtung;Seal;Ersatzteil;Stk;1,80;4,90;3;19\nB;Dichtung;Seal;Ersatzteil;Fuder;1,80;4,90;3;19\n"
    )

    tried = json.loads(shop("import-blocks", source, "--dry-run", "--json").stdout)
    taken = json.loads(shop("import-blocks", source, "--rejects", rejects, "--json").stdout)
    again = json.loads(shop("import-blocks", source, "--json").stdout)
    undone = json.loads(shop("undo-import", "--json").stdout)

    assert [said["new"] for said in (tried, taken, again)] == [1, 1, 0]
    assert (tried["dry_run"], again["unchanged"], again["rejected"]) == (True, 1, 1)
    assert (
        rejects.read_text("utf-8-sig")
        .splitlines()[1]
        .endswith(";3;unit;is no unit that the shop knows, such as C62, KGM, Stk or kg")
    )
    assert (undone["removed"], undone["restored"]) == (1, 0)


def test_a_file_without_the_needed_columns_is_refused_in_one_sentence(shop: Shop, tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_text("Farbe;Firma\nrot;Ahrenborn\n")

    done = shop("import-accounts", source)

    assert done.returncode == 1
    assert "lacks these columns: account_number" in done.stderr
    assert "Traceback" not in done.stderr


def test_rating_prints_counts_and_sums(shop: Shop, tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_text("Rechnung;Artikel;Menge;Datum;Preis;Kunden-Nr.\nR1;A;1;2026-01-31;50000;7\n")

    imported, rated = shop("import-purchases", source), shop("rate", "--json")

    assert "1 new, 0 unchanged, 0 rejected" in imported.stdout
    said = json.loads(rated.stdout)
    assert said["segments"]["A"] == {"accounts": 1, "revenue_12m_cents": 5_000_000}
    assert said["movers"] == [
        {
            "account": "7",
            "from": "unrated",
            "to": "A",
            "revenue_12m_cents": 5_000_000,
            "why": "revenue 50,000.00 in 12 months, reaches the A threshold of 50,000.00",
        }
    ]


def test_an_evaluation_needs_no_settings_and_names_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    source = tmp_path / "short.csv"
    source.write_text("Rechnung;Artikel;Menge;Datum;Preis;Kunden-Nr.\nR1;A;1;2026-01-31;50000;7\n")
    bare = {name: value for name, value in os.environ.items() if not name.startswith("SHOP_")}
    root = Path(__file__).resolve().parents[2]

    done = subprocess.run(
        [sys.executable, "-m", "app", "rate", "--evaluate", str(source), "--json"],
        env={**bare, "PYTHONPATH": str(root)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 1
    assert "Two years of purchases are needed" in done.stderr
    assert list(tmp_path.iterdir()) == [source]


def test_the_last_import_is_undone_by_a_command_and_then_there_is_none(shop: Shop, tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_text("Kundennummer;Firma;Umsatz\n1;Ahrenborn;1.234\n")
    imported = shop("import-accounts", source, "--numbers", "german", "--json")

    undone, again = shop("undo-import", "--json"), shop("undo-import")

    assert json.loads(imported.stdout)["new"] == 1
    assert json.loads(undone.stdout) == {"import": 1, "removed": 1, "restored": 0, "unlinked": 0}
    assert (again.returncode, again.stderr.splitlines()[0]) == (1, "No import has changed anything.")
    assert json.loads(shop("import-accounts", source, "--numbers", "german", "--json").stdout)["new"] == 1


@pytest.mark.soak
@pytest.mark.skipif(
    not PURCHASES.exists(), reason="../shared/data is not here: no real purchases were imported"
)
def test_two_years_of_a_wholesaler_come_in_within_a_minute_and_a_gigabyte(shop: Shop) -> None:
    started = time.monotonic()
    first = shop("import-purchases", PURCHASES, "--json")
    seconds = time.monotonic() - started

    said, again = json.loads(first.stdout), json.loads(shop("import-purchases", PURCHASES, "--json").stdout)
    assert (said["new"], said["unchanged"], said["rejected"]) == (646_781, 0, 11_744)
    assert said["rejects_by_reason"] == [
        {"column": "customer_id", "reason": "is missing: nobody can be rated by this line", "count": 11_744}
    ]
    assert (again["new"], again["unchanged"]) == (0, 646_781)
    assert seconds < 60
    assert peak_bytes(first) < 1024**3


@pytest.mark.soak
@pytest.mark.skipif(
    not COMPANIES.exists(), reason="../shared/data is not here: no real companies were imported"
)
def test_ninety_thousand_companies_come_in_within_a_minute(shop: Shop, tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    pl.read_parquet(COMPANIES).select(
        pl.int_range(1, pl.len() + 1).alias("account_number"),
        pl.col("name").alias("company_name"),
        "legal_form",
        pl.col("company_number").str.extract(r"_([A-Za-z]+\d+)").alias("register_number"),
        pl.col("court").alias("register_court"),
        "street",
        pl.col("postcode").alias("postal_code"),
        "city",
        pl.lit("C").alias("segment"),
    ).write_csv(source, separator=";")
    started = time.monotonic()

    first = shop("import-accounts", source, "--json")

    assert time.monotonic() - started < 60
    assert json.loads(first.stdout)["new"] == 90_000
    assert json.loads(shop("import-accounts", source, "--json").stdout)["unchanged"] == 90_000
