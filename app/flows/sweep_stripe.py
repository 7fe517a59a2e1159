"""What webhooks kept from us is found: open disputes are read again, new things at Stripe get their look."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.care.service_disputes import mail_of_dispute
from app.core.transaction import transaction
from app.jobs.service import put_job
from app.ordering.models import Order
from app.payments.models import Dispute, FraudWarning
from app.payments.queries_disputes import open_disputes
from app.payments.rules.disputes import TO_ANSWER, must_remind
from app.payments.service_refunds import put_unknown_refunds
from app.payments.stripe_gateway import StripeGateway
from app.policy.queries import current_policy

LOOK_AGAIN_AFTER = timedelta(hours=1)
RESUME_AFTER = timedelta(minutes=10)
LIMIT = 200


def sweep_stripe(session: Session, gateway: StripeGateway, *, now: datetime) -> int:
    """Puts a job for each refund, dispute and warning at Stripe that no row knows; the number of them.

    The newest 100 of each are looked at: it runs every hour. Raises StripeUnavailable: the next hour asks again.
    """
    recent = gateway.read_recent()
    with transaction(session):
        count = put_unknown_refunds(session, recent.refund_ids, now=now)
        known = set(
            session.exec(select(Dispute.dispute_id).where(col(Dispute.dispute_id).in_(recent.dispute_ids)))
        )
        warned = set(
            session.exec(
                select(FraudWarning.warning_id).where(col(FraudWarning.warning_id).in_(recent.warning_ids))
            )
        )
        for dispute_id in [one for one in recent.dispute_ids if one not in known]:
            key = f"follow_dispute:{dispute_id}:{now:%Y%m%d%H}"
            put_job(session, "follow_dispute", key=key, now=now, dispute_id=dispute_id)
            count += 1
        for warning_id in [one for one in recent.warning_ids if one not in warned]:
            key = f"follow_warning:{warning_id}:{now:%Y%m%d%H}"
            put_job(session, "follow_warning", key=key, now=now, warning_id=warning_id)
            count += 1
    return count


def sweep_disputes(session: Session, *, staff_address: str, now: datetime) -> int:
    """Reads open disputes again, takes a lost submission up, and reminds of those whose last day is near.

    Comes back with the number of jobs and mails. Each dispute is reminded of once.
    """
    count = 0
    with transaction(session):
        days = current_policy(session).dispute_remind_days
        for dispute in open_disputes(session, checked_before=now - LOOK_AGAIN_AFTER, limit=LIMIT):
            dispute.checked_at = now
            key = f"follow_dispute:{dispute.dispute_id}:{now:%Y%m%d%H}"
            put_job(session, "follow_dispute", key=key, now=now, dispute_id=dispute.dispute_id)
            count += 1
        stuck = select(Dispute).where(
            col(Dispute.submitting_at).is_not(None), col(Dispute.submitting_at) < now - RESUME_AFTER
        )
        for dispute in session.exec(stuck.limit(LIMIT)):
            key = f"submit_dispute:{dispute.id}:{now:%Y%m%d%H}"
            put_job(session, "submit_dispute", key=key, now=now, dispute_row_id=dispute.id)
            count += 1
        for dispute, order in _to_remind(session, now=now):
            if must_remind(dispute.due_at, days=days, now=now):
                dispute.reminded_at = now
                mail_of_dispute(
                    session, order, dispute, staff_address=staff_address, occasion="reminder", now=now
                )
                count += 1
    return count


def _to_remind(session: Session, *, now: datetime) -> list[tuple[Dispute, Order]]:
    rows = session.exec(
        select(Dispute, Order)
        .join(Order, col(Order.id) == col(Dispute.order_id))
        .where(
            col(Dispute.status).in_(TO_ANSWER),
            col(Dispute.submitted_at).is_(None),
            col(Dispute.submitting_at).is_(None),
            col(Dispute.reminded_at).is_(None),
            col(Dispute.due_at) > now,
        )
        .order_by(col(Dispute.due_at))
        .limit(LIMIT)
    )
    return [(dispute, order) for dispute, order in rows]
