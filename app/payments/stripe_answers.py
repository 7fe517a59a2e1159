"""What Stripe's answers mean: the SDK's errors as ours, its objects as the few values that decisions need."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import stripe

from app.core.errors import N_, Unavailable
from app.payments.rules.facts import IntentFacts, IntentStatus, MethodFacts

INTENT_STATUS = {
    "requires_capture": IntentStatus.AUTHORISED,
    "succeeded": IntentStatus.CAPTURED,
    "canceled": IntentStatus.CANCELED,
}
"""What Stripe's words for an intent mean here; all others wait for the customer."""


class StripeUnavailable(Unavailable):
    """Stripe did not answer, or not clearly; the same request may be sent again under the same key."""

    def __init__(self, *, is_stored: bool = False) -> None:
        super().__init__(
            N_("The card payment service does not answer right now. Please try again in a minute."),
            code="stripe.unavailable",
        )
        self.is_stored = is_stored
        """Whether Stripe replays this failure for the key: only a look-up and a new key go on."""


class StripeRefusal(Exception):
    """Stripe understood and said no; `code` is Stripe's."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class KeyMismatch(StripeRefusal):
    """The idempotency key was used for another request before."""


class CardRefused(StripeRefusal):
    """A kept card was not charged: declined, expired, let go, or its bank wants its holder to be there."""


@contextmanager
def answers() -> Iterator[None]:
    """Turns the SDK's errors into ours."""
    try:
        yield
    except stripe.StripeError as error:
        status = error.http_status or 0
        is_unclear = isinstance(error, stripe.APIConnectionError) or status in (0, 401, 403, 409, 429)
        if is_unclear or status >= 500:
            headers = {name.lower(): value for name, value in (error.headers or {}).items()}
            is_stored = status >= 500 and headers.get("idempotent-replayed") == "true"
            raise StripeUnavailable(is_stored=is_stored) from error
        kind = KeyMismatch if isinstance(error, stripe.IdempotencyError) else StripeRefusal
        raise kind(error.code or str(status)) from error


def intent_facts(intent: stripe.PaymentIntent) -> IntentFacts:
    """An intent with its newest charge, where that is expanded."""
    error = intent.last_payment_error
    charge = intent.latest_charge if isinstance(intent.latest_charge, stripe.Charge) else None
    details = charge.payment_method_details if charge else None
    card = getattr(details, "card", None) if details else None
    before = getattr(card, "capture_before", None)
    return IntentFacts(
        id=intent.id,
        status=INTENT_STATUS.get(intent.status, IntentStatus.WAITING),
        amount_cents=intent.amount,
        currency=intent.currency.upper(),
        order_number=ours(intent.metadata, "order"),
        attempt=ours(intent.metadata, "attempt"),
        failure_code=_failure_code(error) if error else "",
        card_brand=getattr(card, "brand", None) or "",
        card_last4=getattr(card, "last4", None) or "",
        card_fingerprint=getattr(card, "fingerprint", None) or "",
        capture_before_at=datetime.fromtimestamp(before, UTC) if before else None,
        charge_id=charge.id if charge else "",
        kept_method_id=_kept_method_id(intent),
    )


def _kept_method_id(intent: stripe.PaymentIntent) -> str:
    method = intent.payment_method
    if intent.setup_future_usage != "off_session" or method is None:
        return ""
    return method if isinstance(method, str) else method.id


def method_facts(method: stripe.PaymentMethod) -> MethodFacts:
    """A kept card."""
    card, customer = method.card, method.customer
    return MethodFacts(
        id=method.id,
        stripe_customer_id=customer.id if isinstance(customer, stripe.Customer) else customer,
        brand=card.brand if card else "",
        last4=(card.last4 if card else None) or "",
        expires_month=card.exp_month if card else 0,
        expires_year=card.exp_year if card else 0,
    )


def ours(metadata: object, name: str) -> str:
    """A value of our metadata; empty where it is missing."""
    return str(getattr(metadata, name, None) or "")


def _failure_code(error: stripe.PaymentIntent.LastPaymentError) -> str:
    return str(getattr(error, "decline_code", None) or getattr(error, "code", None) or "declined")[:64]
