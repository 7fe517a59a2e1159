"""The words for effort: levels, kinds, causes."""

from app.care.rules.effort import EffortCause, EffortKind
from app.core.errors import N_
from app.customers.rules.effort_levels import EffortLevel
from app.web.admin.words import Word

LEVELS = {
    EffortLevel.NORMAL: Word(N_("normal"), "ok"),
    EffortLevel.WARNED: Word(N_("warned"), "warn"),
    EffortLevel.FEE: Word(N_("effort fee"), "warn"),
    EffortLevel.REFUSED: Word(N_("refused for effort"), "bad"),
}
KINDS = {
    EffortKind.COMPLAINT: N_("Complaint"),
    EffortKind.MANUAL_CHANGE: N_("Change by hand"),
    EffortKind.PHONE_HELP: N_("Help on the phone"),
    EffortKind.FAILED_DELIVERY: N_("Failed delivery"),
    EffortKind.CHARGEBACK: N_("Payment charged back"),
    EffortKind.APPLICATION_REVIEW: N_("Check of the company by a person"),
    EffortKind.STAFF_ACTION: N_("Other work by hand"),
}
CAUSES = {
    EffortCause.THEIRS: Word(N_("the customer's doing"), "warn"),
    EffortCause.OURS: Word(N_("our doing")),
    EffortCause.PAID: Word(N_("paid as a special service"), "ok"),
    EffortCause.UNDECIDED: Word(N_("not decided yet"), "signal"),
}
