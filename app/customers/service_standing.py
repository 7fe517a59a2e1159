"""Closing and opening the shop for one company inside the caller's transaction, each with its audit entry."""

from datetime import datetime

from sqlmodel import Session

from app.audit.service import Actor, record
from app.customers.models import Customer


def suspend_customer(
    session: Session, customer: Customer, *, reason: str, actor: Actor, now: datetime
) -> bool:
    """Closes the shop for a company whose row is locked; it reads the reason. False where it is closed already."""
    if customer.suspended_at is not None:
        return False
    customer.suspended_at, customer.suspended_reason = now, reason
    record_standing(session, customer, "customer.suspended", reason=reason, actor=actor, now=now)
    return True


def resume_customer(
    session: Session, customer: Customer, *, reason: str, actor: Actor, now: datetime
) -> bool:
    """Opens the shop again for a company whose row is locked; False where it is open."""
    if customer.suspended_at is None:
        return False
    customer.suspended_at, customer.suspended_reason = None, ""
    record_standing(session, customer, "customer.resumed", reason=reason, actor=actor, now=now)
    return True


def record_standing(
    session: Session, customer: Customer, action: str, *, reason: str, actor: Actor, now: datetime
) -> None:
    """The audit entry of an act that changed a company's standing."""
    record(
        session,
        actor,
        action=action,
        object_kind="customer",
        object_id=customer.id,
        object_name=customer.company_name,
        now=now,
        reason=reason,
    )
