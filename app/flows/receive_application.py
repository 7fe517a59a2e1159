"""An application that has arrived is taken up: a new company, or a word to the owner of a known address."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.core.ids import new_number
from app.core.transaction import transaction
from app.customers.models import Contact, Customer, IncomingApplication, TokenPurpose
from app.customers.queries import contact_by_email
from app.customers.rules.application import CompanyFacts
from app.customers.service import send_link
from app.mail.service import put_mail
from app.ordering.models import TermsVersion


def receive_application(session: Session, *, application_id: int, now: datetime) -> None:
    """Makes the company and its first person, and mails the link that goes on with it.

    For an address that is known already nothing changes, but its owner gets a mail, one a day. Run again,
    it does nothing: the row is gone with the first time.
    """
    try:
        _take_up(session, application_id, now=now)
    except IntegrityError:
        # Another worker took up the same address at the same moment: it is known now.
        _take_up(session, application_id, now=now)


def _take_up(session: Session, application_id: int, *, now: datetime) -> None:
    with transaction(session):
        application = session.exec(
            select(IncomingApplication).where(col(IncomingApplication.id) == application_id).with_for_update()
        ).first()
        if application is None:
            return
        known = contact_by_email(session, application.email)
        if known is None:
            _add(session, application, now=now)
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
        session.delete(application)


def _add(session: Session, application: IncomingApplication, *, now: datetime) -> None:
    facts = CompanyFacts(**application.facts)
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
        business_confirmed_at=application.received_at,
        created_at=application.received_at,
    )
    session.add(customer)
    session.flush()
    assert customer.id is not None
    contact = Contact(
        customer_id=customer.id,
        email=application.email,
        name=application.contact_name,
        language=application.language,
        password_hash=application.password_hash,
        created_at=application.received_at,
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
