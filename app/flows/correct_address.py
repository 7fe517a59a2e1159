"""A person of the staff corrects the e-mail address of somebody to whom e-mails came back."""

from datetime import datetime

from sqlalchemy import delete, func
from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.core.errors import N_, FieldError, Invalid, NotFound
from app.core.transaction import transaction
from app.customers.models import Contact, ContactToken, TokenPurpose
from app.customers.queries import normal_email
from app.customers.rules.admission import ScreeningState
from app.customers.rules.application import fault_of_email
from app.customers.service import lock_customer, send_link
from app.jobs.service import put_job
from app.mail.models import HELD, AddressState, Mail, MailAddress, MailState


def correct_address(session: Session, address_id: int, *, email: str, actor: Actor, now: datetime) -> None:
    """Gives a person the address that was told; the mark of the old one is lifted, since nobody has it any more.

    The new address counts once it is confirmed: a link goes to it, and until then the shop stays closed for this
    person. Links to the old address are dead. The company is compared with the main brand's list again. What was
    held goes to the new address when somebody of the staff sends it.
    Raises NotFound, and Invalid `mail_address.invalid` for what is no address or belongs to somebody.
    """
    wrong = fault_of_email(email.strip())
    if wrong is not None:
        _refuse(wrong.message)
    new = normal_email(email)
    with transaction(session):
        found = session.get(MailAddress, address_id)
        contact = _contact_of(session, found.address) if found else None
        if found is None or contact is None:
            raise NotFound(N_("Nobody has this address any more."), code="mail_address.not_found")
        customer = lock_customer(session, contact.customer_id)
        contact = session.get_one(Contact, contact.id, with_for_update=True, populate_existing=True)
        if contact.email != found.address:
            raise NotFound(N_("Nobody has this address any more."), code="mail_address.not_found")
        if _contact_of(session, new) is not None:
            _refuse(N_("This address belongs to a person who signs in here already."))
        for mail in _held(session, found.address):
            mail.to_address = new
        address = session.get_one(MailAddress, address_id, with_for_update=True, populate_existing=True)
        address.state, address.lifted_at, address.lifted_by = AddressState.OK, now, actor.name[:200]
        old, contact.email, contact.email_verified_at = contact.email, new, None
        session.execute(delete(ContactToken).where(col(ContactToken.contact_id) == contact.id))
        session.flush()
        send_link(session, contact, TokenPurpose.VERIFY_EMAIL, company_name=customer.company_name, now=now)
        if customer.screening in (ScreeningState.CLEAR, ScreeningState.REVIEW):
            put_job(session, "screen_again", now=now, customer_id=customer.id, trigger="change")
        record(
            session,
            actor,
            action="contact.address_corrected",
            object_kind="customer",
            object_id=customer.id,
            object_name=customer.company_name,
            now=now,
            reason=address.reason,
            old={"email": old},
            new={"email": new, "contact_id": contact.id},
        )


def _contact_of(session: Session, email: str) -> Contact | None:
    return session.exec(select(Contact).where(col(Contact.email) == email)).first()


def _held(session: Session, address: str) -> list[Mail]:
    query = (
        select(Mail)
        .where(
            col(Mail.state) == MailState.FAILED,
            col(Mail.error) == HELD,
            func.lower(col(Mail.to_address)) == address,
        )
        .order_by(col(Mail.id))
        .with_for_update()
    )
    return list(session.exec(query))


def _refuse(message: str) -> None:
    raise Invalid(
        N_("Please check your entries."), code="mail_address.invalid", fields=(FieldError("email", message),)
    )
