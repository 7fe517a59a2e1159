"""Reading which orders wait for which run, which are late, and which lack goods."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import func, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.catalogue.models import Block, StockReservation
from app.catalogue.rules.stock import ReservationState
from app.fulfilment.models import Shipment
from app.fulfilment.queries import due_counts, is_waiting
from app.fulfilment.rules.parcels import Held, short_of
from app.fulfilment.rules.runs import Course
from app.ordering.models import Order


def late_dates(session: Session, course: Course) -> dict[date, int]:
    """The days on which orders should have left, or should leave, and will not; with the number of orders of each."""
    return {
        dispatch_on: count for dispatch_on, count in due_counts(session) if course.misses_its_run(dispatch_on)
    }


def late_order_ids(session: Session, course: Course) -> list[int]:
    """The orders that arrive later than their customers know, oldest run first."""
    dates = late_dates(session, course)
    if not dates:
        return []
    arrives = {dispatch_on: course.expected_on(dispatch_on) for dispatch_on in dates}
    knows = func.coalesce(Order.expected_on, Order.promised_on)
    is_untold = or_(
        *((col(Order.dispatch_on) == on) & (knows < expected_on) for on, expected_on in arrives.items())
    )
    query = (
        select_columns(col(Order.id))
        .where(is_waiting(), is_untold)
        .order_by(col(Order.dispatch_on), col(Order.id))
    )
    return [order_id for order_id in session.execute(query).scalars() if order_id is not None]


def late_orders(session: Session, course: Course, *, limit: int) -> Sequence[Order]:
    """Orders that miss their run, those that should have left first before the others."""
    dates = late_dates(session, course)
    query = (
        select(Order)
        .where(is_waiting(), col(Order.dispatch_on).in_(list(dates)))
        .order_by(col(Order.dispatch_on), col(Order.placed_at), col(Order.id))
    )
    return session.exec(query.limit(limit)).all() if dates else []


def late_on(session: Session, run_on: date, *, limit: int) -> Sequence[Order]:
    """The orders that should have left on a day and are still here."""
    query = select(Order).where(is_waiting(), col(Order.dispatch_on) == run_on)
    return session.exec(query.order_by(col(Order.placed_at), col(Order.id)).limit(limit)).all()


def lock_waiting_orders(session: Session, *, until: date) -> Sequence[Order]:
    """The orders that should leave up to a day and are still here, locked, by their ids."""
    query = select(Order).where(is_waiting(), col(Order.dispatch_on) <= until).order_by(col(Order.id))
    return session.exec(query.with_for_update()).all()


def runs_that_left(session: Session, *, before: date, limit: int) -> list[tuple[date, int]]:
    """The days before a day on which orders left, newest first, with the number of orders."""
    rows = session.execute(
        select_columns(col(Shipment.run_on), func.count())
        .where(col(Shipment.run_on) < before)
        .group_by(col(Shipment.run_on))
        .order_by(col(Shipment.run_on).desc())
        .limit(limit)
    )
    return [(run_on, count) for run_on, count in rows]


def short_orders(session: Session, *, until: date) -> dict[int, dict[int, int]]:
    """Orders of the runs up to a day that cannot be packed from what is there, with block and missing quantity.

    Who should leave first is packed first. Made-to-order blocks are never short.
    """
    rows = session.execute(
        select_columns(
            col(StockReservation.order_id),
            col(StockReservation.block_id),
            col(StockReservation.quantity_milli),
            col(Block.stock_milli),
        )
        .join(Order, col(Order.id) == col(StockReservation.order_id))
        .join(Block, col(Block.id) == col(StockReservation.block_id))
        .where(
            col(StockReservation.state) == ReservationState.HELD,
            is_waiting(),
            col(Order.dispatch_on) <= until,
            col(Block.is_made_to_order).is_(False),
        )
        .order_by(col(Order.dispatch_on), col(Order.placed_at), col(Order.id), col(StockReservation.block_id))
    ).all()
    held = [Held(order_id, block_id, quantity) for order_id, block_id, quantity, _ in rows]
    return short_of(held, {block_id: stock for _, block_id, _, stock in rows})


def shortages(session: Session, short: dict[int, dict[int, int]]) -> list[tuple[Order, Block, int]]:
    """Orders and blocks of what `short_orders` found, with the missing quantity in thousandths of the unit."""
    block_ids = {block_id for missing in short.values() for block_id in missing}
    blocks = {block.id: block for block in session.exec(select(Block).where(col(Block.id).in_(block_ids)))}
    orders = {order.id: order for order in session.exec(select(Order).where(col(Order.id).in_(list(short))))}
    return [
        (orders[order_id], blocks[block_id], missing_milli)
        for order_id, missing in short.items()
        for block_id, missing_milli in missing.items()
    ]
