"""Writing sessions, mailed links and decision mails inside the caller's transaction."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from app.core.ids import hash_token, new_token
from app.customers.models import Contact, ContactSession, ContactToken, Customer, TokenPurpose
from app.customers.rules.admission import ScreeningState
from app.mail.service import put_mail

SESSION_LIFETIME = timedelta(days=30)
UNCONFIRMED_LIFETIME = timedelta(days=30)
LINK_LIFETIME = {
    TokenPurpose.VERIFY_EMAIL: timedelta(hours=48),
    TokenPurpose.RESET_PASSWORD: timedelta(hours=1),
}
MAIL_KIND = {TokenPurpose.VERIFY_EMAIL: "verify_email", TokenPurpose.RESET_PASSWORD: "password_reset"}


def lock_customer(session: Session, customer_id: int) -> Customer:
    """The customer's row, locked until the transaction ends. Raises NoResultFound for an unknown one."""
    return session.exec(select(Customer).where(col(Customer.id) == customer_id).with_for_update()).one()


def start_session(session: Session, contact_id: int, *, now: datetime) -> str:
    """Signs a person in: the token for the cookie of a new session (30 days at most)."""
    token = new_token()
    session.add(
        ContactSession(
            token_hash=hash_token(token),
            contact_id=contact_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + SESSION_LIFETIME,
        )
    )
    return token


def end_sessions(session: Session, contact_id: int, *, but: str = "") -> None:
    """Signs a person out of every browser, except the session with the hash `but`."""
    session.execute(
        delete(ContactSession).where(
            col(ContactSession.contact_id) == contact_id, col(ContactSession.token_hash) != but
        )
    )


def end_session(session: Session, session_hash: str) -> None:
    """Signs one browser out."""
    session.execute(delete(ContactSession).where(col(ContactSession.token_hash) == session_hash))


def forget_expired(session: Session, *, now: datetime) -> None:
    """Deletes sessions that are over and links that are of no use any more."""
    session.execute(delete(ContactSession).where(col(ContactSession.expires_at) <= now))
    session.execute(delete(ContactToken).where(col(ContactToken.expires_at) <= now))


def forget_unconfirmed(session: Session, *, now: datetime) -> int:
    """Deletes companies that applied 30 days ago and never confirmed an address, so that it is free again; how many.

    Nothing else can hang on them: without a confirmed address nobody is screened or admitted (Article 5(1)(e) GDPR).
    """
    is_old = col(Customer.created_at) <= now - UNCONFIRMED_LIFETIME
    confirmed = select(Contact.customer_id).where(col(Contact.email_verified_at).is_not(None))
    is_fresh = col(Customer.screening) == ScreeningState.PENDING
    doomed = session.exec(
        select(Customer.id).where(is_old, is_fresh, col(Customer.id).not_in(confirmed)).with_for_update()
    ).all()
    for customer_id in doomed:
        people = select(Contact.id).where(col(Contact.customer_id) == customer_id)
        session.execute(delete(ContactToken).where(col(ContactToken.contact_id).in_(people)))
        session.execute(delete(ContactSession).where(col(ContactSession.contact_id).in_(people)))
        session.execute(delete(Contact).where(col(Contact.customer_id) == customer_id))
        session.execute(delete(Customer).where(col(Customer.id) == customer_id))
    return len(doomed)


def send_link(
    session: Session, contact: Contact, purpose: TokenPurpose, *, company_name: str, now: datetime
) -> None:
    """Mails a person a fresh link."""
    assert contact.id is not None
    token = new_token()
    session.add(
        ContactToken(
            token_hash=hash_token(token),
            contact_id=contact.id,
            purpose=purpose,
            created_at=now,
            expires_at=now + LINK_LIFETIME[purpose],
        )
    )
    put_mail(
        session,
        MAIL_KIND[purpose],
        key=f"{purpose.value}:{hash_token(token)}",
        to=contact.email,
        language=contact.language,
        object_kind="customer",
        object_id=contact.customer_id,
        now=now,
        secret_values={"token": token},
        contact_name=contact.name,
        company_name=company_name,
        hours=int(LINK_LIFETIME[purpose].total_seconds() // 3600),
    )


def use_link(session: Session, token: str, *, purpose: TokenPurpose, now: datetime) -> int | None:
    """Uses a mailed link up; the person's id, or None for an unknown, used, replaced or expired one.

    One UPDATE decides: of two who press the button at once, one gets the answer.
    """
    used = session.execute(
        update(ContactToken)
        .where(
            col(ContactToken.token_hash) == hash_token(token),
            col(ContactToken.purpose) == purpose,
            col(ContactToken.used_at).is_(None),
            col(ContactToken.expires_at) > now,
        )
        .values(used_at=now)
        .returning(col(ContactToken.contact_id))
    )
    contact_id: int | None = used.scalar()
    return contact_id


def forget_links(session: Session, contact_id: int, *, purpose: TokenPurpose) -> None:
    """Makes the unused links of one purpose useless."""
    session.execute(
        delete(ContactToken).where(
            col(ContactToken.contact_id) == contact_id,
            col(ContactToken.purpose) == purpose,
            col(ContactToken.used_at).is_(None),
        )
    )


def write_to(
    session: Session, customer: Customer, kind: str, *, key: str, now: datetime, **values: Any
) -> None:
    """Mails the first person of a company who has confirmed the address; without one, nobody.

    `values` are what the mail of this kind says besides names and number.
    """
    contact = session.exec(
        select(Contact)
        .where(col(Contact.customer_id) == customer.id, col(Contact.email_verified_at).is_not(None))
        .order_by(col(Contact.id))
        .limit(1)
    ).first()
    if contact is None or customer.id is None:
        return
    put_mail(
        session,
        kind,
        key=key,
        to=contact.email,
        language=contact.language,
        object_kind="customer",
        object_id=customer.id,
        now=now,
        contact_name=contact.name,
        company_name=customer.company_name,
        number=customer.number,
        **values,
    )
