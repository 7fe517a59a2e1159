"""The staff's words for complaints, their answers and what goes back."""

from app.care.rules.complaints import ComplaintReason, ComplaintState
from app.care.rules.effort import EffortCause
from app.core.errors import N_
from app.payments.rules.states import RefundState
from app.web.admin.words import Word

STATES = {
    ComplaintState.OPEN: Word(N_("to answer"), "signal"),
    ComplaintState.DECIDED: Word(N_("answered"), "ok"),
}
REASONS = {
    ComplaintReason.DAMAGED: N_("Damaged"),
    ComplaintReason.MISSING: N_("Missing"),
    ComplaintReason.WRONG: N_("Wrong goods"),
    ComplaintReason.LATE: N_("Late"),
    ComplaintReason.DEFECTIVE: N_("Defective"),
    ComplaintReason.OTHER: N_("Other"),
}
FAULTS = {
    EffortCause.OURS: N_("Ours, or the carrier's: it does not count against the customer"),
    EffortCause.THEIRS: N_("Theirs: it counts as their effort"),
    EffortCause.UNDECIDED: N_("not decided yet"),
}
REFUNDS = {
    RefundState.ASKED: Word(N_("on its way to the card service"), "warn"),
    RefundState.DONE: Word(N_("paid back"), "ok"),
    RefundState.FAILED: Word(N_("failed"), "bad"),
}
