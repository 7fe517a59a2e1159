"""Who may object to being kept outside, and what an objection and its answer must say."""

from enum import StrEnum

from app.core.errors import N_, FieldError
from app.customers.rules.admission import Admission

SHORTEST = 10
LONGEST = 2000


class Outcome(StrEnum):
    """How an objection ends: `upheld` was right, `dismissed` was not."""

    UPHELD = "upheld"
    DISMISSED = "dismissed"


OPEN_TO_OBJECTION = frozenset({Admission.MAIN_BRAND, Admission.SUSPENDED, Admission.REFUSED})
"""The answers of the gate that somebody decided, and that a person can look at again."""


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
