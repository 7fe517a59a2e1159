"""Asking the gate inside a money step: the customer's row stays locked until the step is written."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.customers.models import Contact, Customer
from app.customers.rules.admission import Admission, Standing, admission
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment


@dataclass(frozen=True, slots=True)
class Asked:
    """The gate's answer with the rows it was read from. Who keeps them spares others to read them again: a
    session knows only the rows that somebody holds.
    """

    admission: Admission
    customer: Customer
    contact: Contact


def admission_now(session: Session, customer_id: int, *, contact_id: int) -> Admission:
    """The gate's answer for a company and its person, see `ask_gate`."""
    return ask_gate(session, customer_id, contact_id=contact_id).admission


def ask_gate(session: Session, customer_id: int, *, contact_id: int) -> Asked:
    """The gate's answer for a company and its person, read fresh and locked in this transaction.

    Whoever changes the segment at the same moment commits before or after, never in between. Raises
    NoResultFound for an unknown customer.
    """
    customer = session.exec(select(Customer).where(col(Customer.id) == customer_id).with_for_update()).one()
    contact = session.exec(
        select(Contact).where(col(Contact.id) == contact_id, col(Contact.customer_id) == customer_id)
    ).one()
    main_segment = None
    if customer.main_account_id is not None:
        main_segment = session.exec(
            select(MainAccount.segment)
            .where(col(MainAccount.id) == customer.main_account_id)
            .with_for_update(read=True)
        ).one()
    return Asked(_answer(customer, contact, main_segment), customer, contact)


def _answer(customer: Customer, contact: Contact, main_segment: str | None) -> Admission:
    return admission(
        Standing(
            is_email_verified=contact.email_verified_at is not None,
            is_business_verified=customer.business_verified_at is not None,
            screening=customer.screening,
            segment=customer.segment,
            main_segment=Segment(main_segment) if main_segment is not None else None,
            is_suspended=customer.suspended_at is not None,
            is_moved_up=customer.moved_up_at is not None,
        )
    )
