"""Reading what speaks against sending the goods of an order, at the moment in which they would be charged."""

from collections.abc import Mapping

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, or_, select

from app.catalogue.models import Block, BundleItem, StockReservation
from app.catalogue.rules.stock import ReservationState
from app.ordering.models import Order, OrderLine
from app.ordering.rules.states import OrderState


def goods_against(session: Session, order_id: int) -> tuple[bool, bool]:
    """Whether a block of an order is dangerous or restricted by now, and whether one is short for it.

    Short is a counted block of which less is there than the paid orders hold together with this one. One look, and
    a second only where more is held of a block than there is.
    """
    is_kept_out = or_(col(Block.is_hazardous), col(Block.is_restricted))
    is_scarce = ~col(Block.is_made_to_order) & (col(Block.reserved_milli) > col(Block.stock_milli))
    doubtful = (
        select_columns(col(Block.id), col(Block.stock_milli), is_kept_out)
        .join(BundleItem, col(BundleItem.block_id) == col(Block.id))
        .join(OrderLine, col(OrderLine.bundle_version_id) == col(BundleItem.bundle_version_id))
        .where(col(OrderLine.order_id) == order_id, or_(is_kept_out, is_scarce))
    )
    rows = session.execute(doubtful).all()
    if any(is_out for _, _, is_out in rows):
        return True, False
    stock = {block_id: milli for block_id, milli, _ in rows}
    return False, bool(stock) and _is_short(session, order_id, stock)


def _is_short(session: Session, order_id: int, stock: Mapping[int, int]) -> bool:
    own = select(StockReservation.block_id).where(col(StockReservation.order_id) == order_id)
    held = session.execute(
        select_columns(col(StockReservation.block_id), func.sum(col(StockReservation.quantity_milli)))
        .join(Order, col(Order.id) == col(StockReservation.order_id))
        .where(
            col(StockReservation.block_id).in_(list(stock)),
            col(StockReservation.block_id).in_(own),
            col(StockReservation.state) == ReservationState.HELD,
            or_(col(Order.id) == order_id, col(Order.state) == OrderState.ACCEPTED),
        )
        .group_by(col(StockReservation.block_id))
    )
    return any(milli > stock[block_id] for block_id, milli in held)
