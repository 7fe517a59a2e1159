"""A forgotten password is replaced through a mailed link, a known one by naming it."""

from datetime import datetime, timedelta

from sqlmodel import Session

from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.security import hash_password, verify_password
from app.core.transaction import transaction
from app.customers.models import Contact, Customer, TokenPurpose
from app.customers.queries import contact_by_email, normal_email
from app.customers.rules.passwords import fault
from app.customers.service import end_sessions, forget_links, send_link, start_session, use_link
from app.jobs.service import put_job
from app.throttling.service import hit, key_of

WINDOW = timedelta(hours=1)
LINKS_PER_EMAIL = 5
TRIES_PER_ADDRESS = 30
TRIES_OF_PRESENT_PASSWORD = 10


def request_reset(session: Session, *, email: str, address: str, now: datetime) -> None:
    """Asks for a link to the owner of the address, if it has one; the worker looks and mails.

    Known or not, the caller sees the same after the same work. Raises Refused `throttled`, for both alike.
    """
    email = normal_email(email)
    with transaction(session):
        hit(session, key_of("reset_from", address), limit=TRIES_PER_ADDRESS, window=WINDOW, now=now)
        hit(session, key_of("reset", email), limit=LINKS_PER_EMAIL, window=WINDOW, now=now)
        put_job(session, "mail_reset_link", now=now, email=email)


def mail_reset_link(session: Session, *, email: str, now: datetime) -> None:
    """Mails a link (one hour) to the owner of an address; for an unknown one nothing happens.

    Older links stay good, since a stranger may have asked for this one; the first that is used ends all.
    """
    with transaction(session):
        contact = contact_by_email(session, email)
        if contact is not None:
            company_name = session.get_one(Customer, contact.customer_id).company_name
            send_link(session, contact, TokenPurpose.RESET_PASSWORD, company_name=company_name, now=now)


def reset_password(session: Session, *, token: str, password: str, now: datetime) -> None:
    """Sets a new password by a mailed link and signs the person out everywhere; nothing else changes:
    a suspended, refused or unconfirmed account stays so.

    Raises Invalid `password.refused` with the field, NotFound `link.dead`.
    """
    _check(password, field="password")
    password_hash = hash_password(password)
    with transaction(session):
        contact_id = use_link(session, token, purpose=TokenPurpose.RESET_PASSWORD, now=now)
        if contact_id is None:
            raise NotFound(
                N_("This link was used already, was replaced by a newer one, or has expired."),
                code="link.dead",
            )
        contact = session.get_one(Contact, contact_id, with_for_update=True)
        contact.password_hash = password_hash
        forget_links(session, contact_id, purpose=TokenPurpose.RESET_PASSWORD)
        end_sessions(session, contact_id)


def change_password(
    session: Session, *, contact_id: int, present_password: str, password: str, now: datetime
) -> str:
    """Sets a new password after the present one was given; every session ends, the token of a new one comes back.

    Raises Invalid `password.refused` with the fields, Refused `throttled`.
    """
    with transaction(session):
        hit(
            session,
            f"change_password:{contact_id}",
            limit=TRIES_OF_PRESENT_PASSWORD,
            window=WINDOW,
            now=now,
        )
        contact = session.get_one(Contact, contact_id)
        present_hash, personal = contact.password_hash, (contact.email, contact.name)
    if not verify_password(present_password, present_hash):
        wrong = FieldError("present_password", N_("This is not your present password."))
        raise Invalid(N_("Please check your entries."), code="password.refused", fields=(wrong,))
    _check(password, field="password", personal=personal)
    password_hash = hash_password(password)
    with transaction(session):
        contact = session.get_one(Contact, contact_id, with_for_update=True)
        if contact.password_hash != present_hash:
            wrong = FieldError("present_password", N_("This is not your present password."))
            raise Invalid(N_("Please check your entries."), code="password.refused", fields=(wrong,))
        contact.password_hash = password_hash
        forget_links(session, contact_id, purpose=TokenPurpose.RESET_PASSWORD)
        end_sessions(session, contact_id)
        return start_session(session, contact_id, now=now)


def _check(password: str, *, field: str, personal: tuple[str, ...] = ()) -> None:
    refused = fault(password, personal=personal)
    if refused:
        raise Invalid(
            N_("Please check your entries."), code="password.refused", fields=(FieldError(field, refused),)
        )
