"""What was bought together: baskets from purchase lines, with what came back taken out of them."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date

import polars as pl

# The columns that a frame of purchase lines needs here; goods only, one currency.
LINES: dict[str, type[pl.DataType]] = {
    "account_number": pl.String,
    "invoice_number": pl.String,
    "sku": pl.String,
    "description": pl.String,
    "quantity_milli": pl.Int64,
    "net_cents": pl.Int64,
    "day": pl.Date,
}


@dataclass(frozen=True, slots=True)
class Basket:
    """One invoice of one account: net cents and thousandths of the unit by SKU, and its age in days."""

    account_number: str
    age_days: int
    cents: dict[str, int]
    quantities: dict[str, int] = field(default_factory=dict)

    @property
    def value_cents(self) -> int:
        """What the whole basket was worth, net."""
        return sum(self.cents.values())


def goods_of(frame: pl.DataFrame) -> pl.DataFrame:
    """The goods (columns LINES) among checked purchase lines."""
    return frame.filter("is_goods").select(
        *(name for name in LINES if name != "day"), day=pl.col("purchased_at").dt.date()
    )


def without_returns(lines: pl.DataFrame) -> pl.DataFrame:
    """The purchases that were kept: each return is taken off the account's latest purchases of the article before it.

    A line that came back in part keeps its share of the value; a return without a purchase counts for nothing,
    and neither does what was given away.
    """
    bought = lines.filter((pl.col("quantity_milli") > 0) & (pl.col("net_cents") > 0)).with_row_index("row")
    returned = lines.filter(pl.col("quantity_milli") < 0)
    if returned.is_empty() or bought.is_empty():
        return bought.drop("row")
    keys = ["account_number", "sku"]
    touched = bought.join(returned.select(keys).unique(), on=keys, how="semi")
    left = _left(touched, returned)
    kept = pl.DataFrame(
        {"row": list(left), "left_milli": list(left.values())},
        schema={"row": bought.schema["row"], "left_milli": pl.Int64},
    )
    netted = bought.join(kept, on="row", how="left").with_columns(
        left_milli=pl.col("left_milli").fill_null(pl.col("quantity_milli"))
    )
    return netted.filter(pl.col("left_milli") > 0).select(
        *(name for name in LINES if name not in ("quantity_milli", "net_cents")),
        quantity_milli=pl.col("left_milli"),
        net_cents=pl.col("net_cents") * pl.col("left_milli") // pl.col("quantity_milli"),
    )


def _left(touched: pl.DataFrame, returned: pl.DataFrame) -> dict[int, int]:
    """By row of a purchase that something came back of: what is left of it."""
    stacks: dict[tuple[str, str], list[tuple[date, int]]] = defaultdict(list)
    left: dict[int, int] = {}
    columns = ("row", "account_number", "sku", "day", "quantity_milli")
    for row, account, sku, day, quantity in touched.sort("day", "row").select(columns).iter_rows():
        stacks[account, sku].append((day, row))
        left[row] = quantity
    for account, sku, day, quantity in returned.sort("day").select(*columns[1:]).iter_rows():
        missing = -quantity
        for bought_on, row in reversed(stacks[account, sku]):
            if bought_on > day:
                continue
            taken = min(missing, left[row])
            left[row] -= taken
            missing -= taken
            if not missing:
                break
    return left


def baskets_of(lines: pl.DataFrame, *, until: date) -> list[Basket]:
    """The baskets of kept purchases (see `without_returns`), in the order of account and invoice.

    Ages are counted to a day that no line reaches.
    """
    by_article = lines.group_by("account_number", "invoice_number", "sku").agg(
        pl.col("quantity_milli").sum(), pl.col("net_cents").sum(), pl.col("day").min()
    )
    by_invoice = (
        by_article.sort("sku")
        .group_by("account_number", "invoice_number")
        .agg("sku", "quantity_milli", "net_cents", pl.col("day").min())
        .sort("account_number", "invoice_number")
    )
    age = (pl.lit(until) - pl.col("day")).dt.total_days()
    return [
        Basket(
            account,
            age_days,
            dict(zip(skus, cents, strict=True)),
            dict(zip(skus, quantities, strict=True)),
        )
        for account, age_days, skus, cents, quantities in by_invoice.select(
            "account_number", age, "sku", "net_cents", "quantity_milli"
        ).iter_rows()
    ]


def of_accounts(lines: pl.DataFrame, accounts: Collection[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lines of the given accounts, and those of the others."""
    is_theirs = pl.col("account_number").is_in(list(accounts))
    return lines.filter(is_theirs), lines.filter(~is_theirs)


def holders(baskets: list[Basket]) -> dict[str, set[int]]:
    """By SKU the numbers of the baskets that hold it."""
    found: dict[str, set[int]] = defaultdict(set)
    for number, basket in enumerate(baskets):
        for sku in basket.cents:
            found[sku].add(number)
    return found


def iter_quantities(baskets: list[Basket], numbers: Collection[int], sku: str) -> Iterator[int]:
    """What some baskets hold of an article, in thousandths of its unit."""
    return (baskets[number].quantities[sku] for number in numbers)
