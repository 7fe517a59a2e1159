"""Reading where a company wants its invoices."""

from sqlmodel import Session

from app.invoices.models import BillingProfile
from app.invoices.rules.billing import LONGEST, BillingDetails


def billing_of(session: Session, customer_id: int) -> BillingDetails:
    """The billing details of a company; empty ones where it has said nothing."""
    profile = session.get(BillingProfile, customer_id)
    if profile is None:
        return BillingDetails()
    texts = {name: getattr(profile, name) for name in LONGEST}
    return BillingDetails(**texts, wants_xrechnung=profile.wants_xrechnung)
