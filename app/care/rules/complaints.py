"""What complaints can be about, how they end, and whose fault it was."""

from enum import StrEnum


class ComplaintReason(StrEnum):
    """What is wrong, in fixed words."""

    DAMAGED = "damaged"
    MISSING = "missing"
    WRONG = "wrong"
    LATE = "late"
    DEFECTIVE = "defective"
    OTHER = "other"


class ComplaintState(StrEnum):
    """An open complaint waits for our answer."""

    OPEN = "open"
    DECIDED = "decided"


class ComplaintOutcome(StrEnum):
    """How a complaint ends, in fixed words; statutory rights are open beside each."""

    REPLACEMENT = "replacement"
    REFUND_LINES = "refund_lines"
    REFUND_ORDER = "refund_order"
    REJECTED = "rejected"


class MessageAuthor(StrEnum):
    """Who wrote a message of a complaint's thread."""

    CUSTOMER = "customer"
    STAFF = "staff"
    SHOP = "shop"
