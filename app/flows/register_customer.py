"""A company applies: facts and password are kept, and a link to confirm the e-mail address is mailed."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.core.errors import N_, FieldError, Invalid
from app.core.ids import new_number
from app.core.security import hash_password
from app.core.transaction import transaction
from app.customers.models import Contact, Customer, TokenPurpose
from app.customers.queries import contact_by_email, normal_email
from app.customers.rules import passwords
from app.customers.rules.application import CompanyFacts, fault_of_email, fault_of_person, faults
from app.customers.service import send_link
from app.mail.service import put_mail
from app.ordering.models import TermsVersion
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
    """Keeps an application and mails the link that goes on with it.

    For an address that is known already nothing changes, but its owner gets a mail (one a day); the caller
    cannot tell the difference, not by time either: the password is hashed exactly once on every way.
    Raises Invalid `application.invalid` with the fields, Refused `throttled`.
    """
    _check(application)
    with transaction(session):
        hit(session, key_of("register_from", address), limit=TRIES_PER_ADDRESS, window=WINDOW, now=now)
        hit(session, "register", limit=TRIES_OF_ALL, window=WINDOW, now=now)
    password_hash = hash_password(application.password)
    try:
        _keep(session, application, password_hash=password_hash, now=now)
    except IntegrityError:
        # Somebody registered the same address at the same moment: it is known now.
        _keep(session, application, password_hash=password_hash, now=now)


def resend_link(session: Session, *, contact_id: int, now: datetime) -> None:
    """Mails a fresh link to confirm the address; a confirmed one gets none. Raises Refused `throttled`."""
    with transaction(session):
        hit(session, f"verify_resend:{contact_id}", limit=LINKS_PER_PERSON, window=WINDOW, now=now)
        contact = session.get_one(Contact, contact_id, with_for_update=True)
        if contact.email_verified_at is None:
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


def _keep(session: Session, application: Application, *, password_hash: str, now: datetime) -> None:
    with transaction(session):
        known = contact_by_email(session, application.email)
        if known is None:
            _add(session, application, password_hash=password_hash, now=now)
        else:
            put_mail(
                session,
                "registration_known",
                key=f"registration_known:{known.id}:{now.date().isoformat()}",
                to=known.email,
                language=known.language,
                object_kind="customer",
                object_id=known.customer_id,
                now=now,
                contact_name=known.name,
                is_confirmed=known.email_verified_at is not None,
            )


def _add(session: Session, application: Application, *, password_hash: str, now: datetime) -> None:
    facts = application.facts
    customer = Customer(
        number=new_number("K"),
        company_name=facts.company_name,
        legal_form=facts.legal_form,
        name_key=facts.name_key,
        vat_id=facts.vat_key,
        vat_note=facts.vat_note,
        register_number=facts.register_number or None,
        register_court=facts.register_court,
        register_key=facts.register_key,
        street=facts.street,
        postal_code=facts.postal_code,
        city=facts.city,
        country=facts.country,
        phone=facts.phone,
        language=application.language,
        business_confirmed_at=now,
        created_at=now,
    )
    session.add(customer)
    session.flush()
    assert customer.id is not None
    contact = Contact(
        customer_id=customer.id,
        email=normal_email(application.email),
        name=application.contact_name,
        language=application.language,
        password_hash=password_hash,
        created_at=now,
    )
    session.add(contact)
    session.flush()
    send_link(session, contact, TokenPurpose.VERIFY_EMAIL, company_name=customer.company_name, now=now)
    terms = session.exec(select(TermsVersion.name).order_by(col(TermsVersion.id).desc()).limit(1)).first()
    record(
        session,
        Actor(ActorKind.CUSTOMER, contact.name, contact.id),
        action="customer.applied",
        object_kind="customer",
        object_id=customer.id,
        object_name=customer.company_name,
        now=now,
        new={"terms_version": terms, "is_business": True},
    )
