"""The trained growth prospect: the only module that knows scikit-learn and scipy, imported when it is used."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from app.mainbrand.buying import WINDOW_DAYS, bought_after, facts_at
from app.mainbrand.rules.prospect import GROWTH_FACTOR, LEAST_SHARE

# What a fitted model is: plain numbers, kept as JSON and read by `score` alone.
Parameters = dict[str, Any]

FORMAT = 1
SHRINKING_ORDERS = 0.5
MONTHS_AHEAD = 12.0
TARGETS = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8)
"""Multiples of the growth target that the model learns to tell apart: each company teaches eight times."""

REGULARISATION = 0.001
RESAMPLES = 24
FOLDS = 5
SEED = 7
LEAST_COMPANIES = 300
LEAST_GROWERS = 40
LEAST_WITH_FACT = 50
MOST_INDUSTRIES = 12


@dataclass(frozen=True)
class Example:
    """Companies with low revenue at one day of the past, and what they bought in the twelve months after it.

    `frame` has the columns of `facts_at`, next_cents, and headcount and industry where they are known.
    `buyers` are the facts of all who bought, low or not: who comes back how often is learned from all.
    """

    frame: pl.DataFrame
    buyers: pl.DataFrame
    bound_cents: int


def make_example(
    days: pl.DataFrame, cut_on: date, *, bound_cents: int | None, until: date | None = None
) -> Example:
    """What a day of the past teaches; without a bound, that of the top fifth by revenue is taken.

    The outcome is that of twelve months, or up to `until`.
    """
    buyers = facts_at(days, cut_on)
    if bound_cents is None:
        bound_cents = max(1, round(buyers["net_cents"].quantile(0.8, interpolation="linear") or 1))
    low = buyers.filter(pl.col("net_cents") < bound_cents)
    low = low.join(bought_after(days, cut_on, until=until), on="account_number", how="left").with_columns(
        pl.col("next_cents").fill_null(0)
    )
    return Example(with_target(low, bound_cents), buyers, bound_cents)


def with_target(facts: pl.DataFrame, bound_cents: int) -> pl.DataFrame:
    """Facts with the column target_cents (see `growth_target_cents`, whose rule this is for whole frames)."""
    own = pl.max_horizontal(pl.col("net_cents") * GROWTH_FACTOR, pl.lit(bound_cents * LEAST_SHARE))
    target = pl.min_horizontal(own, pl.lit(float(bound_cents))).clip(1.0)
    return facts.with_columns(target_cents=target)


def has_grown(example: Example) -> pl.Series:
    """For each company of an example whether it reached its target."""
    return example.frame.select(pl.col("next_cents") >= pl.col("target_cents")).to_series()


def can_teach(examples: Sequence[Example]) -> bool:
    """Whether there are enough companies, and enough that grew, for a model to be worth more than the rule.

    The newest example stands first; it alone must have half of the companies and growers that are needed.
    """
    sizes = [(example.frame.height, int(has_grown(example).sum())) for example in examples]
    companies, growers = sum(one for one, _ in sizes), sum(one for _, one in sizes)
    return (
        companies >= LEAST_COMPANIES
        and growers >= LEAST_GROWERS
        and sizes[0][0] >= LEAST_COMPANIES // 2
        and LEAST_GROWERS // 2 <= sizes[0][1] <= sizes[0][0] - LEAST_GROWERS // 2
    )


def fit(examples: Sequence[Example], *, is_with_interval: bool) -> Parameters:
    """Learns from examples; the interval needs 24 further fits on resampled companies. Same input, same result."""
    with _one_thread():
        return _fit(examples, is_with_interval=is_with_interval)


def _fit(examples: Sequence[Example], *, is_with_interval: bool) -> Parameters:
    import numpy as np

    facts = _known_facts(examples)
    main = _fit_once(examples, facts)
    main["calibration"] = _calibration(examples, facts)
    others: list[Parameters] = []
    if is_with_interval:
        random = np.random.default_rng(SEED)
        names = sorted({name for one in examples for name in one.frame["account_number"].to_list()})
        for _ in range(RESAMPLES):
            drawn = pl.DataFrame({"account_number": random.choice(names, len(names))})
            resampled = [
                Example(
                    drawn.join(one.frame, on="account_number", how="inner"),
                    drawn.join(one.buyers, on="account_number", how="inner"),
                    one.bound_cents,
                )
                for one in examples
            ]
            if can_teach(resampled):
                others.append({**_fit_once(resampled, facts), "calibration": main["calibration"]})
    return {"format": FORMAT, "facts": facts, "main": main, "resampled": others}


def score(parameters: Parameters, facts: pl.DataFrame, *, bound_cents: int) -> pl.DataFrame:
    """For each row the prospect, its bounds (5th and 95th of a hundred resamplings) and the expected spend.

    Columns: prospect, low, high (0 to 1), expected_cents. `facts` has the columns of `facts_at`, and
    headcount and industry where the model knows them.
    """
    import numpy as np

    facts = with_target(facts, bound_cents)
    names: dict[str, Any] = parameters["facts"]
    main = _score_once(parameters["main"], facts, names, bound_cents)
    expected = np.exp(_expected_log(parameters["main"], facts))
    if parameters["resampled"]:
        drawn = np.array([_score_once(one, facts, names, bound_cents) for one in parameters["resampled"]])
        low, high = np.quantile(drawn, (0.05, 0.95), axis=0)
        # The interval is that of the parameters, around the one fit that is used.
        middle = np.median(drawn, axis=0)
        low, high = main - np.maximum(middle - low, 0.005), main + np.maximum(high - middle, 0.005)
    else:
        low, high = main, main
    return pl.DataFrame(
        {
            "prospect": main,
            "low": np.clip(low, 0, 1),
            "high": np.clip(high, 0, 1),
            "expected_cents": np.round(np.nan_to_num(expected)).astype(np.int64),
        }
    )


def cross_validated(example: Example, *, seed: int) -> list[tuple[float, float]]:
    """For each company of an example (prospect, prospect by revenue alone) from models that have not seen it."""
    import numpy as np

    grown = has_grown(example).to_numpy()
    found = np.zeros((len(grown), 2))
    for taught, asked in _folds(grown, seed):
        seen = _only(example, taught)
        frame = example.frame[asked.tolist()]
        found[asked, 0] = score(fit([seen], is_with_interval=False), frame, bound_cents=example.bound_cents)[
            "prospect"
        ].to_numpy()
        revenue = _log_share(example.frame["net_cents"].to_numpy(), example.bound_cents)
        found[asked, 1] = _logistic(revenue[taught][:, None], grown[taught], 1.0)(revenue[asked][:, None])
    return [(float(one), float(other)) for one, other in found]


def auc(values: Sequence[float], grown: Sequence[bool]) -> float:
    """The area under the receiver operating characteristic: how often a grower ranks before another."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score(list(grown), list(values)))


