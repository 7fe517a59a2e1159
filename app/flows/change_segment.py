"""A person gives a customer another segment, with a reason."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.transaction import transaction
from app.customers.models import Customer
from app.mainbrand.rules.segments import Segment


def change_segment(
    session: Session, customer_id: int, *, segment: Segment, reason: str, actor: Actor, now: datetime
) -> bool:
    """Gives the segment, from the customer's next request on; False when they have it for this reason already.

    The gate reads the row on each request, so no session has to be ended. Raises NotFound, and Invalid
    with the field `reason`.
    """
    reason = reason.strip()
    if not reason or len(reason) > 500:
        message = N_("Please say why, in at most 500 characters.")
        raise Invalid(message, code="customer.reason", fields=(FieldError("reason", message),))
    with transaction(session):
        customer = session.exec(
            select(Customer)
            .where(col(Customer.id) == customer_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).first()
        if customer is None:
            raise NotFound(N_("There is no such customer."), code="customer.not_found")
        if (customer.segment, customer.segment_reason) == (segment, reason):
            return False
        old = {"segment": customer.segment.value, "segment_reason": customer.segment_reason}
        customer.segment, customer.segment_reason = segment, reason
        record(
            session,
            actor,
            action="customer.segment_changed",
            object_kind="customer",
            object_id=customer_id,
            object_name=customer.company_name,
            now=now,
            reason=reason,
            old=old,
            new={"segment": segment.value, "segment_reason": reason},
        )
    return True
