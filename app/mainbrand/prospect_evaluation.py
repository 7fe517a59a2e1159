"""Asking the growth prospect about companies that its models have not seen, beside revenue alone and the plain rule."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from app.core.errors import N_, Invalid
from app.mainbrand.buying import WINDOW_DAYS
from app.mainbrand.prospect_model import auc, can_teach, cross_validated, has_grown, make_example
from app.mainbrand.rules.prospect import Buying, plain_prospect

REPEATS = 3
BINS = 10


@dataclass(frozen=True)
class Quality:
    """How good a prospect is: ranking, mean distance from what came, and growers that would have been called C."""

    auc: float
    calibration_error: float
    growers_called_c: float


@dataclass(frozen=True)
class Bin:
    """A tenth of the companies by prospect: what was said on average, and what came."""

    company_count: int
    said: float
    came: float


@dataclass(frozen=True)
class Evaluation:
    """The result: companies with low revenue at `cut_on`, how many of them grew, and who foresaw it how well.

    `called_b_count` is how many the model calls B at the bound; revenue alone may call as many.
    """

    cut_on: date
    bound_cents: int
    customer_count: int
    base_rate: float
    prospect_bound: float
    called_b_count: int
    model: Quality
    baseline: Quality
    rule: Quality
    auc_by_repeat: tuple[float, ...]
    bins: tuple[Bin, ...]


def evaluate(days: pl.DataFrame, *, prospect_bound: float) -> Evaluation:
    """Cross-validates the prospect on the last whole year of a history as outcome and the year before as input.

    Low is below the top fifth of that year's revenues. Three times five folds: each company is asked about
    only by models that never saw it. Raises Invalid (`evaluation.too_short`, `evaluation.too_few`).
    """
    cut_on, until = last_whole_years(days)
    example = make_example(days, cut_on, bound_cents=None, until=until)
    if not can_teach([example]):
        raise Invalid(
            N_("Too few companies with low revenue, or too few of them that grew, to evaluate anything."),
            code="evaluation.too_few",
        )
    grown = has_grown(example).to_list()
    runs = [cross_validated(example, seed=seed) for seed in range(1, REPEATS + 1)]
    said = [sum(run[at][0] for run in runs) / REPEATS for at in range(len(grown))]
    by_revenue = [sum(run[at][1] for run in runs) / REPEATS for at in range(len(grown))]
    by_rule = [_plain(row, example.bound_cents) for row in example.frame.iter_rows(named=True)]
    called_b_count = sum(value >= prospect_bound for value in said)
    single = [auc([one for one, _ in run], grown) for run in runs]
    return Evaluation(
        cut_on=cut_on,
        bound_cents=example.bound_cents,
        customer_count=len(grown),
        base_rate=sum(grown) / len(grown),
        prospect_bound=prospect_bound,
        called_b_count=called_b_count,
        # The mean of three runs ranks a little better than any one of them; the shop has one model.
        model=_quality(said, grown, called_b_count, auc_value=sum(single) / REPEATS),
        baseline=_quality(by_revenue, grown, called_b_count),
        rule=_quality(by_rule, grown, called_b_count),
        auc_by_repeat=tuple(single),
        bins=_bins(said, grown),
    )


def last_whole_years(days: pl.DataFrame) -> tuple[date, date]:
    """The day that divides input from outcome, and the day with which the outcome is over.

    Whole years are counted from the history's first day; days that are left over at its end, fewer than a
    month, belong to the last year.
    """
    first_on, last_on = days["day"].min(), days["day"].max()
    if not isinstance(first_on, date) or not isinstance(last_on, date):
        raise Invalid(N_("There is no purchase of goods in this file."), code="evaluation.too_short")
    end = last_on.toordinal() + 1
    whole_years, left_over = divmod(end - first_on.toordinal(), WINDOW_DAYS)
    if whole_years < 2:
        message = N_("Two years of purchases are needed: one to look at, one to compare with.")
        raise Invalid(message, code="evaluation.too_short")
    cut = first_on.toordinal() + WINDOW_DAYS * (whole_years - 1)
    until = end if left_over < 31 else cut + WINDOW_DAYS
    return date.fromordinal(cut), date.fromordinal(until)


def _plain(row: dict[str, int], bound_cents: int) -> float:
    buying = Buying(*(row[name] for name in Buying.__dataclass_fields__))
    return plain_prospect(buying, bound_cents=bound_cents, listed_cents=None, headcount=None).value


def _quality(
    said: Sequence[float], grown: Sequence[bool], called_b_count: int, *, auc_value: float | None = None
) -> Quality:
    ranked = sorted(range(len(said)), key=lambda at: -said[at])
    growers_called_b = sum(grown[at] for at in ranked[:called_b_count])
    bins = _bins(said, grown)
    error = sum(one.company_count * abs(one.said - one.came) for one in bins) / len(said)
    return Quality(
        auc(said, grown) if auc_value is None else auc_value, error, 1 - growers_called_b / sum(grown)
    )


def _bins(said: Sequence[float], grown: Sequence[bool]) -> tuple[Bin, ...]:
    ranked = sorted(range(len(said)), key=lambda at: said[at])
    borders = [len(ranked) * step // BINS for step in range(BINS + 1)]
    tenths = [ranked[low:high] for low, high in itertools.pairwise(borders) if high > low]
    return tuple(
        Bin(len(one), sum(said[at] for at in one) / len(one), sum(grown[at] for at in one) / len(one))
        for one in tenths
    )
