"""Orders without VAT whose VAT id turned out to be wrong before their document: a person decides."""

from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, exists, func, select

from app.customers.models import VatCheck
from app.customers.rules.vat_answers import VatOutcome
from app.invoices.models import Invoice
from app.ordering.models import Order
from app.ordering.rules.states import OrderState
from app.ordering.rules.vat import VatCase

_EXEMPT = (VatCase.INTRA_COMMUNITY, VatCase.REVERSE_CHARGE)
_REFUTING = (VatOutcome.INVALID, VatOutcome.MISMATCH)


def refuted_orders(session: Session, *, limit: int = 50) -> list[Any]:
    """Number, company, VAT id and moment of placing of each, oldest first."""
    columns = (Order.number, Order.company_name, Order.vat_id, Order.placed_at)
    return list(session.execute(_refuted(select(*columns)).order_by(col(Order.id)).limit(limit)))


def count_refuted(session: Session) -> int:
    """How many there are."""
    return int(session.execute(_refuted(select(func.count(col(Order.id))))).scalar_one())


def _refuted(query: Any) -> Select[Any]:
    refuting, later = aliased(VatCheck), aliased(VatCheck)
    is_confirmed_again = exists().where(
        col(later.customer_id) == col(Order.customer_id),
        col(later.vat_id) == col(Order.vat_id),
        col(later.outcome) == VatOutcome.VALID,
        col(later.at) > col(refuting.at),
    )
    is_refuted = exists().where(
        col(refuting.customer_id) == col(Order.customer_id),
        col(refuting.vat_id) == col(Order.vat_id),
        col(refuting.outcome).in_(_REFUTING),
        col(refuting.at) > col(Order.placed_at),
        ~is_confirmed_again,
    )
    has_document = exists().where(col(Invoice.order_id) == col(Order.id))
    found: Select[Any] = query.where(
        col(Order.vat_case).in_(_EXEMPT),
        col(Order.state).in_((OrderState.ACCEPTED, OrderState.DISPATCHED)),
        is_refuted,
        ~has_document,
    )
    return found