def expected_orders(parameters: Sequence[float], repeats: Any, last: Any, age: Any, ahead: float) -> Any:
    """The BG/NBD model's expected purchases in the time ahead (Fader, Hardie and Lee 2005, equation 10).

    `repeats` are purchases after the first, `last` and `age` the times from the first purchase to the last
    one and to now, all in one unit; numpy arrays in and out.
    """
    import numpy as np
    from scipy.special import hyp2f1

    r, alpha, a, b = parameters
    if abs(a - 1) < 1e-6:
        a += 1e-5
    z = ahead / (alpha + age + ahead)
    falling = ((alpha + age) / (alpha + age + ahead)) ** (r + repeats)
    series = hyp2f1(r + repeats, b + repeats, a + b + repeats - 1, z)
    bought = (a + b + repeats - 1) / (a - 1) * (1 - falling * series)
    gone = a / (b + np.maximum(repeats, 1) - 1) * ((alpha + age) / (alpha + last)) ** (r + repeats)
    return np.nan_to_num(bought / (1 + np.where(repeats > 0, gone, 0)), nan=0.001, posinf=365.0)


def fit_orders(repeats: Any, last: Any, age: Any) -> list[float]:
    """The four parameters (r, alpha, a, b) of BG/NBD by maximum likelihood, slightly held back."""
    import numpy as np
    from scipy.optimize import minimize
    from scipy.special import gammaln

    def cost(logs: Any) -> float:
        r, alpha, a, b = np.exp(np.clip(logs, -8, 8))
        first = gammaln(r + repeats) - gammaln(r) + r * np.log(alpha)
        second = gammaln(a + b) + gammaln(b + repeats) - gammaln(b) - gammaln(a + b + repeats)
        alive = -(r + repeats) * np.log(alpha + age)
        gone = np.where(
            repeats > 0,
            np.log(a) - np.log(b + np.maximum(repeats, 1) - 1) - (r + repeats) * np.log(alpha + last),
            -np.inf,
        )
        held = 0.001 * float((np.asarray(logs)[[0, 2, 3]] ** 2).sum())
        return float(-(first + second + np.logaddexp(alive, gone)).mean()) + held

    found = minimize(cost, np.log([0.6, 3.0, 0.3, 2.0]), method="L-BFGS-B")
    return [float(value) for value in np.exp(np.clip(found.x, -8, 8))]


