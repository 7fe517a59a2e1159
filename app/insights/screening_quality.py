"""How well screening finds: figures from what it answered to applications whose truth is known."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

RENAMED = "rename"
"""Applications under a wholly new name: apart from the address nothing in them tells of the main account."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What screening said to one application. `truth` is `match`, `no_match` or `related`.

    `strength` is that of the best match, 0 to 1; `is_stopped` whether it went to a person or was blocked;
    `is_found` whether the right main account was among those shown; `has_same_house` whether it is at the
    same house number of the same street.
    """

    truth: str
    kind: str
    strength: float
    is_stopped: bool
    is_found: bool
    has_same_house: bool
    milliseconds: float


@dataclass(frozen=True, slots=True)
class Quality:
    """`auc`: match against no match. `recall`: share of matches that keep name or address which were stopped.

    `recall_found`: of these, with the right account among the shown ones. `false_alarms`: share of unrelated
    applicants that were stopped; `related_stopped`: of companies of the same group.
    """

    auc: float | None
    recall: float | None
    recall_found: float | None
    recall_renamed: float | None
    false_alarms: float | None
    related_stopped: float | None
    median_ms: float
    p99_ms: float
    per_kind: dict[str, dict[str, float | int | str]]
    count: int


def quality(answers: Sequence[Answer]) -> Quality:
    """The figures over all answers; None for one that no answer speaks of."""
    matches = [answer for answer in answers if answer.truth == "match"]
    strangers = [answer for answer in answers if answer.truth == "no_match"]
    keeping = [answer for answer in matches if answer.kind != RENAMED or answer.has_same_house]
    times = [answer.milliseconds for answer in answers]
    return Quality(
        auc=area([answer.strength for answer in matches], [answer.strength for answer in strangers]),
        recall=_share(keeping, lambda answer: answer.is_stopped),
        recall_found=_share(keeping, lambda answer: answer.is_stopped and answer.is_found),
        recall_renamed=_share((one for one in matches if one.kind == RENAMED), lambda one: one.is_stopped),
        false_alarms=_share(strangers, lambda answer: answer.is_stopped),
        related_stopped=_share(
            (one for one in answers if one.truth == "related"), lambda one: one.is_stopped
        ),
        median_ms=round(median(times), 2) if times else 0.0,
        p99_ms=round(quantiles(times, n=100)[98], 2) if len(times) > 1 else 0.0,
        per_kind=_per_kind(answers),
        count=len(answers),
    )


def area(positives: Sequence[float], negatives: Sequence[float]) -> float | None:
    """The area under the ROC curve: how often a positive is above a negative, ties counting half."""
    if not positives or not negatives:
        return None
    ranked = sorted([(value, 1) for value in positives] + [(value, 0) for value in negatives])
    ranks, at = 0.0, 0
    while at < len(ranked):
        end = at
        while end < len(ranked) and ranked[end][0] == ranked[at][0]:
            end += 1
        ranks += (at + end + 1) / 2 * sum(is_positive for _, is_positive in ranked[at:end])
        at = end
    wins = ranks - len(positives) * (len(positives) + 1) / 2
    return round(wins / (len(positives) * len(negatives)), 4)


def _per_kind(answers: Sequence[Answer]) -> dict[str, dict[str, float | int | str]]:
    kinds: dict[str, list[Answer]] = {}
    for answer in answers:
        kinds.setdefault(answer.kind, []).append(answer)
    return {
        kind: {
            "expect": of_kind[0].truth,
            "count": len(of_kind),
            "stopped": _share(of_kind, lambda answer: answer.is_stopped) or 0.0,
            "found": _share(of_kind, lambda answer: answer.is_found) or 0.0,
        }
        for kind, of_kind in sorted(kinds.items())
    }


def _share(answers: Iterable[Answer], holds: Callable[[Answer], bool]) -> float | None:
    outcomes = [holds(answer) for answer in answers]
    return round(sum(outcomes) / len(outcomes), 4) if outcomes else None
