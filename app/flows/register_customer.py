"""A company applies: what it wrote is checked and kept, and the worker takes it up."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from app.core.errors import N_, FieldError, Invalid
from app.core.security import hash_password
from app.core.transaction import transaction
from app.customers.models import Contact, Customer, IncomingApplication, TokenPurpose
from app.customers.queries import normal_email
from app.customers.rules import passwords
from app.customers.rules.application import CompanyFacts, fault_of_email, fault_of_person, faults
from app.customers.service import forget_links, send_link
from app.jobs.service import put_job
from app.throttling.service import hit, key_of

WINDOW = timedelta(hours=1)
TRIES_PER_ADDRESS = 30
TRIES_OF_ALL = 2_000
LINKS_PER_PERSON = 5


@dataclass(frozen=True)
class Application:
    """A company, its first person and how they will sign in."""

    facts: CompanyFacts
    contact_name: str
    email: str
    password: str
    language: str
    is_business: bool
    has_accepted_terms: bool


def register_customer(session: Session, application: Application, *, address: str, now: datetime) -> None:
    """Keeps an application for `receive_application`, which writes to the applicant.

    Whether the address is known is not looked at here: the answer comes after the same work for all, one hash
    of the password included, so that its time tells nothing either. Raises Invalid `application.invalid` with
    the fields, Refused `throttled`.
    """
    _check(application)
    with transaction(session):
        hit(session, key_of("register_from", address), limit=TRIES_PER_ADDRESS, window=WINDOW, now=now)
        hit(session, "register", limit=TRIES_OF_ALL, window=WINDOW, now=now)
    password_hash = hash_password(application.password)
    with transaction(session):
        incoming = IncomingApplication(
            facts=asdict(application.facts),
            contact_name=application.contact_name,
            email=normal_email(application.email),
            password_hash=password_hash,
            language=application.language,
            received_at=now,
        )
        session.add(incoming)
        session.flush()
        put_job(session, "receive_application", now=now, application_id=incoming.id)


def resend_link(session: Session, *, contact_id: int, now: datetime) -> None:
    """Mails a fresh link to confirm the address, and the older ones die; a confirmed one gets none.

    Raises Refused `throttled`.
    """
    with transaction(session):
        hit(session, f"verify_resend:{contact_id}", limit=LINKS_PER_PERSON, window=WINDOW, now=now)
        contact = session.get_one(Contact, contact_id, with_for_update=True)
        if contact.email_verified_at is None:
            forget_links(session, contact_id, purpose=TokenPurpose.VERIFY_EMAIL)
            company_name = session.get_one(Customer, contact.customer_id).company_name
            send_link(session, contact, TokenPurpose.VERIFY_EMAIL, company_name=company_name, now=now)


def _check(application: Application) -> None:
    wrong = list(faults(application.facts))
    wrong += [
        fault
        for fault in (fault_of_person(application.contact_name), fault_of_email(application.email))
        if fault is not None
    ]
    personal = (application.email, application.contact_name, application.facts.company_name)
    refused = passwords.fault(application.password, personal=personal)
    if refused:
        wrong.append(FieldError("password", refused))
    if not application.is_business:
        wrong.append(FieldError("is_business", N_("Please confirm that you buy as a business.")))
    if not application.has_accepted_terms:
        wrong.append(FieldError("accept_terms", N_("Please accept the terms.")))
    if wrong:
        raise Invalid(N_("Please check your entries."), code="application.invalid", fields=tuple(wrong))
