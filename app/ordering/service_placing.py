"""What placing any order shares, inside the caller's transaction: once per checkout key, and its parts as rows."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, SQLModel, col, select

from app.ordering.models import Charge, Order, OrderLine, OrderTax
from app.ordering.rules.pricing import PricedCharge, TaxPart


@dataclass(frozen=True, slots=True)
class DeliveryAddress:
    """Where the goods go."""

    company_name: str
    contact_name: str
    street: str
    postal_code: str
    city: str
    country: str


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """The order that now exists; `is_new` is False when the same checkout had placed it before."""

    order_id: int
    number: str
    is_new: bool


def order_of_key(session: Session, customer_id: int, checkout_key: str) -> PlacedOrder | None:
    """The order that this checkout placed before; the company's row must be locked, so that none comes meanwhile."""
    row = session.execute(
        select(Order.id, Order.number).where(
            col(Order.customer_id) == customer_id, col(Order.checkout_key) == checkout_key
        )
    ).first()
    return PlacedOrder(row.id or 0, row.number, is_new=False) if row else None


def store_parts(
    session: Session,
    order_id: int,
    *,
    lines: Sequence[dict[str, Any]] = (),
    charges: Sequence[PricedCharge],
    taxes: Sequence[TaxPart],
) -> None:
    """Writes lines (values by column), charges and VAT rates, as plain rows: nobody needs their ids."""
    _insert(session, OrderLine, [{"order_id": order_id, **line} for line in lines])
    _insert(session, Charge, [{"order_id": order_id, **asdict(charge)} for charge in charges])
    _insert(session, OrderTax, [{"order_id": order_id, **asdict(tax)} for tax in taxes])


def _insert(session: Session, model: type[SQLModel], rows: list[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(SQLModel.metadata.tables[str(model.__tablename__)]), rows)
