"""The growth model: BG/NBD against its paper, and a model that learns and is the same twice."""

import json
import math
import random
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from app.cli.rate_evaluation import read_purchase_days
from app.core.errors import Invalid
from app.mainbrand.buying import DAYS, facts_at
from app.mainbrand.prospect_evaluation import evaluate
from app.mainbrand.prospect_model import (
    can_teach,
    cross_validated,
    cuts_of,
    expected_orders,
    fit,
    fit_orders,
    has_grown,
    make_example,
    score,
)

FIRST_ON = date(2023, 1, 1)
ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT.parent / "shared" / "data" / "online_retail_ii.parquet"


def history(count: int, *, days: int = 730, seed: int = 3) -> pl.DataFrame:
    """Purchase days of made-up companies: each has its own rhythm and basket, and some come to like it."""
    chance = random.Random(seed)
    rows = []
    for number in range(count):
        gap, basket = chance.lognormvariate(4.0, 0.7), chance.lognormvariate(10.0, 0.8)
        growth = chance.choice((0.4, 1.0, 1.0, 2.5))
        at = chance.uniform(0, 300)
        while at < days:
            size = basket * (growth if at > days / 2 else 1) * chance.lognormvariate(0, 0.4)
            rows.append((f"K{number:05d}", FIRST_ON + timedelta(days=int(at)), int(size), 0, 3, 9_000))
            at += chance.expovariate(1 / gap)
    frame = pl.DataFrame(rows, schema=DAYS, orient="row")
    return frame.group_by("account_number", "day").agg(pl.col(pl.Int64).sum()).sort("account_number", "day")


def test_the_expected_purchases_are_those_of_the_paper() -> None:
    # Fader, Hardie and Lee (2005): CDNOW, x = 2, t_x = 30.43, T = 38.86, 39 weeks ahead: 1.226.
    found = expected_orders(
        (0.243, 4.414, 0.793, 2.426), np.array([2.0]), np.array([30.43]), np.array([38.86]), 39.0
    )

    assert round(float(found[0]), 3) == 1.226


def test_the_parameters_of_a_simulated_crowd_are_found_again() -> None:
    chance = np.random.default_rng(1)
    repeats, last, age = [], [], np.full(3000, 24.0)
    for _ in range(3000):
        rate, leave = chance.gamma(0.8, 1 / 2.0), chance.beta(0.7, 2.5)
        at, count, newest = 0.0, 0, 0.0
        while True:
            at += chance.exponential(1 / rate)
            if at > 24.0:
                break
            count, newest = count + 1, at
            if chance.random() < leave:
                break
        repeats.append(float(count))
        last.append(newest)

    r, alpha, a, b = fit_orders(np.array(repeats), np.array(last), age)

    assert math.isclose(r, 0.8, rel_tol=0.15)
    assert math.isclose(alpha, 2.0, rel_tol=0.2)
    assert math.isclose(a / (a + b), 0.7 / 3.2, rel_tol=0.2)


def test_facts_count_only_the_twelve_months_before_the_day() -> None:
    cut_on = date(2024, 1, 1)
    days = pl.DataFrame(
        [
            ("A", cut_on, 999, 0, 1, 1000),
            ("A", cut_on - timedelta(days=1), 500, 20, 2, 4000),
            ("A", cut_on - timedelta(days=365), 300, 0, 1, 1000),
            ("A", cut_on - timedelta(days=366), 70, 0, 1, 1000),
            ("B", cut_on - timedelta(days=10), 0, 40, 0, 0),
        ],
        schema=DAYS,
        orient="row",
    )

    (facts,) = facts_at(days, cut_on).to_dicts()

    assert facts == {
        "account_number": "A",
        "net_cents": 780,
        "gross_cents": 800,
        "return_cents": 20,
        "order_count": 2,
        "month_count": 2,
        "recency_days": 1,
        "tenure_days": 365,
        "line_count": 3,
        "quantity_milli": 5000,
        "before_cents": 70,
    }


