"""A company says where it wants its invoices; what is issued already stays as it is."""

from datetime import datetime

from sqlmodel import Session

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.core.errors import N_, Invalid, Refused
from app.core.transaction import transaction
from app.customers.models import Contact, Customer
from app.customers.rules.delivery import Destination
from app.customers.service import lock_customer
from app.customers.service_delivery import is_held_back
from app.invoices.models import BillingProfile
from app.invoices.queries_billing import billing_of
from app.invoices.rules.billing import BillingDetails, as_values, faults_of_billing

IN_CHECK = N_("We check this name and address and write to you. Until then your invoices go where they went.")


def change_billing(
    session: Session, details: BillingDetails, *, customer_id: int, contact_id: int, now: datetime
) -> None:
    """Keeps the billing details for every document that is issued from now on. Without a change nothing is written.

    Raises Invalid `billing.invalid` with the fields, and Refused `billing.in_check` for a name and address of the
    main brand's customers: a case waits on the review desk then, as for a delivery there.
    """
    wrong = faults_of_billing(details)
    if wrong:
        raise Invalid(N_("Please check your entries."), code="billing.invalid", fields=wrong)
    with transaction(session):
        customer = lock_customer(session, customer_id)
        before = billing_of(session, customer_id)
        if before == details:
            return
        is_held = _is_new_place(before, details) and is_held_back(
            session, customer_id=customer_id, contact_id=contact_id, to=_place(customer, details), now=now
        )
        if not is_held:
            _keep(session, customer, before, details, contact=session.get_one(Contact, contact_id), now=now)
    if is_held:
        # After the commit, as the case for a person must stay.
        raise Refused(IN_CHECK, code="billing.in_check")


def _keep(
    session: Session,
    customer: Customer,
    before: BillingDetails,
    details: BillingDetails,
    *,
    contact: Contact,
    now: datetime,
) -> None:
    profile = session.get(BillingProfile, customer.id, with_for_update=True)
    if profile is None:
        profile = BillingProfile(customer_id=customer.id or 0, changed_at=now)
        session.add(profile)
    old, new = as_values(before), as_values(details)
    for name, value in new.items():
        setattr(profile, name, value)
    profile.changed_by, profile.changed_at = contact.name, now
    changed = sorted(name for name in new if old[name] != new[name])
    record(
        session,
        Actor(ActorKind.CUSTOMER, contact.name, contact.id),
        action="billing.changed",
        object_kind="customer",
        object_id=customer.id or 0,
        object_name=customer.company_name,
        now=now,
        old={name: old[name] for name in changed},
        new={name: new[name] for name in changed},
    )


def _is_new_place(before: BillingDetails, after: BillingDetails) -> bool:
    def place(one: BillingDetails) -> tuple[str, ...]:
        return (one.name, one.street, one.postal_code, one.city)

    return any(place(after)) and place(before) != place(after)


def _place(customer: Customer, details: BillingDetails) -> Destination:
    """Who the invoice would name, and where."""
    if not details.has_address:
        return Destination(customer.company_name, customer.street, customer.postal_code, customer.city)
    return Destination(details.name, details.street, details.postal_code, details.city)
