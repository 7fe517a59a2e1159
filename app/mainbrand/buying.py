"""What each account bought, as frames: purchase days from lines, and the facts of twelve months from days."""

from collections.abc import Iterable
from datetime import date, timedelta

import polars as pl

WINDOW_DAYS = 365

# One row for each account and day on which it bought or returned goods.
DAYS: dict[str, type[pl.DataType]] = {
    "account_number": pl.String,
    "day": pl.Date,
    "gross_cents": pl.Int64,
    "return_cents": pl.Int64,
    "line_count": pl.Int64,
    "quantity_milli": pl.Int64,
}


def days_of_lines(frames: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """The purchase days (columns DAYS) of checked purchase lines; what is no goods counts for nothing.

    All currencies are taken for one: a file that is evaluated is in one.
    """
    parts = [_days(frame.filter("is_goods")) for frame in frames]
    if not parts:
        return pl.DataFrame(schema=DAYS)
    together = pl.concat(parts).group_by("account_number", "day").agg(pl.col(pl.Int64).sum())
    return together.select(*DAYS).sort("account_number", "day")


def _days(lines: pl.DataFrame) -> pl.DataFrame:
    is_purchase = pl.col("net_cents") > 0
    return lines.group_by("account_number", day=pl.col("purchased_at").dt.date()).agg(
        gross_cents=pl.col("net_cents").filter(is_purchase).sum(),
        return_cents=-pl.col("net_cents").filter(pl.col("net_cents") < 0).sum(),
        line_count=is_purchase.sum().cast(pl.Int64),
        quantity_milli=pl.col("quantity_milli").filter(is_purchase).sum(),
    )


def facts_at(days: pl.DataFrame, cut_on: date) -> pl.DataFrame:
    """The facts of the twelve months before a day (not counting it), one row for each account that bought then.

    Columns: account_number, net_cents, gross_cents, return_cents, order_count (days with a purchase),
    month_count (of twelve equal months), recency_days, tenure_days (ages of the last and first purchase, the
    latter within the window), line_count, quantity_milli, before_cents (net of the year before).
    """
    aged = days.with_columns(age=(pl.lit(cut_on) - pl.col("day")).dt.total_days())
    aged = aged.filter((pl.col("age") > 0) & (pl.col("age") <= 2 * WINDOW_DAYS))
    is_now = pl.col("age") <= WINDOW_DAYS
    is_bought = is_now & (pl.col("gross_cents") > 0)
    net = pl.col("gross_cents") - pl.col("return_cents")
    facts = aged.group_by("account_number").agg(
        net_cents=net.filter(is_now).sum(),
        gross_cents=pl.col("gross_cents").filter(is_now).sum(),
        return_cents=pl.col("return_cents").filter(is_now).sum(),
        order_count=is_bought.sum().cast(pl.Int64),
        month_count=((pl.col("age") - 1) * 12 // WINDOW_DAYS).filter(is_bought).n_unique().cast(pl.Int64),
        recency_days=pl.col("age").filter(is_bought).min(),
        tenure_days=pl.col("age").filter(is_bought).max(),
        line_count=pl.col("line_count").filter(is_now).sum(),
        quantity_milli=pl.col("quantity_milli").filter(is_now).sum(),
        before_cents=net.filter(~is_now).sum(),
    )
    return facts.filter(pl.col("order_count") > 0).sort("account_number")


def bought_after(days: pl.DataFrame, cut_on: date, *, until: date | None = None) -> pl.DataFrame:
    """Per account the net cents of the twelve months that begin with a day, or up to another day, as `next_cents`."""
    until = until or cut_on + timedelta(days=WINDOW_DAYS)
    net = pl.col("gross_cents") - pl.col("return_cents")
    later = days.filter((pl.col("day") >= cut_on) & (pl.col("day") < until))
    return later.group_by("account_number").agg(next_cents=net.sum())
