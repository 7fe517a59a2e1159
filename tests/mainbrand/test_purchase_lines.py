"""Each line of a purchases file becomes exact values, or is named with its column and reason."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from app.mainbrand.files import open_table
from app.mainbrand.purchase_lines import LineReader, Terms, end_of_tomorrow
from app.mainbrand.rejects import Reject
from app.mainbrand.rules.columns import PURCHASE_COLUMNS
from tests.make_xlsx import write_xlsx

TITLES = "invoice;stock_code;quantity;invoice_ts;unit_price;customer_id"
GOOD = {
    "invoice": "R1",
    "stock_code": "ET-1001",
    "quantity": "3",
    "invoice_ts": "2026-02-03 10:15:00",
    "unit_price": "4.90",
    "customer_id": "4711",
}


def read(path: Path, *, now: datetime | None = None) -> tuple[pl.DataFrame, list[Reject]]:
    with open_table(path, PURCHASE_COLUMNS) as table:
        before_at = end_of_tomorrow(now, "Europe/Berlin") if now else None
        reader = LineReader(table, Terms("EUR", "Europe/Berlin", 2027, before_at))
        parts = [reader.read(batch) for batch in table.batches]
    return pl.concat(good for good, _ in parts), [reject for _, rejects in parts for reject in rejects]


def read_line(
    folder: Path, *, now: datetime | None = None, **changed: str
) -> tuple[pl.DataFrame, list[Reject]]:
    path = folder / "a.csv"
    values = GOOD | changed
    path.write_text(";".join(values) + "\n" + ";".join(values.values()) + "\n")
    return read(path, now=now)


@pytest.mark.parametrize(
    "quantity, price, quantity_milli, net_cents",
    [
        ("3", "4.90", 3_000, 1_470),
        ("-3", "4,90", -3_000, -1_470),
        ("1", "0.005", 1_000, 1),
        ("-1", "0.005", -1_000, -1),
        ("1", "0.0049", 1_000, 0),
        ("0,5", "1.234,56", 500, 61_728),
        ("12", "1,234.56 €", 12_000, 1_481_472),
        ("80995", "2.08", 80_995_000, 16_846_960),
        ("1", "0", 1_000, 0),
        ("1.0E2", "1", 100_000, 10_000),
    ],
)
def test_amounts_are_exact_to_the_cent_and_halves_round_away_from_zero(
    tmp_path: Path, quantity: str, price: str, quantity_milli: int, net_cents: int
) -> None:
    good, rejects = read_line(tmp_path, quantity=quantity, unit_price=price)

    assert rejects == []
    assert good.select("quantity_milli", "net_cents").rows() == [(quantity_milli, net_cents)]


@pytest.mark.parametrize(
    "text, in_utc",
    [
        ("2026-02-03 10:15:00", "2026-02-03 09:15"),
        ("2026-07-03 10:15", "2026-07-03 08:15"),
        ("03.02.2026 10:15", "2026-02-03 09:15"),
        ("03.02.2026", "2026-02-02 23:00"),
        ("2026-02-03", "2026-02-02 23:00"),
        ("2026-02-03T10:15:00Z", "2026-02-03 10:15"),
        ("2026-02-03T10:15:00+05:00", "2026-02-03 05:15"),
        ("46056.5", "2026-02-03 11:00"),
        ("2026-03-29 02:30", "2026-03-29 01:30"),
    ],
)
def test_dates_are_read_in_the_shops_time_zone_and_kept_in_utc(
    tmp_path: Path, text: str, in_utc: str
) -> None:
    good, rejects = read_line(tmp_path, invoice_ts=text)

    assert rejects == []
    assert good["purchased_at"].dt.to_string("%Y-%m-%d %H:%M").to_list() == [in_utc]


@pytest.mark.parametrize(
    "column, value, reason",
    [
        ("customer_id", "", "is missing: nobody can be rated by this line"),
        ("customer_id", "9" * 65, "is longer than 64 characters"),
        ("invoice", "", "is missing"),
        ("stock_code", "", "is missing"),
        ("quantity", "", "is missing"),
        ("quantity", "three", "is no number"),
        ("quantity", "0", "is zero"),
        (
            "quantity",
            "1.234",
            "can be read in two ways: write thousands without a separator, or one decimal more",
        ),
        ("quantity", "99999999", "is larger than 10000000"),
        ("unit_price", "-1", "is negative: a return has a negative quantity instead"),
        ("unit_price", "nan", "is no number"),
        ("unit_price", "1e99", "is larger than 10000000"),
        ("invoice_ts", "", "is missing"),
        (
            "invoice_ts",
            "12/31/2025",
            "does not say whether the day or the month comes first: choose it, or write 2026-01-31",
        ),
        ("invoice_ts", "31.02.2026", "is no date like 2026-01-31, 2026-01-31 14:05 or 31.01.2026"),
        ("invoice_ts", "1026-01-01", "is not between 1990 and 2027"),
        ("line_kind", "unknown", "is neither product nor non_product"),
        ("is_cancellation", "perhaps", "is neither true nor false"),
        ("currency", "€", "is no currency code like EUR"),
    ],
)
def test_a_wrong_value_is_named_with_its_column_and_reason(
    tmp_path: Path, column: str, value: str, reason: str
) -> None:
    good, rejects = read_line(tmp_path, **{column: value})

    assert good.height == 0
    assert [(r.line, r.column, r.value, r.reason) for r in rejects] == [(2, column, value, reason)]


def test_a_cancellation_with_a_positive_quantity_is_refused(tmp_path: Path) -> None:
    _, rejects = read_line(tmp_path, is_cancellation="true")

    assert [(r.column, r.reason) for r in rejects] == [
        ("quantity", "is positive although the line is a cancellation")
    ]


def test_postage_is_no_goods(tmp_path: Path) -> None:
    good, _ = read_line(tmp_path, line_kind="non_product")

    assert good["is_goods"].to_list() == [False]


def test_equal_lines_of_one_file_are_two_lines_and_have_the_same_keys_next_time(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    line = "R1;ET-1001;3;2026-02-03;4.90;4711\n"
    path.write_text(TITLES + "\n" + line + line)

    first, second = read(path)[0], read(path)[0]

    assert first["import_key"].n_unique() == 2
    assert first["import_key"].to_list() == second["import_key"].to_list()


def test_csv_xlsx_and_parquet_give_the_same_keys(tmp_path: Path) -> None:
    titles = TITLES.split(";")
    (tmp_path / "a.csv").write_text(TITLES + "\nR1;ET-1001;3;2026-02-03 10:15:00;1.2340;4711\n")
    write_xlsx(tmp_path / "a.xlsx", [titles, ["R1", "ET-1001", 3, 46056.427083333336, 1.234, 4711]])
    row = ("R1", "ET-1001", 3, "2026-02-03 10:15", 1.234, 4711)
    frame = pl.DataFrame([row], schema=titles, orient="row")
    frame.with_columns(pl.col("invoice_ts").str.to_datetime()).write_parquet(tmp_path / "a.parquet")

    keys = {read(tmp_path / name)[0]["import_key"][0] for name in ("a.csv", "a.xlsx", "a.parquet")}

    assert len(keys) == 1


def test_a_refused_line_keeps_its_cells_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "customer_id;colour;invoice;stock_code;quantity;invoice_ts;unit_price\n;red;R1;A;1;2026-01-01;2\n"
    )

    _, (reject,) = read(path)

    assert reject.cells == ("", "", "R1", "A", "1", "2026-01-01", "2")


@pytest.mark.parametrize(
    ("moment", "is_taken"),
    [
        ("2026-03-30 23:59:59", True),
        ("30.03.2026", True),
        ("2026-03-30T21:59:59Z", True),
        ("2026-03-31 00:00:00", False),
        ("2026-03-30T22:00:00Z", False),
        ("2027-03-02", False),
    ],
)
def test_nothing_was_bought_after_tomorrow_by_the_shop_s_clock(
    tmp_path: Path, moment: str, is_taken: bool
) -> None:
    # Two hours after the clocks were put forward in Berlin.
    now = datetime(2026, 3, 29, 3, tzinfo=UTC)

    good, rejects = read_line(tmp_path, now=now, invoice_ts=moment)

    assert good.height == int(is_taken)
    assert [(reject.column, reject.reason) for reject in rejects] == (
        [] if is_taken else [("invoice_ts", "is after tomorrow: nothing can have been bought then")]
    )
