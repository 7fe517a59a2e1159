"""A payment was charged back: it stands on the order, and counts as effort once its cause is known."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.care.rules.effort import EffortCause, EffortKind
from app.care.service_effort import note_effort, set_effort_cause
from app.core.transaction import transaction
from app.customers.service import lock_customer
from app.ordering.models import Order, OrderEvent
from app.ordering.queries_disputes import CHARGED_BACK
from app.payments.models import Payment, StripeEvent
from app.payments.rules.events import is_chargeback
from app.payments.rules.facts import DisputeFacts
from app.payments.stripe_gateway import StripeGateway

WON = "won"
BY = "Stripe"


def note_chargeback(
    session: Session, gateway: StripeGateway, *, dispute_id: str, event_row_id: int, now: datetime
) -> bool:
    """Reads a dispute again and notes it once; True where it is about a payment of ours and money moved.

    Nobody's fault at first: a person decides. Where the bank finds for us, it was the customer's doing. Raises
    StripeUnavailable when Stripe does not answer: the job tries again.
    """
    dispute = gateway.read_dispute(dispute_id)
    with transaction(session):
        is_ours = is_chargeback(dispute) and _note(session, dispute, now=now)
        session.execute(
            update(StripeEvent)
            .where(col(StripeEvent.id) == event_row_id, col(StripeEvent.handled_at).is_(None))
            .values(handled_at=now)
        )
    return is_ours


def _note(session: Session, dispute: DisputeFacts, *, now: datetime) -> bool:
    order = session.exec(
        select(Order)
        .join(Payment, col(Payment.order_id) == col(Order.id))
        .where(col(Payment.intent_id) == dispute.intent_id)
    ).first()
    if order is None or order.id is None:
        return False
    lock_customer(session, order.customer_id)
    source_key = f"dispute:{dispute.id}"
    is_new = note_effort(
        session,
        customer_id=order.customer_id,
        order_id=order.id,
        kind=EffortKind.CHARGEBACK,
        cause=EffortCause.UNDECIDED,
        source_key=source_key,
        by=BY,
        note=dispute.reason.replace("_", " "),
        now=now,
    )
    if is_new:
        session.add(
            OrderEvent(
                order_id=order.id,
                kind=CHARGED_BACK,
                actor_name=BY,
                values={"reason": dispute.reason.replace("_", " ")},
                at=now,
            )
        )
    if dispute.status == WON:
        set_effort_cause(session, source_key=source_key, cause=EffortCause.THEIRS, now=now)
    return True
