"""What an event of Stripe means for us: which object to look at again."""

from typing import Any

from app.payments.rules.facts import EventFacts

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


def target_of(event: EventFacts) -> dict[str, Any]:
    """The arguments for settling: which session or intent to read again; empty when there is nothing to do.

    Nothing else of the event is believed: not its order in time, not its amounts, not its state.
    """
    if event.event_type not in SETTLING:
        return {}
    if event.event_type.startswith("checkout.session."):
        return {"session_id": event.object_id}
    return {"intent_id": event.object_id}
