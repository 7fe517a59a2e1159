"""A person confirms the e-mail address: the application is taken up and its screening becomes due."""

from datetime import datetime

from sqlmodel import Session

from app.core.errors import N_, NotFound
from app.core.transaction import transaction
from app.customers.models import Contact, TokenPurpose
from app.customers.rules.admission import ScreeningState
from app.customers.rules.vat_answers import VatPurpose
from app.customers.service import lock_customer, use_link, write_to
from app.customers.service_vat import put_vat_check
from app.jobs.service import put_job


def confirm_email(session: Session, token: str, *, now: datetime) -> None:
    """Uses the link up, confirms the address, says that the application was received.

    Raises NotFound `link.dead` for a link that is unknown, used, replaced by a newer one or expired.
    """
    with transaction(session):
        contact_id = use_link(session, token, purpose=TokenPurpose.VERIFY_EMAIL, now=now)
        if contact_id is None:
            raise NotFound(
                N_("This link was used already, was replaced by a newer one, or has expired."),
                code="link.dead",
            )
        contact = session.get_one(Contact, contact_id)
        customer = lock_customer(session, contact.customer_id)
        if contact.email_verified_at is None:
            contact.email_verified_at = now
        if customer.screening is ScreeningState.PENDING:
            session.flush()
            write_to(
                session, customer, "application_received", key=f"application_received:{customer.id}", now=now
            )
            put_job(session, "screen_customer", now=now, customer_id=customer.id, trigger="registration")
            put_vat_check(
                session,
                customer_id=contact.customer_id,
                vat_id=customer.vat_id,
                purpose=VatPurpose.REGISTRATION,
                now=now,
            )
