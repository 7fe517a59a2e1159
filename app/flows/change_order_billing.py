"""Staff and the company say what shall stand on the invoice of one order, before it is issued."""

from dataclasses import asdict, replace
from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.core.errors import N_, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.customers.models import Contact
from app.invoices.models import Invoice, OrderBilling
from app.invoices.queries_billing import billing_of_order
from app.invoices.rules.billing import OF_AN_ORDER, BillingDetails, faults_of_billing
from app.invoices.rules.document import DocumentKind
from app.ordering.models import Order
from app.ordering.rules.states import BINDING, OrderKind
from app.ordering.service import lock_order


def change_order_billing(
    session: Session, details: BillingDetails, *, order_id: int, actor: Actor, now: datetime
) -> bool:
    """Keeps name, address and reference for the invoice of this order alone; False where they were so already.

    Raises Invalid `billing.invalid` with the fields, Refused `invoice.issued` for an order that has its invoice (a
    document is never changed), and Refused `invoice.nothing` for one that gets none.
    """
    _check(details)
    with transaction(session):
        order = lock_order(session, order_id)
        return _keep(session, order, details, actor=actor, now=now)


def change_reference(
    session: Session, reference: str, *, order_number: str, customer_id: int, contact_id: int, now: datetime
) -> bool:
    """The company says its reference for one order, nothing else of it; False where it was so already.

    Raises NotFound for an order that is not the company's, and what `change_order_billing` raises.
    """
    _check(BillingDetails(buyer_reference=reference))
    with transaction(session):
        is_theirs = (col(Order.number) == order_number, col(Order.customer_id) == customer_id)
        order = session.exec(select(Order).where(*is_theirs).with_for_update()).first()
        if order is None or order.id is None:
            raise NotFound(N_("There is no such order."), code="order.unknown")
        contact = session.get_one(Contact, contact_id)
        details = replace(billing_of_order(session, order.id), buyer_reference=reference)
        actor = Actor(ActorKind.CUSTOMER, contact.name, contact.id)
        return _keep(session, order, details, actor=actor, now=now)


def _check(details: BillingDetails) -> None:
    wrong = faults_of_billing(details)
    if wrong:
        raise Invalid(N_("Please check your entries."), code="billing.invalid", fields=wrong)


def _keep(session: Session, order: Order, details: BillingDetails, *, actor: Actor, now: datetime) -> bool:
    order_id = order.id or 0
    is_invoice = (col(Invoice.order_id) == order_id, col(Invoice.kind) != DocumentKind.CORRECTION)
    if session.exec(select(Invoice.id).where(*is_invoice)).first() is not None:
        raise Refused(N_("This document is issued and stays as it is."), code="invoice.issued")
    if order.state not in BINDING or order.kind is OrderKind.REPLACEMENT:
        raise Refused(N_("There is nothing to invoice in this order."), code="invoice.nothing")
    before, after = asdict(billing_of_order(session, order_id)), asdict(details)
    old, new = ({name: one[name] for name in OF_AN_ORDER} for one in (before, after))
    if old == new:
        return False
    row = session.get(OrderBilling, order_id, with_for_update=True)
    if row is None:
        row = OrderBilling(order_id=order_id, changed_at=now)
        session.add(row)
    for name, text in new.items():
        setattr(row, name, text)
    row.changed_at = now
    record(
        session,
        actor,
        action="invoice.draft_changed",
        object_kind="order",
        object_id=order_id,
        object_name=order.number,
        now=now,
        old=old,
        new=new,
    )
    return True
