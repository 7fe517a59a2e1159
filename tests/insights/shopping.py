"""Builders of purchase lines as frames."""

from datetime import date, timedelta
from typing import Any

import polars as pl

from app.insights.baskets import LINES

UNTIL = date(2026, 1, 1)


def line(
    account: str, invoice: str, sku: str, *, count: float = 1, cents: int = 100, days_ago: int = 30
) -> dict[str, Any]:
    """A line of `count` units for `cents` in all; a negative count is a return."""
    return {
        "account_number": account,
        "invoice_number": invoice,
        "sku": sku,
        "description": f"name of {sku}",
        "quantity_milli": round(count * 1000),
        "net_cents": cents if count > 0 else -cents,
        "day": UNTIL - timedelta(days=days_ago),
    }


def lines(*rows: dict[str, Any]) -> pl.DataFrame:
    """Lines as a frame."""
    return pl.DataFrame(list(rows), schema=LINES)
