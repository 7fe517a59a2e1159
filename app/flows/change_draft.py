"""Staff say what shall stand on the invoice of one order, before it is issued."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.core.errors import N_, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.invoices.models import InvoiceDraft
from app.invoices.rules.billing import BillingDetails, faults_of_billing
from app.invoices.rules.document import DraftState
from app.ordering.service import lock_order

COLUMNS = {
    "name": "billing_name",
    "street": "billing_street",
    "postal_code": "billing_postal_code",
    "city": "billing_city",
    "country": "billing_country",
    "buyer_reference": "buyer_reference",
}


def change_draft(
    session: Session, draft_id: int, details: BillingDetails, *, actor: Actor, now: datetime
) -> bool:
    """Keeps name, address and reference for this one document; False where they were so already.

    Raises NotFound, Invalid `billing.invalid` with the fields, and Refused `invoice.issued` for one that is issued:
    a document is never changed.
    """
    wrong = faults_of_billing(details)
    if wrong:
        raise Invalid(N_("Please check your entries."), code="billing.invalid", fields=wrong)
    with transaction(session):
        known = session.get(InvoiceDraft, draft_id)
        if known is None:
            raise NotFound(N_("There is no such draft."), code="invoice.no_draft")
        order = lock_order(session, known.order_id)
        query = select(InvoiceDraft).where(col(InvoiceDraft.id) == draft_id).with_for_update()
        draft = session.exec(query.execution_options(populate_existing=True)).one()
        if draft.state is DraftState.ISSUED:
            raise Refused(N_("This document is issued and stays as it is."), code="invoice.issued")
        old = {name: getattr(draft, column) for name, column in COLUMNS.items()}
        new = {name: getattr(details, name) for name in COLUMNS}
        if old == new:
            return False
        for name, column in COLUMNS.items():
            setattr(draft, column, new[name])
        draft.changed_at = now
        record(
            session,
            actor,
            action="invoice.draft_changed",
            object_kind="order",
            object_id=order.id,
            object_name=order.number,
            now=now,
            old=old,
            new=new,
        )
    return True
