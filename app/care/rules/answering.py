"""How staff answer a complaint: fixed outcomes, fixed reasons, fixed questions, and whose fault it was."""

from collections.abc import Mapping
from enum import StrEnum

from app.care.rules.complaints import ComplaintOutcome, ComplaintReason
from app.care.rules.effort import EffortCause
from app.core.errors import N_, FieldError

LONGEST_NOTE = 200
"""A person adds one short sentence at most: the words are fixed, nothing is negotiated."""


class Rejection(StrEnum):
    """Why a complaint is rejected."""

    AS_ORDERED = "as_ordered"
    NO_DEFECT = "no_defect"
    NOT_OURS = "not_ours"
    COMPLETE = "complete"
    ON_TIME = "on_time"
    WRONG_USE = "wrong_use"
    NO_RETURNS = "no_returns"
    NO_ANSWER = "no_answer"


class Question(StrEnum):
    """What staff ask or tell while a complaint is open."""

    PHOTO = "photo"
    LABEL = "label"
    QUANTITY = "quantity"
    KEEP = "keep"
    CARRIER = "carrier"


DEFAULT_FAULT: dict[ComplaintReason, EffortCause] = {
    ComplaintReason.DAMAGED: EffortCause.OURS,
    ComplaintReason.MISSING: EffortCause.OURS,
    ComplaintReason.WRONG: EffortCause.OURS,
    ComplaintReason.LATE: EffortCause.OURS,
    ComplaintReason.DEFECTIVE: EffortCause.OURS,
    ComplaintReason.OTHER: EffortCause.THEIRS,
}
"""What the form proposes; a person decides."""
FAULTS = (EffortCause.OURS, EffortCause.THEIRS)
PAYING_BACK = frozenset({ComplaintOutcome.REFUND_LINES, ComplaintOutcome.REFUND_ORDER})
WITH_LINES = frozenset({ComplaintOutcome.REPLACEMENT, ComplaintOutcome.REFUND_LINES})


def faults_of_answer(
    outcome: ComplaintOutcome | None,
    *,
    rejection: str,
    fault: EffortCause | None,
    note: str,
    quantities: Mapping[int, int],
    complained: Mapping[int, int],
) -> list[FieldError]:
    """Each field of a decision that is wrong. `quantities` (by line id) are at most the `complained` ones."""
    found = []
    if outcome is None:
        found.append(FieldError("outcome", N_("Please choose how this ends.")))
    if fault not in FAULTS:
        found.append(FieldError("fault", N_("Please choose whose fault it was.")))
    if outcome is ComplaintOutcome.REJECTED and rejection not in set(Rejection):
        found.append(FieldError("rejection", N_("Please choose the reason.")))
    if len(note) > LONGEST_NOTE:
        sentence = N_("Please use at most %(max_length)s characters.")
        found.append(FieldError("note", sentence, {"max_length": LONGEST_NOTE}))
    if outcome in WITH_LINES:
        found += _faults_of_quantities(quantities, complained)
    return found


def _faults_of_quantities(quantities: Mapping[int, int], complained: Mapping[int, int]) -> list[FieldError]:
    if not quantities or not quantities.keys() <= complained.keys():
        return [FieldError("form", N_("Please enter a quantity for at least one line of the complaint."))]
    sentence = N_("Please enter a value from %(least)s to %(greatest)s.")
    return [
        FieldError(f"line_{line_id}", sentence, {"least": 1, "greatest": complained[line_id]})
        for line_id, quantity in quantities.items()
        if not 0 < quantity <= complained[line_id]
    ]
