"""A customer is suspended, served again, or noted as moved up to the main brand, with a reason."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor
from app.care.service_levels import leave_refusal
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.transaction import transaction
from app.customers.models import Customer
from app.customers.service_standing import record_standing, resume_customer, suspend_customer


def suspend(session: Session, customer_id: int, *, reason: str, actor: Actor, now: datetime) -> bool:
    """Closes the shop for a customer, who reads the reason; False when it is closed already.

    Raises NotFound, and Invalid with the field `reason`.
    """
    reason = _checked(reason)
    with transaction(session):
        customer = _lock(session, customer_id)
        return suspend_customer(session, customer, reason=reason, actor=actor, now=now)


def resume(session: Session, customer_id: int, *, reason: str, actor: Actor, now: datetime) -> bool:
    """Opens the shop again; False when it is open. A company refused for its effort stands on the effort fee then.

    Raises as `suspend`.
    """
    reason = _checked(reason)
    with transaction(session):
        customer = _lock(session, customer_id)
        if not resume_customer(session, customer, reason=reason, actor=actor, now=now):
            return False
        leave_refusal(session, customer, reason=reason, actor=actor, now=now)
    return True


def move_up(session: Session, customer_id: int, *, reason: str, actor: Actor, now: datetime) -> bool:
    """Notes that the main brand serves the company from now on, which closes the shop for it; False when it
    is noted already. Raises as `suspend`.
    """
    reason = _checked(reason)
    with transaction(session):
        customer = _lock(session, customer_id)
        if customer.moved_up_at is not None:
            return False
        customer.moved_up_at = now
        record_standing(session, customer, "customer.moved_up", reason=reason, actor=actor, now=now)
    return True


def _checked(reason: str) -> str:
    if not reason.strip() or len(reason.strip()) > 500:
        message = N_("Please say why, in at most 500 characters.")
        raise Invalid(message, code="customer.reason", fields=(FieldError("reason", message),))
    return reason.strip()


def _lock(session: Session, customer_id: int) -> Customer:
    customer = session.exec(
        select(Customer)
        .where(col(Customer.id) == customer_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if customer is None:
        raise NotFound(N_("There is no such customer."), code="customer.not_found")
    return customer
