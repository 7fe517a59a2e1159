"""What following the coach would have brought: made-up years by hand, and the real wholesaler's."""

from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from app.cli.discovery_evaluation import read_goods
from app.core.errors import Invalid
from app.insights.baskets import LINES
from app.insights.coach_evaluation import Life, Outcome, Want, evaluate
from app.mainbrand.buying import DAYS
from app.ordering.rules.coach_terms import Closing
from app.ordering.rules.pricing import ChargeKind
from app.ordering.rules.promise import Calendar
from app.policy.rules.policy import Policy
from tests.architecture.tree import ROOT
from tests.insights.shopping import UNTIL, line, lines

DATA = ROOT.parent / "shared" / "data" / "online_retail_ii.parquet"
POLICY = Policy()


def two_years(*, steady: int = 4) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Steady customers that buy three seals for 30.00 every three weeks, and one that is large."""
    rows: list[dict[str, Any]] = [
        line(f"S{n}", f"S{n}-{ago}", "SEAL", count=3, cents=3_000, days_ago=ago)
        for n in range(steady)
        for ago in range(1, 731, 21)
    ]
    rows += [line("BIG", f"B{ago}", "PUMP", cents=900_000, days_ago=ago) for ago in (1, 400, 730)]
    frame = lines(*rows)
    days = frame.group_by("account_number", "day").agg(
        gross_cents=pl.col("net_cents").sum(),
        return_cents=pl.lit(0, pl.Int64),
        line_count=pl.len().cast(pl.Int64),
        quantity_milli=pl.col("quantity_milli").sum(),
    )
    return frame, days.select(*DAYS)


def test_steady_customers_that_follow_place_half_of_the_orders_and_pay_no_surcharge() -> None:
    found = evaluate(*two_years(), policy=POLICY)

    before, some, after = found.outcomes
    assert (found.customer_count, found.cut_on) == (4, UNTIL - timedelta(days=365))
    assert (before.order_count, before.charges) == (4 * 18, {ChargeKind.LOW_QUANTITY: 4 * 18 * 990})
    # Each second want of 30.00 is met from the shelf.
    assert (after.order_count, after.charges) == (4 * 9, {})
    assert before.order_count > some.order_count > after.order_count
    assert after.goods_cents - after.left_cents == before.goods_cents
    saved = 4 * 18 * 990 - after.held_cents(POLICY)
    assert found.saved_for_customers(after) == saved
    # 36 parcels, payments and orders less, without 36 × 2 surcharges and with the card fee on them.
    assert found.saved_for_shop(after) == 36 * (490 + 25 + 200) - 72 * 990 + 1_069


def test_the_same_seed_gives_the_same_and_another_lets_others_follow() -> None:
    years = two_years()

    first, again = (evaluate(*years, policy=POLICY, shares=(25,), seed=1) for _ in range(2))
    others = [evaluate(*years, policy=POLICY, shares=(25,), seed=seed).outcomes for seed in (2, 3, 4)]

    assert first == again
    assert any(one != first.outcomes for one in others)


def life(wants: list[Want], *, share: int = 100) -> Life:
    cut_on, until = date(2025, 1, 1), date(2026, 1, 1)
    closes_on = Closing(POLICY, Calendar(UTC, lambda _: False))
    one = Life("K1", POLICY, closes_on, Outcome(share), cut_on, until, 1)
    one.live(wants)
    return one


def test_what_comes_later_never_changes_what_was_ordered_before() -> None:
    wants = [Want(date(2024, 1, 1) + timedelta(days=21 * n), {1: 3}, {1: 1_000}) for n in range(34)]
    for known in (20, 25, 30):
        other = [Want(want.on + timedelta(days=1), {2: 50}, {2: 7_000}) for want in wants[known:]]

        as_it_was, changed = life(wants).orders, life([*wants[:known], *other]).orders

        until = wants[known].on
        assert [one for one in as_it_was if one.on < until] == [one for one in changed if one.on < until]
        assert as_it_was != changed


def test_who_follows_waits_for_the_end_of_the_window_and_loses_nothing() -> None:
    wants = [Want(date(2025, 3, 3), {1: 9}, {1: 1_000}), Want(date(2025, 3, 12), {1: 8}, {1: 1_000})]

    following, others = life(wants), life(wants, share=0)

    assert [one.on for one in others.orders] == [date(2025, 3, 3), date(2025, 3, 12)]
    assert [(one.on, dict(one.quantities)) for one in following.orders] == [
        (date(2025, 3, 3), {1: 9}),
        (date(2025, 3, 17), {1: 8}),
    ]


def test_a_file_of_one_year_cannot_be_evaluated() -> None:
    with pytest.raises(Invalid) as refused:
        evaluate(pl.DataFrame(schema=LINES), pl.DataFrame(schema=DAYS), policy=POLICY)

    assert refused.value.code == "evaluation.too_short"


@pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here: the coach was not evaluated")
def test_the_real_wholesalers_small_customers_pay_less_and_more_than_the_advice_costs_them(
    tmp_path: Path,
) -> None:
    part = tmp_path / "part.parquet"
    pl.read_parquet(DATA).filter(pl.col("customer_id").hash(seed=7) % 8 == 0).write_parquet(part)
    frame, days, _ = read_goods(part)

    found = evaluate(frame, days, policy=POLICY, shares=(0, 100))

    before, after = found.outcomes
    assert before.order_count > 400
    assert after.order_count <= before.order_count
    assert after.charges[ChargeKind.INTERIM_ORDER] < before.charges[ChargeKind.INTERIM_ORDER] / 4
    # Even if nothing that is left on the shelves were ever used.
    assert found.saved_for_customers(after) - after.left_cents > 0