def _rhythm(facts: pl.DataFrame) -> tuple[Any, Any, Any]:
    """Repeat purchases, time from the first to the last, and to now; in months of thirty days."""
    import numpy as np

    repeats = facts["order_count"].to_numpy() - 1.0
    age = facts["tenure_days"].to_numpy() / 30.0
    last = (facts["tenure_days"] - facts["recency_days"]).to_numpy() / 30.0
    return repeats, np.minimum(last, age), age


def _expected_log(fitted: Parameters, facts: pl.DataFrame) -> Any:
    """The logarithm of the spend that is expected in the next twelve months, in cents."""
    import numpy as np

    orders = facts["order_count"].to_numpy().astype(float)
    basket = np.log(np.maximum(facts["gross_cents"].to_numpy() / orders, 100.0))
    weight = orders / (orders + SHRINKING_ORDERS)
    expected = expected_orders(fitted["orders"], *_rhythm(facts), MONTHS_AHEAD)
    return np.log(np.maximum(expected, 1e-3)) + weight * basket + (1 - weight) * fitted["basket_log"]


def _log_share(cents: Any, bound_cents: int) -> Any:
    import numpy as np

    return np.log1p(np.maximum(cents, 0) / bound_cents * 100)


def _features(fitted: Parameters, facts: pl.DataFrame, names: Parameters, bound_cents: int) -> Any:
    """One row per company: what it is expected to spend, spent and buys, then what the customer file says."""
    import numpy as np

    lines = np.maximum(facts["line_count"].to_numpy(), 1)
    units = np.maximum(facts["quantity_milli"].to_numpy() / 1000, 0.001)
    columns = [
        _expected_log(fitted, facts) - np.log(bound_cents),
        _log_share(facts["net_cents"].to_numpy(), bound_cents),
        np.log1p(units / lines),
        np.log(facts["gross_cents"].to_numpy() / 100 / units + 0.01),
    ]
    if names["headcount_log"] is not None:
        known = facts["headcount"].cast(pl.Float64)
        columns.append(np.log1p(known.fill_null(0).to_numpy()))
        columns[-1] = np.where(known.is_null().to_numpy(), names["headcount_log"], columns[-1])
    columns += [
        (facts["industry"] == name).fill_null(False).to_numpy().astype(float) for name in names["industries"]
    ]
    return np.column_stack(columns)


def _one_thread() -> AbstractContextManager[object]:
    """Keeps the linear algebra to one thread: the matrices are small, and other work shares the machine."""
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(limits=1)
    return limits


def _known_facts(examples: Sequence[Example]) -> Parameters:
    """Which facts of the customer file are known of enough companies to be learned from."""
    import numpy as np

    facts: Parameters = {"headcount_log": None, "industries": []}
    if not all("headcount" in one.frame.columns for one in examples):
        return facts
    together = pl.concat([one.frame.select("headcount", "industry") for one in examples])
    headcounts = together["headcount"].drop_nulls()
    if headcounts.len() >= LEAST_WITH_FACT:
        facts["headcount_log"] = float(np.log1p(headcounts.to_numpy()).mean())
    counts = together.filter(pl.col("industry").is_not_null() & (pl.col("industry") != ""))
    sums = counts.group_by("industry").len().sort(["len", "industry"], descending=[True, False])
    often = sums.filter(pl.col("len") >= LEAST_WITH_FACT)["industry"].to_list()
    facts["industries"] = often[:MOST_INDUSTRIES]
    return facts


