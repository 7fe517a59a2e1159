"""A person gives a customer another segment, with a reason."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.customers.models import Customer
from app.mainbrand.models import OverrideState, RatingOverride
from app.mainbrand.rules.segments import Segment
from app.policy.queries import current_policy
from app.policy.rules.policy import OverrideApproval


def change_segment(
    session: Session, customer_id: int, *, segment: Segment, reason: str, actor: Actor, now: datetime
) -> bool:
    """Gives the segment, from the customer's next request on; False when they have it for this reason already.

    The gate reads the row on each request, so no session has to be ended. Raises NotFound, Invalid
    with the field `reason`, and Refused
    `customer.needs_second` where the policy wants a second person for it.
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
        if current_policy(session).override_approval is OverrideApproval.TWO:
            message = N_(
                "The policy wants a second person: give the segment until a day, and have it approved."
            )
            raise Refused(message, code="customer.needs_second")
        _forget_override(session, customer_id, actor=actor, now=now)
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


def _forget_override(session: Session, customer_id: int, *, actor: Actor, now: datetime) -> None:
    """A segment that is given for good ends an override: nothing may be given back later."""
    session.execute(
        update(RatingOverride)
        .where(
            col(RatingOverride.customer_id) == customer_id,
            col(RatingOverride.state).in_((OverrideState.PROPOSED, OverrideState.ACTIVE)),
        )
        .values(state=OverrideState.ENDED, ended_by=actor.name, ended_at=now)
    )
