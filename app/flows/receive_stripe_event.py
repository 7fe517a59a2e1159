"""Stripe tells us something: one row for the event and one for the work, once each."""

from datetime import datetime
from typing import Any

from sqlmodel import Session, col

from app.core.failpoints import reach
from app.core.transaction import transaction
from app.jobs.service import insert_into, put_job
from app.payments.models import StripeEvent
from app.payments.rules.events import job_of
from app.payments.rules.facts import EventFacts


def receive_stripe_event(session: Session, event: EventFacts, *, now: datetime) -> bool:
    """Stores a verified event and what has to be looked at because of it; False for one known before."""
    job = job_of(event)
    with transaction(session):
        row = {
            "event_id": event.event_id,
            "event_type": event.event_type[:100],
            "stripe_object_id": event.object_id,
            "received_at": now,
            "handled_at": None if job else now,
        }
        insert = insert_into(session, StripeEvent).on_conflict_do_nothing(index_elements=["event_id"])
        written = session.execute(insert.returning(col(StripeEvent.id)), row).scalar()
        if written is not None and job:
            kind, about = job
            args: dict[str, Any] = {"key": f"event:{written}", "now": now, "event_row_id": written, **about}
            _put(session, kind, args)
        reach("receive_stripe_event.before_commit")
    reach("receive_stripe_event.after_commit")
    return written is not None


def _put(session: Session, kind: str, args: dict[str, Any]) -> None:
    if kind == "look_at_refund":
        put_job(session, "look_at_refund", **args)
    elif kind == "follow_charge":
        put_job(session, "follow_charge", **args)
    elif kind == "follow_dispute":
        put_job(session, "follow_dispute", **args)
    elif kind == "follow_warning":
        put_job(session, "follow_warning", **args)
    elif kind == "look_at_card":
        put_job(session, "look_at_card", **args)
    else:
        put_job(session, "settle_payment", **args)
