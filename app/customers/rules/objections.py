"""Who may object to being kept outside or to the effort level, and what an objection and its answer must say."""

from enum import StrEnum

from app.core.errors import N_, FieldError
from app.customers.rules.admission import Admission
from app.customers.rules.effort_levels import EffortLevel

SHORTEST = 10
LONGEST = 2000


class Outcome(StrEnum):
    """How an objection ends: `upheld` was right, `dismissed` was not."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"


EFFORT = "effort"
"""What an objection is against where a company objects to its effort level; else it is the gate's answer."""

OPEN_TO_OBJECTION = frozenset({Admission.MAIN_BRAND, Admission.SUSPENDED, Admission.REFUSED})
"""The answers of the gate that somebody decided, and that a person can look at again."""


def against(admission: Admission, level: EffortLevel) -> str | None:
    """What a company can object to at this moment: its effort level, or the gate's answer; None for nothing.

    A company that is shut out for its effort objects to the effort.
    """
    is_open = admission is Admission.ADMITTED and level is not EffortLevel.NORMAL
    if is_open or (admission is Admission.SUSPENDED and level is EffortLevel.REFUSED):
        return EFFORT
    return admission.value if admission in OPEN_TO_OBJECTION else None


def fault_of_objection(text: str) -> FieldError | None:
    """What is wrong with the text of an objection, or None."""
    return _fault("text", text)


def faults_of_answer(outcome: str, answer: str) -> list[FieldError]:
    """Each field of an answer that is wrong; empty when all is well."""
    found = []
    if outcome not in set(Outcome):
        found.append(FieldError("outcome", N_("Please choose whether the company is right.")))
    fault = _fault("answer", answer)
    return [*found, fault] if fault else found


def _fault(field: str, text: str) -> FieldError | None:
    if SHORTEST <= len(text.strip()) <= LONGEST:
        return None
    message = N_("Please write %(least)s to %(greatest)s characters.")
    return FieldError(field, message, {"least": SHORTEST, "greatest": LONGEST})
