"""What an event of Stripe means for us: which object to look at again."""

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

FOLLOWING = (
    ("refund.", "look_at_refund", "stripe_refund_id"),
    ("charge.refunded", "follow_charge", "charge_id"),
    ("charge.dispute.", "follow_dispute", "dispute_id"),
    ("radar.early_fraud_warning.", "follow_warning", "warning_id"),
    ("payment_method.detached", "look_at_card", "payment_method_id"),
    ("payment_method.automatically_updated", "look_at_card", "payment_method_id"),
)
"""How a type begins, the kind of job that follows the object, and what the job calls its id."""


def job_of(event: EventFacts) -> tuple[str, dict[str, str]] | None:
    """The kind of job that an event asks for, and which object it reads again; None when there is nothing to do.

    Nothing else of the event is believed: not its order in time, not its amounts, not its state.
    """
    for beginning, kind, name in FOLLOWING:
        if event.event_type.startswith(beginning):
            return kind, {name: event.object_id}
    if event.event_type not in SETTLING:
        return None
    is_page = event.event_type.startswith("checkout.session.")
    return "settle_payment", {"session_id" if is_page else "intent_id": event.object_id}
