"""Stripe tells us something: one row for the event and one for the work, once each."""

from datetime import datetime

from sqlmodel import Session, col

from app.core.failpoints import reach
from app.core.transaction import transaction
from app.jobs.service import insert_into, put_job
from app.payments.models import StripeEvent
from app.payments.rules.events import ABOUT_CARDS, ABOUT_REFUNDS, dispute_of, target_of
from app.payments.rules.facts import EventFacts


def receive_stripe_event(session: Session, event: EventFacts, *, now: datetime) -> bool:
    """Stores a verified event and what has to be looked at because of it; False for one known before."""
    target, dispute_id = target_of(event), dispute_of(event)
    with transaction(session):
        row = {
            "event_id": event.event_id,
            "event_type": event.event_type[:100],
            "stripe_object_id": event.object_id,
            "received_at": now,
            "handled_at": None if target or dispute_id else now,
        }
        insert = insert_into(session, StripeEvent).on_conflict_do_nothing(index_elements=["event_id"])
        written = session.execute(insert.returning(col(StripeEvent.id)), row).scalar()
        if written is not None and target:
            args = {"key": f"event:{written}", "now": now, "event_row_id": written, **target}
            if event.event_type in ABOUT_REFUNDS:
                put_job(session, "look_at_refund", **args)
            elif event.event_type in ABOUT_CARDS:
                put_job(session, "look_at_card", **args)
            else:
                put_job(session, "settle_payment", **args)
        if written is not None and dispute_id:
            put_job(
                session,
                "note_chargeback",
                key=f"event:{written}",
                now=now,
                event_row_id=written,
                dispute_id=dispute_id,
            )
        reach("receive_stripe_event.before_commit")
    reach("receive_stripe_event.after_commit")
    return written is not None
