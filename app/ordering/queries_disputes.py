"""Reading which orders are held back because their payment was charged back and nobody has decided yet."""

from collections.abc import Collection

from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, exists, select

from app.ordering.models import Order, OrderEvent

CHARGED_BACK = "charged_back"
LET_GO = "chargeback_passed"


def is_disputed() -> ColumnElement[bool]:
    """Whether an order's payment was charged back and no person has let it go since."""
    told, passed = aliased(OrderEvent), aliased(OrderEvent)
    is_passed = exists().where(
        col(passed.order_id) == col(told.order_id), col(passed.kind) == LET_GO, col(passed.id) > col(told.id)
    )
    return exists().where(col(told.order_id) == col(Order.id), col(told.kind) == CHARGED_BACK, ~is_passed)


def disputed_among(session: Session, order_ids: Collection[int]) -> list[str]:
    """The numbers of those of some orders that are disputed, in the order of their ids."""
    query = select(Order.number).where(col(Order.id).in_(list(order_ids)), is_disputed())
    return list(session.exec(query.order_by(col(Order.id))))
