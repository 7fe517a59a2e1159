"""Reading orders for the staff's pages, whichever company they belong to."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.core.errors import N_, NotFound
from app.core.paging import Slice, read_page
from app.customers.models import Contact
from app.ordering.models import Charge, Order, OrderEvent, OrderLine, OrderTax, TermsVersion
from app.ordering.rules.states import OrderState


@dataclass(frozen=True)
class OrderParts:
    """What belongs to one order."""

    lines: Sequence[OrderLine]
    charges: Sequence[Charge]
    taxes: Sequence[OrderTax]
    events: Sequence[OrderEvent]
    terms_name: str


def list_orders(session: Session, *, text: str, state: OrderState | None, page: int) -> Slice[Order]:
    """One page of orders, newest first; `text` is looked for in number, company, e-mail and reference."""
    query = select(Order).order_by(col(Order.placed_at).desc(), col(Order.id).desc())
    if state is not None:
        query = query.where(col(Order.state) == state)
    if text:
        people = select_columns(col(Contact.id)).where(
            col(Contact.email).contains(text.lower(), autoescape=True)
        )
        query = query.where(
            col(Order.number).icontains(text, autoescape=True)
            | col(Order.company_name).icontains(text, autoescape=True)
            | col(Order.purchase_reference).icontains(text, autoescape=True)
            | col(Order.contact_id).in_(people)
        )
    return read_page(session, query, page=page)


def find_order(session: Session, number: str) -> Order:
    """The order of a number. Raises NotFound."""
    order = session.exec(select(Order).where(col(Order.number) == number)).first()
    if order is None:
        raise NotFound(N_("There is no such order."), code="order.not_found")
    return order


def read_parts(session: Session, order_id: int) -> OrderParts:
    """The lines, charges, taxes and events of an order, each in the order they were written; the terms' version."""
    return OrderParts(
        lines=_all(session, OrderLine, order_id),
        charges=_all(session, Charge, order_id),
        taxes=_all(session, OrderTax, order_id),
        events=_all(session, OrderEvent, order_id),
        terms_name=session.exec(
            select(TermsVersion.name)
            .join(Order, col(Order.terms_version_id) == col(TermsVersion.id))
            .where(col(Order.id) == order_id)
        ).one(),
    )


def orders_of_customer(session: Session, customer_id: int, *, limit: int) -> Sequence[Order]:
    """The newest orders of a company."""
    return session.exec(
        select(Order)
        .where(col(Order.customer_id) == customer_id)
        .order_by(col(Order.placed_at).desc(), col(Order.id).desc())
        .limit(limit)
    ).all()


def _all(session: Session, model: type, order_id: int) -> Sequence:  # type: ignore[type-arg]
    return session.exec(select(model).where(model.order_id == order_id).order_by(model.id)).all()  # type: ignore[attr-defined]
