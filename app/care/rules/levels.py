"""Which effort level comes next: one step up after new effort, and down as soon as the figures allow it."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.care.rules.cost_to_serve import YearFigures
from app.core.errors import N_, FieldError
from app.customers.rules.application import LegalForm
from app.customers.rules.effort_levels import EffortLevel
from app.customers.rules.reviewing import is_sole_trader
from app.policy.rules.policy import Policy

LADDER = (EffortLevel.NORMAL, EffortLevel.WARNED, EffortLevel.FEE, EffortLevel.REFUSED)
"""From nothing to the worst; each is told to the customer before the next one may follow."""

OVERRIDES = LADDER[:3]
"""What a person may put a customer on until a day; refusing is a step of its own."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Shares of the contribution in percent at which a level begins, how far below it ends, and the least cost."""

    warn_percent: int
    fee_percent: int
    refuse_percent: int
    fall_percent: int
    least_cost_cents: int

    def of(self, level: EffortLevel) -> int:
        """The percentage at which a level above normal begins."""
        return {
            EffortLevel.WARNED: self.warn_percent,
            EffortLevel.FEE: self.fee_percent,
            EffortLevel.REFUSED: self.refuse_percent,
        }[level]


def bounds_of(policy: Policy) -> Bounds:
    """The bounds as the policy has them."""
    return Bounds(
        warn_percent=policy.effort_warn_percent,
        fee_percent=policy.effort_fee_percent,
        refuse_percent=policy.effort_refuse_percent,
        fall_percent=policy.effort_fall_percent,
        least_cost_cents=policy.effort_least_cost_cents,
    )


def next_level(
    present: EffortLevel, figures: YearFigures, bounds: Bounds, *, has_new_effort: bool
) -> EffortLevel:
    """The level that follows from a year's figures (domain.md section 6).

    Up by one step only, and only where there was effort of the customer's own doing since the last step was told:
    nobody climbs twice for the same work, nor before a chance to do otherwise. Down to the highest level that the
    figures still hold: a level ends only `fall_percent` points below where it begins. Below the least cost all is
    normal.
    """
    above = following(present)
    if has_new_effort and above is not None and _begins(above, figures, bounds):
        return above
    at_most = LADDER[1 : LADDER.index(present) + 1]
    return next((level for level in reversed(at_most) if _holds(level, figures, bounds)), EffortLevel.NORMAL)


def following(level: EffortLevel) -> EffortLevel | None:
    """The next level up; None above the highest."""
    place = LADDER.index(level) + 1
    return LADDER[place] if place < len(LADDER) else None


def without_fall(bounds: Bounds) -> Bounds:
    """The bounds for figures that were too high by a mistake: a level ends right below where it begins."""
    return replace(bounds, fall_percent=0)


def is_up(old: EffortLevel, new: EffortLevel) -> bool:
    """Whether a change is for the worse."""
    return LADDER.index(new) > LADDER.index(old)


def needs_a_person(old: EffortLevel, new: EffortLevel, *, legal_form: str) -> bool:
    """Whether a step waits for a person: every refusal, and every step up of one natural person (Article 22 GDPR).

    Of a foreign or missing legal form nobody knows whether it is one. Steps down need nobody.
    """
    if not is_up(old, new):
        return False
    is_unknown = legal_form in ("", LegalForm.FOREIGN)
    return new is EffortLevel.REFUSED or is_unknown or is_sole_trader(legal_form)


def faults_of_override(
    level: str, ends_on: date | None, *, today: date, longest: timedelta
) -> list[FieldError]:
    """What is wrong with another level until a day; empty when all is well."""
    found = []
    if level not in OVERRIDES:
        found.append(FieldError("level", N_("Please choose one of the offered values.")))
    if ends_on is None or not today <= ends_on <= today + longest:
        message = N_("Please enter a day from today on, at most %(days)s days ahead.")
        found.append(FieldError("ends_on", message, {"days": longest.days}))
    return found


def falls_below_percent(level: EffortLevel, bounds: Bounds) -> int:
    """Below which share of the contribution a level ends; 0 where only less cost than the least ends it."""
    return max(0, bounds.of(level) - bounds.fall_percent) if level is not EffortLevel.NORMAL else 0


def _begins(level: EffortLevel, figures: YearFigures, bounds: Bounds) -> bool:
    return _counts(figures, bounds) and figures.reaches(bounds.of(level))


def _holds(level: EffortLevel, figures: YearFigures, bounds: Bounds) -> bool:
    return _counts(figures, bounds) and figures.reaches(falls_below_percent(level, bounds))


def _counts(figures: YearFigures, bounds: Bounds) -> bool:
    return figures.cost_cents >= max(1, bounds.least_cost_cents)
