"""What we know of Stripe's objects: the few values that decisions need."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class SessionStatus(StrEnum):
    """Where a card page stands; it never leaves `complete` or `expired`."""

    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


class IntentStatus(StrEnum):
    """Where the money stands: `waiting` for the customer, `authorised` (reserved), `captured`, `canceled`."""

    WAITING = "waiting"
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    CANCELED = "canceled"


@dataclass(frozen=True, slots=True)
class MethodFacts:
    """A card as Stripe keeps it; `stripe_customer_id` is None for one that was let go and never comes back."""

    id: str
    stripe_customer_id: str | None
    brand: str
    last4: str
    expires_month: int
    expires_year: int


@dataclass(frozen=True, slots=True)
class IntentFacts:
    """A PaymentIntent; `order_number` and `attempt` are our metadata on it ("" where they are missing)."""

    id: str
    status: IntentStatus
    amount_cents: int
    currency: str
    order_number: str = ""
    attempt: str = ""
    failure_code: str = ""
    card_brand: str = ""
    card_last4: str = ""
    card_fingerprint: str = ""
    capture_before_at: datetime | None = None
    charge_id: str = ""
    kept_method_id: str = ""
    """The card that stays with Stripe for later charges; empty where it does not."""


class RefundStatus(StrEnum):
    """Where money stands that goes back: on its `way` or there already, or `failed` (it stays with us)."""

    WAY = "way"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """A Refund; `mark` is our metadata on it: token and id of our row, number of the try; "" where it is missing."""

    id: str
    status: RefundStatus
    amount_cents: int
    mark: str = ""
    failure_code: str = ""
    intent_id: str = ""


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """A Checkout Session; the intent exists only once the customer tried to pay."""

    id: str
    status: SessionStatus
    url: str | None
    order_number: str
    attempt: str
    intent: IntentFacts | None = None


def charged(intent: IntentFacts) -> SessionFacts:
    """The charge of a kept card as if it had a card page: nobody can pay on it any more."""
    return SessionFacts("", SessionStatus.COMPLETE, None, intent.order_number, intent.attempt, intent=intent)


@dataclass(frozen=True, slots=True)
class EventFacts:
    """A webhook event: only what it is about; the object itself is read again from Stripe."""

    event_id: str
    event_type: str
    object_id: str


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """A cardholder's bank takes money back; `status` is Stripe's word, `won` where we keep the money after all.

    `due_at` is until when evidence counts, `is_submitted` whether ours has gone to the bank.
    """

    id: str
    status: str
    reason: str
    intent_id: str
    amount_cents: int = 0
    opened_at: datetime | None = None
    due_at: datetime | None = None
    is_submitted: bool = False


@dataclass(frozen=True, slots=True)
class WarningFacts:
    """A card network's early word that a payment may be fraud; `is_open` while a refund can forestall a dispute."""

    id: str
    intent_id: str
    fraud_type: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class RecentThings:
    """The newest objects at Stripe, by id: what a lost webhook may have kept from us."""

    refund_ids: tuple[str, ...] = ()
    dispute_ids: tuple[str, ...] = ()
    warning_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DeclineFacts:
    """One try to pay that was declined: the failed charge, the bank's word for it, and when."""

    charge_id: str
    code: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CardItem:
    """One line on the card page: its name and what it costs including VAT."""

    name: str
    gross_cents: int


@dataclass(frozen=True, slots=True)
class SessionWish:
    """All that a card page is made of; equal wishes give equal requests, so a retry is recognised."""

    order_number: str
    attempt: str
    stripe_customer_id: str
    items: tuple[CardItem, ...]
    currency: str
    language: str
    expires_at: datetime
    return_url: str
    cancel_url: str
    keeps_card: bool = False


@dataclass(frozen=True, slots=True)
class FeeWish:
    """All that a charge of a kept card is made of, nobody being present; equal wishes give equal requests."""

    order_number: str
    attempt: str
    stripe_customer_id: str
    payment_method_id: str
    amount_cents: int
    currency: str
