"""How a person decides a case: what can be done with it, the standard reasons, and what a decision must say."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.core.errors import N_, FieldError
from app.customers.rules.application import LegalForm


class Act(StrEnum):
    """What a person can do with a case; the first three are named as the state that they lead to."""

    ADMIT = "clear"
    REFUSE = "refused"
    BLOCK = "blocked"
    SAME = "same"
    PROOF = "proof"


STANDARD_REASONS: dict[Act, dict[str, str]] = {
    Act.ADMIT: {
        "other_company": N_("Another company: only name, place or domain are alike."),
        "called": N_("Telephoned: a small business of its own."),
        "papers_fit": N_("The papers show a company of its own."),
    },
    Act.SAME: {
        "same_company": N_("The same company under another name, spelling or address."),
        "same_numbers": N_("Its register entry or VAT id is the same."),
        "branch": N_("A branch or site of it."),
    },
    Act.PROOF: {
        "register_extract": N_("a current extract from the commercial register"),
        "vat_certificate": N_("a confirmation of your VAT id by the tax office"),
        "trade_licence": N_("your trade licence or its registration"),
    },
    Act.REFUSE: {
        "no_business": N_("Not a business that we sell to."),
        "no_papers": N_("The proof that was asked for did not come."),
        "false_data": N_("The data are wrong on purpose."),
    },
    Act.BLOCK: {
        "group": N_("Belongs to a group that the main brand serves."),
        "served": N_("The main brand serves it already."),
    },
}
"""For each act its reasons by code; those of a proof say what is asked for."""

NATURAL_PERSONS = frozenset({LegalForm.SOLE_TRADER, LegalForm.FREELANCER, LegalForm.SOLE_MERCHANT})
OWN_WORDS = 15
LONGEST_LOOK = timedelta(minutes=30)
FEWEST_MEASURED = 5


@dataclass(frozen=True)
class Why:
    """A reason as it was given: the code of a standard reason, own words, or both."""

    words: str = ""
    code: str = ""

    def sentence(self, act: Act) -> str:
        """The own words, or else the standard reason's sentence, in English."""
        return self.words.strip() or STANDARD_REASONS[act].get(self.code, "")


@dataclass(frozen=True)
class Wait:
    """How long a decision usually takes: hours measured, or else the working days that the policy promises."""

    hours: int | None
    days: int


def is_sole_trader(legal_form: str) -> bool:
    """Whether the applicant is one natural person, about whom no machine decides alone (Art. 22 GDPR)."""
    return legal_form in NATURAL_PERSONS


def faults_of(act: Act, why: Why, *, legal_form: str) -> list[FieldError]:
    """What is missing in the reason for an act; empty when all is well.

    Every act needs a reason. Refusing a sole trader needs one in a person's own words.
    """
    if why.code and why.code not in STANDARD_REASONS[act]:
        return [FieldError("reason", N_("Please choose one of the offered reasons, or write your own."))]
    if act is Act.PROOF and not why.code:
        return [FieldError("reason_proof", N_("Please choose what the company should send."))]
    if act is Act.REFUSE and is_sole_trader(legal_form) and len(why.words.strip()) < OWN_WORDS:
        message = N_(
            "A sole trader is refused only for a reason that a person states: please write it in at least"
            " %(count)s characters."
        )
        return [FieldError("reason", message, {"count": OWN_WORDS})]
    if not why.sentence(act):
        return [FieldError("reason", N_("Please say why: the reason is kept with the decision."))]
    return []


def is_waiting_for_proof(
    *, asked_at: datetime | None, arrived_at: datetime | None, due_at: datetime | None, now: datetime
) -> bool:
    """Whether a case rests until the company answers: asked, not arrived, and the time is not over."""
    return asked_at is not None and arrived_at is None and due_at is not None and due_at > now


def seconds_at_work(*, opened_at: datetime, now: datetime) -> int | None:
    """How long a case was looked at before it was decided; None where somebody was away (over 30 minutes)."""
    seconds = (now - opened_at).total_seconds()
    return int(seconds) if 0 <= seconds <= LONGEST_LOOK.total_seconds() else None


def median_seconds(seconds: Sequence[int]) -> int | None:
    """The median, in whole seconds; None of nothing."""
    return round(statistics.median(seconds)) if seconds else None


def usual_wait(waited: Sequence[timedelta], *, policy_days: int) -> Wait:
    """How long applicants usually wait: the median in hours (at least 1) where five were measured, else the policy."""
    if len(waited) < FEWEST_MEASURED:
        return Wait(None, policy_days)
    hours = statistics.median(one.total_seconds() for one in waited) / 3600
    return Wait(max(1, round(hours)), policy_days)
