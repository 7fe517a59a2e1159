"""The growth prospect of every account, by the model or the plain rule, and what would change it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from app.mainbrand.buying import facts_at
from app.mainbrand.prospect_model import Parameters, score
from app.mainbrand.queries_buying import Rateable
from app.mainbrand.rules.prospect import Buying, Method, Prospect, judged, plain_prospect

MOST_ORDERS = 6
MOST_MONTHS = 9
DAYS_IN_MONTH = 30


@dataclass(frozen=True, slots=True)
class Forecast:
    """One account's prospect before sales' judgement, and the facts behind it (None: nothing bought in the year).

    `more_orders` further orders of its usual size would bring the prospect to the bound, `quiet_months`
    without an order would take it below; None where neither does within reason.
    """

    prospect: Prospect
    facts: dict[str, Any] | None = None
    more_orders: int | None = None
    quiet_months: int | None = None
    expected_cents: int | None = None


def forecasts_of(
    days: pl.DataFrame,
    accounts: Sequence[Rateable],
    *,
    buyers: Collection[str],
    cut_on: date | None,
    parameters: Parameters | None,
    bound_cents: int,
    prospect_bound: float,
    judgement_factor_percent: int,
) -> dict[str, Forecast]:
    """A forecast for each account by its number; whoever bought nothing in twelve months gets the plain rule.

    `buyers` ever bought something: the revenue that the list names for them counts for nothing.
    """
    by_number = {account.account_number: account for account in accounts}
    found: dict[str, Forecast] = {}
    if cut_on is not None and days.height:
        facts = _with_file(facts_at(days, cut_on), by_number)
        ask: Callable[[pl.DataFrame], list[Prospect]] = _asker(parameters, bound_cents)
        prospects = ask(facts)
        expected = _expected(parameters, facts, bound_cents)
        numbers = facts["account_number"].to_list()

        def values_of(changed: pl.DataFrame) -> list[float]:
            return [
                judged(
                    prospect, by_number[number].sales_judgement, factor_percent=judgement_factor_percent
                ).value
                for number, prospect in zip(numbers, ask(changed), strict=True)
            ]

        more = _first_step(
            MOST_ORDERS, lambda n: [v >= prospect_bound for v in values_of(_ordered(facts, n))]
        )
        quiet = _first_step(MOST_MONTHS, lambda n: [v < prospect_bound for v in values_of(_rested(facts, n))])
        for at, row in enumerate(facts.iter_rows(named=True)):
            found[numbers[at]] = Forecast(prospects[at], row, more[at], quiet[at], expected[at])
    for number, account in by_number.items():
        if number not in found:
            listed_cents = account.revenue_12m_cents if number not in buyers else None
            found[number] = Forecast(
                plain_prospect(
                    Buying(), bound_cents=bound_cents, listed_cents=listed_cents, headcount=account.headcount
                )
            )
    return found


def _with_file(facts: pl.DataFrame, by_number: dict[str, Rateable]) -> pl.DataFrame:
    numbers = facts["account_number"].to_list()
    return facts.with_columns(
        headcount=pl.Series([by_number[number].headcount for number in numbers], dtype=pl.Int64),
        industry=pl.Series([by_number[number].industry for number in numbers], dtype=pl.String),
    )


def _asker(parameters: Parameters | None, bound_cents: int) -> Callable[[pl.DataFrame], list[Prospect]]:
    if parameters is None:
        return lambda facts: [_plain(row, bound_cents) for row in facts.iter_rows(named=True)]

    def ask(facts: pl.DataFrame) -> list[Prospect]:
        scored = score(parameters, facts, bound_cents=bound_cents)
        return [
            Prospect(value, low, high, Method.MODEL)
            for value, low, high in scored.select("prospect", "low", "high").iter_rows()
        ]

    return ask


def _plain(row: dict[str, Any], bound_cents: int) -> Prospect:
    buying = Buying(*(row[name] for name in Buying.__dataclass_fields__))
    return plain_prospect(buying, bound_cents=bound_cents, listed_cents=None, headcount=row["headcount"])


def _expected(parameters: Parameters | None, facts: pl.DataFrame, bound_cents: int) -> list[int | None]:
    if parameters is None:
        return [None] * facts.height
    single = {**parameters, "resampled": []}
    return score(single, facts, bound_cents=bound_cents)["expected_cents"].to_list()


def _ordered(facts: pl.DataFrame, count: int) -> pl.DataFrame:
    """The facts as they would be after some more orders of the usual size, the last of them yesterday."""
    more = pl.lit(count) / pl.col("order_count")

    def grown(name: str) -> pl.Expr:
        return (pl.col(name) * (1 + more)).round(0).cast(pl.Int64)

    return facts.with_columns(
        net_cents=(pl.col("net_cents") + pl.col("gross_cents") * more).round(0).cast(pl.Int64),
        gross_cents=grown("gross_cents"),
        line_count=grown("line_count"),
        quantity_milli=grown("quantity_milli"),
        order_count=pl.col("order_count") + count,
        recency_days=pl.lit(1, pl.Int64),
    )


def _rested(facts: pl.DataFrame, months: int) -> pl.DataFrame:
    """The facts as they would be after some months without an order (what leaves the window is left in)."""
    more = months * DAYS_IN_MONTH
    return facts.with_columns(
        recency_days=pl.col("recency_days") + more, tenure_days=pl.col("tenure_days") + more
    )


def _first_step(most: int, is_there: Callable[[int], list[bool]]) -> list[int | None]:
    """For each account the first of the steps 1 to `most` at which it is there."""
    first: list[int | None] = []
    for step in range(1, most + 1):
        there = is_there(step)
        first = first or [None] * len(there)
        first = [
            step if known is None and is_now else known for known, is_now in zip(first, there, strict=True)
        ]
    return first
