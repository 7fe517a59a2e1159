"""Reading which pieces of an order nobody has paid back or replaced yet."""

from collections.abc import Mapping

from sqlalchemy import func
from sqlmodel import Session, col, or_, select

from app.care.models import Complaint
from app.care.queries_complaints import cause_of, refunds_of
from app.core.errors import N_, Refused
from app.ordering.models import Order, OrderLine
from app.ordering.rules.states import OrderKind, OrderState
from app.payments.models import Refund, RefundLine
from app.payments.queries_refunds import COUNTING


def left_pieces(session: Session, order: Order) -> dict[int, int]:
    """How many of each line of an order no answer has paid back or replaced yet, by line id; never below 0.

    A replacement that was called off replaced nothing: what was paid back for it counts for the order whose complaint
    led to it. No more is left of it than of that one, and nothing where that complaint was paid back itself.
    """
    left = _left_versions(session, order.id or 0)
    if order.kind is OrderKind.REPLACEMENT and order.state is OrderState.CANCELLED:
        led_to_it = select(Complaint).where(col(Complaint.replacement_order_id) == order.id)
        complaint = session.exec(led_to_it).one()
        is_paid_back = any(one.state in COUNTING for one in refunds_of(session, complaint))
        origin = {} if is_paid_back else _left_versions(session, complaint.order_id)
        left = {version_id: min(count, origin.get(version_id, 0)) for version_id, count in left.items()}
    rows = session.exec(
        select(OrderLine.id, OrderLine.bundle_version_id).where(col(OrderLine.order_id) == order.id)
    )
    return {line_id or 0: max(0, left[version_id]) for line_id, version_id in rows}


def check_left(session: Session, order: Order, quantities: Mapping[int, int]) -> None:
    """Raises Refused `complaint.nothing_left` for more pieces (by line id) than are left of a line."""
    left = left_pieces(session, order)
    for line_id, quantity in quantities.items():
        if quantity > left[line_id]:
            raise Refused(
                N_("Of %(name)s only %(left)s are left: the others were paid back or replaced before."),
                code="complaint.nothing_left",
                name=session.get_one(OrderLine, line_id).name,
                left=left[line_id],
            )


def lines_of_versions(session: Session, order: Order, versions: Mapping[int, int]) -> dict[int, int]:
    """Pieces by bundle version as pieces by line id of an order."""
    rows = session.exec(
        select(OrderLine.id, OrderLine.bundle_version_id).where(
            col(OrderLine.order_id) == order.id, col(OrderLine.bundle_version_id).in_(list(versions))
        )
    )
    return {line_id or 0: versions[version_id] for line_id, version_id in rows}


def paid_back_versions(session: Session, order_id: int) -> list[tuple[int, int]]:
    """The pieces of an order that went back by staff or for complaints about it, each bundle version with how many."""
    called_off = (
        select(Order.id)
        .join(Complaint, col(Complaint.replacement_order_id) == col(Order.id))
        .where(col(Complaint.order_id) == order_id, col(Order.state) == OrderState.CANCELLED)
    )
    complaints = session.exec(
        select(Complaint).where(
            or_(col(Complaint.order_id) == order_id, col(Complaint.order_id).in_(called_off))
        )
    )
    causes = [cause_of(one, is_second=is_second) for one in complaints for is_second in (False, True)]
    rows = session.exec(
        select(OrderLine.bundle_version_id, func.sum(RefundLine.quantity))
        .join(RefundLine, col(RefundLine.order_line_id) == col(OrderLine.id))
        .join(Refund, col(Refund.id) == col(RefundLine.refund_id))
        .where(
            or_(
                col(Refund.cause).in_(causes),
                (col(Refund.order_id) == order_id) & col(Refund.cause).startswith("staff:"),
            ),
            col(Refund.state).in_(COUNTING),
        )
        .group_by(col(OrderLine.bundle_version_id))
    )
    return [(version_id, int(quantity)) for version_id, quantity in rows]


def _left_versions(session: Session, order_id: int) -> dict[int, int]:
    """The pieces of an order that are left, by bundle version."""
    left: dict[int, int] = {}
    for version_id, quantity in session.exec(
        select(OrderLine.bundle_version_id, OrderLine.quantity).where(col(OrderLine.order_id) == order_id)
    ):
        left[version_id] = left.get(version_id, 0) + quantity
    for version_id, quantity in [*paid_back_versions(session, order_id), *_replaced(session, order_id)]:
        left[version_id] = left.get(version_id, 0) - quantity
    return left


def _replaced(session: Session, order_id: int) -> list[tuple[int, int]]:
    rows = session.exec(
        select(OrderLine.bundle_version_id, func.sum(OrderLine.quantity))
        .join(Order, col(Order.id) == col(OrderLine.order_id))
        .join(Complaint, col(Complaint.replacement_order_id) == col(Order.id))
        .where(col(Complaint.order_id) == order_id, col(Order.state) != OrderState.CANCELLED)
        .group_by(col(OrderLine.bundle_version_id))
    )
    return [(version_id, int(quantity)) for version_id, quantity in rows]
