"""`shop coach --evaluate` on a small made-up file; it needs no shop."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.cli.coach import coach
from app.core.errors import Invalid


@pytest.fixture
def purchases(tmp_path: Path) -> Path:
    """Two years as CSV: nine small customers buy three seals every three weeks, three a dear pump."""
    rows = ["invoice,stock_code,description,quantity,invoice_ts,unit_price,customer_id"]
    for back in range(1, 731):
        day = date(2026, 1, 1) - timedelta(days=back)
        if back % 21 == 1:
            rows += [f"S{n}-{back},SEAL,,3,{day},10,K{n}" for n in range(9)]
        if back in (1, 400, 730):
            rows += [f"P{n}-{back},PUMP,,1,{day},9000,BIG{n}" for n in range(3)]
    file = tmp_path / "purchases.csv"
    file.write_text("\n".join(rows))
    return file


def test_it_prints_orders_lines_and_surcharges_before_and_after(
    purchases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    coach(purchases, seed=1, is_json=True)

    found = json.loads(capsys.readouterr().out)
    before, some, after = found["outcomes"]
    assert [one["followed_percent"] for one in found["outcomes"]] == [0, 25, 100]
    assert (found["customers"], before["orders"], before["lines"]) == (9, 9 * 18, 9 * 18)
    assert before["charges"] == {"low_quantity": 9 * 18 * 990}
    assert (after["orders"], after["charges_cents"]) == (9 * 9, 0)
    assert 0 < some["customers_save_cents"] < after["customers_save_cents"]

    coach(purchases, seed=1, is_json=False)

    words = capsys.readouterr().out
    assert "9 customers with low revenue" in words
    assert "surcharges and fees                                 1,603.80" in words


def test_a_file_that_is_too_short_is_refused_with_a_sentence(tmp_path: Path) -> None:
    short = tmp_path / "short.csv"
    short.write_text(
        "invoice,stock_code,quantity,invoice_ts,unit_price,customer_id\nR1,A,1,2025-01-01,2,K1\n"
    )

    with pytest.raises(Invalid, match="Two years of purchases are needed"):
        coach(short, seed=1, is_json=True)
