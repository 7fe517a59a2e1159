"""A person lets an order go although its payment was charged back, and says why."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.transaction import transaction
from app.ordering.models import Order
from app.ordering.queries_disputes import LET_GO, disputed_among
from app.ordering.service import add_event

LONGEST_REASON = 400


def pass_chargeback(session: Session, *, order_number: str, reason: str, actor: Actor, now: datetime) -> bool:
    """Lets an order leave whose payment was charged back; False where none is disputed (any more).

    A further charge-back holds it back again. Raises NotFound, Invalid `dispute.invalid` with the field `reason`.
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
