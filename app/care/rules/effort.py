"""The kinds of effort, and whose fault it was."""

from enum import StrEnum


class EffortKind(StrEnum):
    """What cost time."""

    COMPLAINT = "complaint"
    MANUAL_CHANGE = "manual_change"
    PHONE_HELP = "phone_help"
    FAILED_DELIVERY = "failed_delivery"
    CHARGEBACK = "chargeback"
    APPLICATION_REVIEW = "application_review"
    STAFF_ACTION = "staff_action"


class EffortCause(StrEnum):
    """Whose fault an effort was; only `theirs` counts against a customer, `paid` is covered by a special service."""

    OURS = "ours"
    THEIRS = "theirs"
    PAID = "paid"
    UNDECIDED = "undecided"


BY_HAND = (
    EffortKind.PHONE_HELP,
    EffortKind.MANUAL_CHANGE,
    EffortKind.FAILED_DELIVERY,
    EffortKind.STAFF_ACTION,
)
"""What a person may write down; the other kinds are noted by what causes them."""

DECIDED = (EffortCause.THEIRS, EffortCause.OURS)
"""Whose fault a person may say it was."""
