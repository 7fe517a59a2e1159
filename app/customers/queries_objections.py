"""Reading objections: the staff's list, one of them, and what a company's own page says of its."""

from dataclasses import dataclass

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.core.errors import N_, NotFound
from app.core.paging import Slice, read_page
from app.customers.models import Contact, Customer, Objection

_OPEN = col(Objection.answered_at).is_(None)


@dataclass(frozen=True)
class ObjectionCase:
    """An objection with the company and the person who wrote it."""

    objection: Objection
    customer: Customer
    contact: Contact


def list_objections(session: Session, *, is_answered: bool, page: int) -> Slice[tuple[Objection, Customer]]:
    """One page: the open ones, longest waiting first, or the answered ones, newest answer first."""
    query = select_columns(Objection, Customer).join(Customer, col(Customer.id) == col(Objection.customer_id))
    if is_answered:
        query = query.where(~_OPEN).order_by(col(Objection.answered_at).desc(), col(Objection.id).desc())
    else:
        query = query.where(_OPEN).order_by(col(Objection.id))
    return read_page(session, query, page=page)


def count_open_objections(session: Session) -> int:
    """How many objections wait for an answer."""
    count: int = session.execute(
        select_columns(func.count()).select_from(Objection).where(_OPEN)
    ).scalar_one()
    return count


def find_objection(session: Session, objection_id: int) -> ObjectionCase:
    """One objection. Raises NotFound."""
    objection = session.get(Objection, objection_id)
    if objection is None:
        raise NotFound(N_("There is no such objection."), code="objection.not_found")
    customer = session.get_one(Customer, objection.customer_id)
    return ObjectionCase(objection, customer, session.get_one(Contact, objection.contact_id))


def newest_objection(session: Session, customer_id: int) -> Objection | None:
    """The last objection of a company, open or answered."""
    return session.exec(
        select(Objection)
        .where(col(Objection.customer_id) == customer_id)
        .order_by(col(Objection.id).desc())
        .limit(1)
    ).first()


def objections_of(session: Session, customer_id: int) -> list[Objection]:
    """All objections of a company, newest first."""
    found = select(Objection).where(col(Objection.customer_id) == customer_id)
    return list(session.exec(found.order_by(col(Objection.id).desc())))