def _fit_once(examples: Sequence[Example], facts: Parameters) -> Parameters:
    import numpy as np

    buyers = pl.concat([one.buyers for one in examples])
    orders = np.maximum(buyers["order_count"].to_numpy(), 1)
    fitted: Parameters = {
        "orders": fit_orders(*_rhythm(buyers)),
        "basket_log": float(np.log(np.maximum(buyers["gross_cents"].to_numpy() / orders, 100.0)).mean()),
    }
    rows, reached = [], []
    for one in examples:
        features = _features(fitted, one.frame, facts, one.bound_cents)
        target, later = one.frame["target_cents"].to_numpy(), one.frame["next_cents"].to_numpy()
        for multiple in TARGETS:
            rows.append(np.column_stack([features, np.log(target * multiple / one.bound_cents)]))
            reached.append(later >= target * multiple)
    fitted.update(_standardised_logistic(np.vstack(rows), np.concatenate(reached)))
    return fitted


def _standardised_logistic(rows: Any, reached: Any) -> Parameters:
    from sklearn.linear_model import LogisticRegression

    mean, scale = rows.mean(axis=0), rows.std(axis=0)
    scale = scale + (scale < 1e-9)
    learned = LogisticRegression(C=REGULARISATION, max_iter=2000).fit((rows - mean) / scale, reached)
    return {
        "mean": [float(value) for value in mean],
        "scale": [float(value) for value in scale],
        "weights": [float(value) for value in learned.coef_[0]],
        "intercept": float(learned.intercept_[0]),
    }


def _raw(fitted: Parameters, facts: pl.DataFrame, names: Parameters, bound_cents: int) -> Any:
    """The log-odds of each company before they are calibrated."""
    import numpy as np

    target = np.log(facts["target_cents"].to_numpy() / bound_cents)
    rows = np.column_stack([_features(fitted, facts, names, bound_cents), target])
    standard = (rows - np.array(fitted["mean"])) / np.array(fitted["scale"])
    return standard @ np.array(fitted["weights"]) + fitted["intercept"]


def _score_once(fitted: Parameters, facts: pl.DataFrame, names: Parameters, bound_cents: int) -> Any:
    import numpy as np

    slope, shift = fitted["calibration"]
    return 1 / (1 + np.exp(-np.clip(slope * _raw(fitted, facts, names, bound_cents) + shift, -30, 30)))


def _calibration(examples: Sequence[Example], facts: Parameters) -> list[float]:
    """Slope and shift that make the log-odds of companies not seen come true (Platt scaling on inner folds)."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    latest = examples[0]
    grown = has_grown(latest).to_numpy()
    raw = np.zeros(len(grown))
    for taught, asked in _folds(grown, SEED):
        names = set(latest.frame["account_number"][taught.tolist()].to_list())
        seen = [_of(one, names) for one in examples]
        fitted = _fit_once(seen, facts)
        raw[asked] = _raw(fitted, latest.frame[asked.tolist()], facts, latest.bound_cents)
    learned = LogisticRegression(C=1.0).fit(raw[:, None], grown)
    return [float(learned.coef_[0][0]), float(learned.intercept_[0])]


def _folds(grown: Any, seed: int) -> list[tuple[Any, Any]]:
    import numpy as np
    from sklearn.model_selection import StratifiedKFold

    places = np.zeros((len(grown), 1))
    return list(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(places, grown))


def _only(example: Example, places: Any) -> Example:
    """The example as somebody sees it who knows only the companies at these places."""
    hidden = set(example.frame["account_number"].to_list())
    seen = set(example.frame["account_number"][places.tolist()].to_list())
    # Companies above the bound teach how often anybody comes back; nobody is asked about them.
    buyers = example.buyers.filter(
        ~pl.col("account_number").is_in(list(hidden)) | pl.col("account_number").is_in(list(seen))
    )
    return Example(example.frame[places.tolist()], buyers, example.bound_cents)


def _of(example: Example, names: set[str]) -> Example:
    is_of = pl.col("account_number").is_in(list(names))
    return Example(example.frame.filter(is_of), example.buyers, example.bound_cents)


def _logistic(rows: Any, reached: Any, strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression

    learned = LogisticRegression(C=strength).fit(rows, reached)
    return lambda asked: learned.predict_proba(asked)[:, 1]


def cuts_of(first_on: date, last_on: date, *, step_days: int = 91, most: int = 4) -> list[date]:
    """Days of the past with a whole year before and after them, newest first; none where history is shorter."""
    newest = last_on.toordinal() + 1 - WINDOW_DAYS
    oldest = first_on.toordinal() + WINDOW_DAYS
    days = range(newest, oldest - 1, -step_days) if newest >= oldest else range(0)
    return [date.fromordinal(day) for day in days[:most]]
