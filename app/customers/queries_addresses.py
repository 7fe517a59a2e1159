"""The marked e-mail addresses with the people whose they are."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.core.paging import Slice, read_page
from app.customers.models import Contact, Customer
from app.mail.models import AddressState, MailAddress


@dataclass(frozen=True)
class MarkedAddress:
    """An address to which e-mails are held; person and company are None where nobody signs in with it."""

    mark: MailAddress
    contact: Contact | None
    customer: Customer | None


def list_marked(session: Session, *, page: int, address_id: int | None = None) -> Slice[MarkedAddress]:
    """One page of the marked addresses, the newest mark first, or only one of them."""
    query = (
        select(MailAddress, Contact, Customer)
        .outerjoin(Contact, col(Contact.email) == col(MailAddress.address))
        .outerjoin(Customer, col(Customer.id) == col(Contact.customer_id))
        .where(col(MailAddress.state) != AddressState.OK)
        .order_by(col(MailAddress.at).desc(), col(MailAddress.id).desc())
    )
    if address_id is not None:
        query = query.where(col(MailAddress.id) == address_id)
    found = read_page(session, query, page=page)
    return Slice([MarkedAddress(*row) for row in found.rows], found.page, found.has_next)
