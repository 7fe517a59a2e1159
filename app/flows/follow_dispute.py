"""A dispute or an early fraud warning is read again from Stripe, and written down as it is now."""

from datetime import datetime

from sqlmodel import Session, col, select, update

from app.audit.service import record
from app.care.service_disputes import STRIPE, take_dispute
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.customers.service import lock_customer
from app.jobs.service import insert_into
from app.ordering.models import Order
from app.ordering.service import add_event, lock_order
from app.payments.models import FraudWarning, Payment, StripeEvent
from app.payments.rules.disputes import Course, course_of
from app.payments.rules.facts import WarningFacts
from app.payments.stripe_gateway import StripeGateway, StripeRefusal


def follow_dispute(
    session: Session,
    gateway: StripeGateway,
    *,
    dispute_id: str,
    staff_address: str,
    now: datetime,
    event_row_id: int | None = None,
) -> Course | None:
    """What the dispute means for our money now; None where it is about no payment of ours.

    Nobody's fault at first: a person decides. Where the bank finds for us, it was the customer's doing, and the order
    may leave by itself. Raises StripeUnavailable when Stripe does not answer: the job tries again.
    """
    try:
        facts = gateway.read_dispute(dispute_id)
    except StripeRefusal:
        facts = None
    course = None
    with transaction(session):
        found = _payment_of(session, facts.intent_id) if facts else None
        if facts is not None and found is not None:
            payment, customer_id = found
            lock_customer(session, customer_id)
            order = lock_order(session, payment.order_id)
            dispute = take_dispute(session, order, payment, facts, staff_address=staff_address, now=now)
            course = course_of(dispute.status)
        _note_handled(session, event_row_id, now=now)
        reach("follow_dispute.before_commit")
    reach("follow_dispute.after_commit")
    return course


def follow_warning(
    session: Session,
    gateway: StripeGateway,
    *,
    warning_id: str,
    now: datetime,
    event_row_id: int | None = None,
) -> bool:
    """Notes an early fraud warning as a task for a person, once; False where it is about no payment of ours.

    Raises StripeUnavailable when Stripe does not answer: the job tries again.
    """
    try:
        facts = gateway.read_warning(warning_id)
    except StripeRefusal:
        facts = None
    with transaction(session):
        found = _payment_of(session, facts.intent_id) if facts else None
        if facts is not None and found is not None:
            _take_warning(session, found[0], facts, now=now)
        _note_handled(session, event_row_id, now=now)
    return found is not None


def _payment_of(session: Session, intent_id: str) -> tuple[Payment, int] | None:
    if not intent_id:
        return None
    row = session.exec(
        select(Payment, Order.customer_id)
        .join(Order, col(Order.id) == col(Payment.order_id))
        .where(col(Payment.intent_id) == intent_id)
        .order_by(col(Payment.id).desc())
    ).first()
    return (row[0], row[1]) if row else None


def _take_warning(session: Session, payment: Payment, facts: WarningFacts, *, now: datetime) -> None:
    order = lock_order(session, payment.order_id)
    row = {
        "warning_id": facts.id,
        "payment_id": payment.id,
        "order_id": payment.order_id,
        "fraud_type": facts.fraud_type[:64],
        "is_open": facts.is_open,
        "told_at": now,
        "decided_by": "",
        "reason": "",
    }
    insert = insert_into(session, FraudWarning).on_conflict_do_nothing(index_elements=["warning_id"])
    written = session.execute(insert.returning(col(FraudWarning.id)), row).scalar()
    if written is None:
        session.execute(
            update(FraudWarning).where(col(FraudWarning.warning_id) == facts.id).values(is_open=facts.is_open)
        )
        return
    add_event(session, payment.order_id, "fraud_warned", now=now, actor_name=STRIPE.name)
    record(
        session,
        STRIPE,
        action="payment.fraud_warned",
        object_kind="order",
        object_id=order.id,
        object_name=order.number,
        now=now,
        new={"payment_id": payment.id, "fraud_type": facts.fraud_type},
    )


def _note_handled(session: Session, event_row_id: int | None, *, now: datetime) -> None:
    if event_row_id is None:
        return
    session.execute(
        update(StripeEvent)
        .where(col(StripeEvent.id) == event_row_id, col(StripeEvent.handled_at).is_(None))
        .values(handled_at=now)
    )
