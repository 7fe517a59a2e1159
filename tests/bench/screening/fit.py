"""Fitting the likeness: a logistic regression whose weights keep their sign, and the bias that spares strangers."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from scipy.optimize import minimize

from app.cli.screen_evaluation import QUERY_COLUMNS, applicant_of, filled_database, read_frame, read_gallery
from app.customers.queries_candidates import find_candidates
from app.customers.rules.comparison import Comparison
from app.customers.rules.likeness import together

WEIGHT_OF_RELATED = 0.3
"""Companies of a group are to go to a person too, but must not teach that an equal name is not needed."""

PENALTY = 1.0
FALSE_ALARMS = 0.04
"""The share of unrelated applicants of the split that may go to a person at the score 50."""

REVIEWED = 0.495
AGAINST = frozenset({"unlike", "other_town", "far_code", "other_street", "other_number", "crowd"})
"""Features that may only count against a match; all others only for it."""

Numbers = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Example:
    """One applicant beside one candidate: features, what an equal name adds, and the truth."""

    query: int
    truth: str
    is_pair: bool
    features: dict[str, float]
    same_name: float


@dataclass(frozen=True)
class Fitted:
    """Weights by feature, and the bias."""

    weights: dict[str, float]
    bias: float


def examples_of(queries: Path, gallery: Path, *, split: str) -> list[Example]:
    """Every applicant of the split beside every candidate that the shop finds for it."""
    rows = read_frame(queries, QUERY_COLUMNS).filter(pl.col("split") == split)
    examples = []
    with filled_database(read_gallery(gallery)) as session:
        for at, row in enumerate(rows.iter_rows(named=True)):
            applicant = applicant_of(row)
            found = find_candidates(session, [applicant])
            comparison = Comparison(applicant, found.rarity)
            for candidate in found.candidates[0]:
                values, same_name = comparison.features(candidate)
                is_pair = candidate.account_number == row["gallery_number"]
                examples.append(Example(at, row["expect"], is_pair, values, same_name))
    return examples


def fit(examples: list[Example]) -> Fitted:
    """The weights that tell pairs from others best, and the bias at which FALSE_ALARMS is kept."""
    names = list(examples[0].features)
    values: Numbers = np.array([[one.features[name] for name in names] for one in examples])
    is_pair: Numbers = np.array(
        [1.0 if one.is_pair and one.truth != "no_match" else -1.0 for one in examples]
    )
    importance: Numbers = np.array([WEIGHT_OF_RELATED if one.truth == "related" else 1.0 for one in examples])

    def loss(given: Numbers) -> tuple[float, Numbers]:
        weights, bias = given[:-1], given[-1]
        margin = is_pair * (values @ weights + bias)
        slope = -is_pair * importance / (1 + np.exp(np.clip(margin, -40, 40)))
        total = float((importance * np.logaddexp(0, -margin)).sum() + PENALTY * (weights**2).sum() / 2)
        return total, np.append(values.T @ slope + PENALTY * weights, slope.sum())

    bounds = [(None, 0.0) if name in AGAINST else (0.0, None) for name in names]
    found = minimize(
        loss,
        np.zeros(len(names) + 1),
        jac=True,
        method="L-BFGS-B",
        bounds=[*bounds, (None, None)],
        options={"maxiter": 1000},
    )
    weights = {name: round(float(weight), 2) for name, weight in zip(names, found.x[:-1], strict=True)}
    logits = values @ np.array(list(weights.values()))
    return Fitted(weights, _bias(examples, logits))


def _bias(examples: list[Example], logits: Numbers) -> float:
    """The greatest bias, in steps of 0.05, at which no more than FALSE_ALARMS of the strangers are reviewed."""
    strangers = {one.query for one in examples if one.truth == "no_match"}
    for bias in np.arange(2.0, -10.0, -0.05):
        stopped = {
            one.query
            for one, logit in zip(examples, logits, strict=True)
            if one.truth == "no_match"
            and together(1 / (1 + float(np.exp(-(logit + bias)))), one.same_name) >= REVIEWED
        }
        if len(stopped) <= FALSE_ALARMS * len(strangers):
            return round(float(bias), 2)
    raise ValueError("no bias keeps the strangers out: are the labels right?")


def written(fitted: Fitted) -> str:
    """The fitted weights as the module that the shop ships."""
    lines = [f'    "{name}": {weight:.2f},' for name, weight in fitted.weights.items()]
    head = '"""The weights of the likeness, as `python -m tests.bench.screening.fit_weights` prints them."""'
    return "\n".join([head, "", "WEIGHTS = {", *lines, "}", f"BIAS = {fitted.bias:.2f}", ""])