def test_a_model_is_plain_json_and_learning_again_gives_the_same() -> None:
    example = make_example(history(400), date(2024, 1, 1), bound_cents=None)

    one, other = fit([example], is_with_interval=True), fit([example], is_with_interval=True)

    assert one == other
    stored = json.loads(json.dumps(one))
    scored = score(stored, example.frame, bound_cents=example.bound_cents)
    assert scored.equals(score(one, example.frame, bound_cents=example.bound_cents))
    assert scored.select((pl.col("low") <= pl.col("prospect")).all()).item()
    assert scored.select((pl.col("prospect") <= pl.col("high")).all()).item()
    assert scored.select(pl.col("high").max()).item() <= 1


def test_the_future_of_a_company_does_not_reach_its_own_prospect() -> None:
    days, cut_on = history(400), date(2024, 1, 1)
    example = make_example(days, cut_on, bound_cents=None)
    fallen = example.frame["account_number"][5]
    changed = days.with_columns(
        gross_cents=pl.when((pl.col("account_number") == fallen) & (pl.col("day") >= cut_on))
        .then(pl.col("gross_cents") * 1000)
        .otherwise(pl.col("gross_cents"))
    )
    again = make_example(changed, cut_on, bound_cents=example.bound_cents)

    assert has_grown(again)[5]
    before, after = cross_validated(example, seed=1), cross_validated(again, seed=1)
    # The folds are drawn anew when an outcome changes; the company's own is never among what it was asked by.
    assert abs(before[5][0] - after[5][0]) < 0.05


def test_a_short_history_or_a_small_crowd_teaches_nothing() -> None:
    assert cuts_of(date(2024, 1, 1), date(2025, 12, 29)) == []
    assert cuts_of(date(2024, 1, 1), date(2025, 12, 30)) == [date(2024, 12, 31)]
    assert not can_teach([])
    assert not can_teach([make_example(history(120), date(2024, 1, 1), bound_cents=None)])


def test_headcount_is_learned_from_where_enough_companies_have_one() -> None:
    example = make_example(history(500), date(2024, 1, 1), bound_cents=None)
    grown = has_grown(example)
    staffed = example.frame.with_columns(
        headcount=pl.when(grown).then(200).otherwise(5).cast(pl.Int64), industry=pl.lit("Metallbau")
    )
    taught = fit([type(example)(staffed, example.buyers, example.bound_cents)], is_with_interval=False)

    small, large = (
        score(
            taught, staffed.with_columns(headcount=pl.lit(count, pl.Int64)), bound_cents=example.bound_cents
        )
        for count in (5, 200)
    )

    assert taught["facts"]["industries"] == ["Metallbau"]
    assert (large["prospect"] > small["prospect"]).all()


def test_an_evaluation_needs_two_years_and_some_who_grew() -> None:
    with pytest.raises(Invalid) as short:
        evaluate(history(400, days=600), prospect_bound=0.15)
    with pytest.raises(Invalid) as few:
        evaluate(history(50, days=780), prospect_bound=0.15)

    assert (short.value.code, few.value.code) == ("evaluation.too_short", "evaluation.too_few")


@pytest.mark.skipif(not DATA.exists(), reason="../shared/data is not here: the prospect was not evaluated")
def test_on_a_real_wholesaler_the_prospect_beats_revenue_alone() -> None:
    days, _ = read_purchase_days(DATA)

    found = evaluate(days, prospect_bound=0.15)

    assert found.customer_count == 2725
    assert found.model.auc > 0.71
    assert found.model.auc > found.baseline.auc + 0.04
    assert found.model.calibration_error < 0.025
    assert found.model.growers_called_c < found.baseline.growers_called_c


def test_the_web_process_does_not_load_the_statistics_libraries() -> None:
    code = (
        "import sys, app.main, app.web.app, app.worker; app.web.app.routers();"
        "print(sorted({'sklearn', 'scipy', 'numpy'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)

    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr
