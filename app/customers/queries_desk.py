"""Reading applicants and customers for the staff's pages."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.core.errors import N_, NotFound
from app.core.paging import Slice, read_page
from app.customers.models import Contact, Customer, Screening
from app.customers.queries import people_of
from app.customers.rules.admission import Admission, ScreeningState, Standing, admission
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.keys import name_key, vat_key
from app.mainbrand.rules.segments import Segment


@dataclass(frozen=True)
class CustomerFilter:
    """What to look for; None and empty mean all."""

    text: str = ""
    segment: Segment | None = None
    screening: ScreeningState | None = None
    is_suspended: bool = False
    is_growing: bool = False


def list_customers(session: Session, wanted: CustomerFilter, *, page: int) -> Slice[Customer]:
    """One page of companies, newest first; the text may be a number, VAT id, e-mail, phone or name."""
    query = select(Customer).order_by(col(Customer.id).desc())
    if wanted.segment is not None:
        query = query.where(col(Customer.segment) == wanted.segment)
    if wanted.screening is not None:
        query = query.where(col(Customer.screening) == wanted.screening)
    if wanted.is_suspended:
        query = query.where(col(Customer.suspended_at).is_not(None))
    if wanted.is_growing:
        query = query.where(col(Customer.growing_since).is_not(None))
    if wanted.text:
        text = wanted.text
        people = select_columns(col(Contact.customer_id)).where(
            col(Contact.email).contains(text.lower(), autoescape=True)
        )
        found = (
            col(Customer.number).icontains(text, autoescape=True)
            | col(Customer.phone).contains(text, autoescape=True)
            | col(Customer.company_name).icontains(text, autoescape=True)
            | col(Customer.id).in_(people)
        )
        if vat_id := vat_key(text):
            found |= col(Customer.vat_id) == vat_id
        words = name_key(text).split()
        if words:
            by_name = col(Customer.name_key).contains(words[0], autoescape=True)
            for word in words[1:]:
                by_name &= col(Customer.name_key).contains(word, autoescape=True)
            found |= by_name
        query = query.where(found)
    return read_page(session, query, page=page)


def find_customer(session: Session, number: str) -> Customer:
    """The company of a number. Raises NotFound."""
    customer = session.exec(select(Customer).where(col(Customer.number) == number)).first()
    if customer is None:
        raise NotFound(N_("There is no such customer."), code="customer.not_found")
    return customer


def customer_by_id(session: Session, customer_id: int) -> Customer:
    """One company. Raises NotFound."""
    customer = session.get(Customer, customer_id)
    if customer is None:
        raise NotFound(N_("There is no such customer."), code="customer.not_found")
    return customer


def standing_of(session: Session, customer: Customer) -> Admission:
    """The gate's answer as the page may show it, for a company whose first person has confirmed the e-mail."""
    main = session.get(MainAccount, customer.main_account_id) if customer.main_account_id else None
    return admission(
        Standing(
            is_email_verified=any(
                contact.email_verified_at is not None for contact in people_of(session, customer.id or 0)
            ),
            is_business_verified=customer.business_verified_at is not None,
            screening=customer.screening,
            segment=customer.segment,
            main_segment=main.segment if main else None,
            is_suspended=customer.suspended_at is not None,
            is_moved_up=customer.moved_up_at is not None,
        )
    )


def find_screening(session: Session, screening_id: int) -> Screening:
    """One comparison. Raises NotFound."""
    screening = session.get(Screening, screening_id)
    if screening is None:
        raise NotFound(N_("There is no such case."), code="screening.not_found")
    return screening


def customers_of_account(session: Session, account_id: int) -> Sequence[Customer]:
    """The customers of the shop that are linked to a main account."""
    return session.exec(
        select(Customer)
        .where(col(Customer.main_account_id) == account_id)
        .order_by(col(Customer.id))
        .limit(20)
    ).all()


def count_growing(session: Session) -> int:
    """How many customers grow past the policy and were not moved up yet."""
    return session.exec(
        select(func.count()).select_from(Customer).where(col(Customer.growing_since).is_not(None))
    ).one()
