"""A person lets an order go although its payment was charged back, or ends it after a lost dispute."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.care.service_calling_off import end_paid_back, lock_to_call_off
from app.care.service_disputes import record_dispute
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.ordering.models import Order
from app.ordering.rules.states import OrderKind
from app.ordering.service import add_event
from app.payments.models import Dispute
from app.payments.queries_disputes import disputed_among, disputes_of_order, unknown_dispute
from app.payments.rules.disputes import LOST

LONGEST_REASON = 400
LET_GO = "chargeback_passed"


def pass_chargeback(session: Session, *, order_number: str, reason: str, actor: Actor, now: datetime) -> bool:
    """Lets an order leave whose payment was charged back; False where none is disputed (any more).

    A further dispute holds it back again. Raises NotFound, Invalid `dispute.invalid` with the field `reason`.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= LONGEST_REASON:
        fault = FieldError("reason", N_("Please say why, in at most 400 characters."))
        raise Invalid(N_("Please check your entries."), code="dispute.invalid", fields=(fault,))
    with transaction(session):
        order = session.exec(select(Order).where(col(Order.number) == order_number).with_for_update()).first()
        if order is None or order.id is None:
            raise NotFound(N_("There is no such order."), code="order.not_found")
        if not disputed_among(session, [order.id]):
            return False
        for dispute in disputes_of_order(session, order.id):
            if dispute.passed_at is None:
                dispute.passed_at, dispute.passed_by, dispute.pass_reason = now, actor.name[:200], reason
        add_event(session, order.id, LET_GO, now=now, actor_name=actor.name, reason=reason)
        record(
            session,
            actor,
            action="order.chargeback_passed",
            object_kind="order",
            object_id=order.id,
            object_name=order.number,
            now=now,
            reason=reason,
        )
    return True


def call_off_lost(session: Session, *, dispute_row_id: int, actor: Actor, now: datetime) -> bool:
    """Ends an order that has not left and whose money a bank took for good; False where it is over already.

    Its goods are free again, and the services that wait for it go back. Raises NotFound, and Refused
    `dispute.not_lost` while the bank may still decide for us.
    """
    with transaction(session):
        order_id = session.exec(select(Dispute.order_id).where(col(Dispute.id) == dispute_row_id)).first()
        if order_id is None:
            raise unknown_dispute()
        order, services = lock_to_call_off(session, order_id)
        dispute = session.get_one(Dispute, dispute_row_id, with_for_update=True)
        if dispute.status != LOST or order.kind is OrderKind.SERVICE:
            raise Refused(
                N_("The bank has not decided against us: let the order go, or wait."), code="dispute.not_lost"
            )
        if not end_paid_back(session, order, services, amount_cents=0, actor=actor, now=now):
            return False
        record_dispute(session, actor, "dispute.called_off", dispute, order, now=now)
    return True
