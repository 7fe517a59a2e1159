"""What an event of Stripe means for us: which object to look at again."""

from typing import Any

from app.payments.rules.facts import DisputeFacts, EventFacts

SETTLING = frozenset(
    {
        "checkout.session.completed",
        "checkout.session.expired",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "payment_intent.canceled",
        "payment_intent.payment_failed",
    }
)
"""The types after which a payment may have to move; the others are only kept.

That money was reserved is said twice, by the session and by its intent: the session's word is enough, and the
sweep is the net below it. That it was taken is our own doing.
"""

ABOUT_REFUNDS = frozenset({"refund.updated", "refund.failed"})
"""The types after which a refund is read again: a bank may send one back."""

ABOUT_CARDS = frozenset({"payment_method.detached", "payment_method.automatically_updated"})
"""The types after which a kept card is read again: it was let go, or its bank replaced it."""

DISPUTING = frozenset({"charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed"})
"""The types after which a payment may be charged back; the dispute is read again from Stripe."""

WARNING = "warning"
"""How the states of a mere inquiry of the bank begin: no money moves."""


def dispute_of(event: EventFacts) -> str | None:
    """The id of the dispute that an event is about."""
    return event.object_id if event.event_type in DISPUTING else None


def is_chargeback(dispute: DisputeFacts) -> bool:
    """Whether money was taken back, and not only asked about."""
    return not dispute.status.startswith(WARNING)


def target_of(event: EventFacts) -> dict[str, Any]:
    """The arguments of its job: which session, intent, refund or card to read again; empty when there is nothing to do.

    Nothing else of the event is believed: not its order in time, not its amounts, not its state.
    """
    if event.event_type in ABOUT_REFUNDS:
        return {"stripe_refund_id": event.object_id}
    if event.event_type in ABOUT_CARDS:
        return {"payment_method_id": event.object_id}
    if event.event_type not in SETTLING:
        return {}
    if event.event_type.startswith("checkout.session."):
        return {"session_id": event.object_id}
    return {"intent_id": event.object_id}
