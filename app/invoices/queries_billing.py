"""Reading where a company wants its invoices, and what it or staff said of one order's."""

from sqlmodel import Session

from app.invoices.models import BillingProfile, OrderBilling
from app.invoices.rules.billing import LONGEST, OF_AN_ORDER, BillingDetails


def billing_of(session: Session, customer_id: int) -> BillingDetails:
    """The billing details of a company; empty ones where it has said nothing."""
    profile = session.get(BillingProfile, customer_id)
    if profile is None:
        return BillingDetails()
    texts = {name: getattr(profile, name) for name in LONGEST}
    return BillingDetails(**texts, wants_xrechnung=profile.wants_xrechnung)


def billing_of_order(session: Session, order_id: int) -> BillingDetails:
    """What was said of the invoice of one order; empty where the company's billing details hold."""
    row = session.get(OrderBilling, order_id)
    return BillingDetails(**{name: getattr(row, name) for name in OF_AN_ORDER}) if row else BillingDetails()
