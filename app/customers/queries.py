"""Reading customers, their people and sessions."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.core.ids import hash_token
from app.customers.models import Contact, ContactSession, ContactToken, Customer, TokenPurpose
from app.customers.rules.application import CompanyFacts
from app.mainbrand.rules.keys import ascii_domain


@dataclass(frozen=True)
class SignedInBrowser:
    """One session of a person; `is_this_one` marks the browser that asks."""

    created_at: datetime
    last_seen_at: datetime
    is_this_one: bool


def contact_by_email(session: Session, email: str) -> Contact | None:
    """The person who signs in with an address, in whatever case it is written."""
    return session.exec(select(Contact).where(col(Contact.email) == normal_email(email))).first()


def normal_email(email: str) -> str:
    """An address as it is stored, compared and written to: no spaces around it, lower case, no NUL (PostgreSQL
    refuses it), an international domain in punycode (few mail servers take it as people write it).
    """
    name, at, domain = email.replace("\0", "").strip().lower().rpartition("@")
    return name + at + ascii_domain(domain)


def read_facts(session: Session, customer_id: int) -> CompanyFacts:
    """What a company said about itself, for its own form. Raises NoResultFound for an unknown customer."""
    return facts_of(session.exec(select(Customer).where(col(Customer.id) == customer_id)).one())


def facts_of(customer: Customer) -> CompanyFacts:
    """A customer's row as the facts that rules look at."""
    return CompanyFacts(
        company_name=customer.company_name,
        legal_form=customer.legal_form,
        vat_id=customer.vat_id or "",
        vat_note=customer.vat_note,
        register_number=customer.register_number or "",
        register_court=customer.register_court,
        street=customer.street,
        postal_code=customer.postal_code,
        city=customer.city,
        country=customer.country,
        phone=customer.phone,
    )


def people_of(session: Session, customer_id: int) -> list[Contact]:
    """Everybody who signs in for a company, first comer first."""
    people = select(Contact).where(col(Contact.customer_id) == customer_id).order_by(col(Contact.id))
    return list(session.exec(people))


def browsers_of(
    session: Session, contact_id: int, *, session_hash: str, now: datetime
) -> list[SignedInBrowser]:
    """The live sessions of a person, the one used last first."""
    rows = session.exec(
        select(ContactSession)
        .where(col(ContactSession.contact_id) == contact_id, col(ContactSession.expires_at) > now)
        .order_by(col(ContactSession.last_seen_at).desc())
    )
    return [SignedInBrowser(row.created_at, row.last_seen_at, row.token_hash == session_hash) for row in rows]


def is_link_live(session: Session, token: str, *, purpose: TokenPurpose, now: datetime) -> bool:
    """Whether a link sent by mail can still be used for its purpose."""
    found = session.exec(
        select(ContactToken.contact_id).where(
            col(ContactToken.token_hash) == hash_token(token),
            col(ContactToken.purpose) == purpose,
            col(ContactToken.used_at).is_(None),
            col(ContactToken.expires_at) > now,
        )
    ).first()
    return found is not None
