"""Two books of payments, ours and Stripe's, and the ways in which they can differ."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.payments.rules.facts import IntentStatus
from app.payments.rules.states import PaymentState, RefundState


class Difference(StrEnum):
    """One way in which the books differ; see `reconciliation.compare` for what each means."""

    CAPTURED_THERE = "captured_there"
    NOT_CAPTURED_THERE = "not_captured_there"
    AMOUNT_DIFFERS = "amount_differs"
    TAKEN_TWICE = "taken_twice"
    LEFT_OPEN = "left_open"
    UNKNOWN_ORDER = "unknown_order"
    UNKNOWN_PAYMENT = "unknown_payment"
    WITHOUT_MARK = "without_mark"
    REFUND_UNKNOWN = "refund_unknown"
    REFUND_MISSING = "refund_missing"
    REFUND_DIFFERS = "refund_differs"
    REFUNDED_TWICE = "refunded_twice"
    DISPUTE_UNKNOWN = "dispute_unknown"
    DISPUTE_DIFFERS = "dispute_differs"
    DISPUTE_MISSING = "dispute_missing"


class Mend(StrEnum):
    """What the shop can do about a difference by itself; `none`: a person has to, in Stripe's dashboard."""

    SETTLE = "settle"
    FOLLOW_REFUND = "follow_refund"
    FOLLOW_DISPUTE = "follow_dispute"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class TheirIntent:
    """A PaymentIntent in Stripe's list; `received_cents` is what was taken, refunds not taken off."""

    id: str
    status: IntentStatus
    amount_cents: int
    received_cents: int
    currency: str
    order_number: str
    attempt: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TheirCharge:
    """A Charge in Stripe's list; without an intent it was made past every checkout."""

    id: str
    intent_id: str
    captured_cents: int
    order_number: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TheirRefund:
    """A Refund in Stripe's list; `mark` is our metadata on it, "" where somebody made it in the dashboard."""

    id: str
    intent_id: str
    amount_cents: int
    has_failed: bool
    mark: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TheirDispute:
    """A Dispute in Stripe's list, with Stripe's word for its state."""

    id: str
    intent_id: str
    amount_cents: int
    status: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TheirFee:
    """What Stripe kept of one entry of its balance; `source_id` is the charge, refund or dispute it is of."""

    id: str
    source_id: str
    fee_cents: int
    at: datetime


@dataclass(frozen=True, slots=True)
class TheirBooks:
    """All that Stripe lists of a span of time, each by the moment it was made there."""

    intents: tuple[TheirIntent, ...] = ()
    charges: tuple[TheirCharge, ...] = ()
    refunds: tuple[TheirRefund, ...] = ()
    disputes: tuple[TheirDispute, ...] = ()
    fees: tuple[TheirFee, ...] = ()

    @property
    def object_count(self) -> int:
        """How many objects were looked at."""
        return sum(map(len, (self.intents, self.charges, self.refunds, self.disputes, self.fees)))


@dataclass(frozen=True, slots=True)
class OurPayment:
    """A payment attempt of ours with its order's number; `is_due`: it was taken, and their lists ought to hold it."""

    payment_id: int
    order_id: int
    order_number: str
    state: PaymentState
    amount_cents: int
    currency: str
    intent_id: str
    at: datetime
    is_due: bool = True


@dataclass(frozen=True, slots=True)
class OurRefund:
    """A refund of ours; `mark` is how our metadata on it begins at Stripe, whichever try made it.

    `is_due`: it is done, and their lists ought to hold it.
    """

    refund_row_id: int
    order_number: str
    state: RefundState
    amount_cents: int
    stripe_id: str
    mark: str
    at: datetime
    is_due: bool = True


@dataclass(frozen=True, slots=True)
class OurDispute:
    """A dispute that we noted, with Stripe's word as we know it; `is_due`: their lists ought to hold it."""

    dispute_id: str
    payment_id: int
    order_number: str
    amount_cents: int
    status: str
    at: datetime
    is_due: bool = True


@dataclass(frozen=True, slots=True)
class OurBooks:
    """What we know of what they list, and what of a span of time they ought to list."""

    payments: tuple[OurPayment, ...] = ()
    refunds: tuple[OurRefund, ...] = ()
    disputes: tuple[OurDispute, ...] = ()
    order_numbers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """One difference: the object at Stripe (or our row, `payment:1`) with the amount here and there."""

    kind: Difference
    object_id: str
    order_number: str
    ours_cents: int
    theirs_cents: int
    at: datetime
    payment_id: int | None = None
    mend: Mend = Mend.NONE
