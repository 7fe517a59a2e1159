"""Reading disputes: which orders they hold back, what waits for an answer, and one with its files."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, exists, select

from app.core.errors import N_, NotFound
from app.core.paging import Slice, read_page
from app.ordering.models import Order
from app.payments.models import Dispute, DisputeFile, FraudWarning
from app.payments.rules.disputes import CLOSED, TO_ANSWER

FREEING = ("won", "prevented")
"""The ends of a dispute after which the money is ours and the order may leave by itself."""


def is_disputed() -> ColumnElement[bool]:
    """Whether the bank took an order's money, or has it for now, and no person has let the order go since."""
    return exists().where(
        col(Dispute.order_id) == col(Order.id),
        col(Dispute.taken_at).is_not(None),
        col(Dispute.status).not_in(FREEING),
        col(Dispute.passed_at).is_(None),
    )


def disputed_among(session: Session, order_ids: Collection[int]) -> list[str]:
    """The numbers of those of some orders that are disputed, in the order of their ids."""
    query = select(Order.number).where(col(Order.id).in_(list(order_ids)), is_disputed())
    return list(session.exec(query.order_by(col(Order.id))))


def disputes_of_order(session: Session, order_id: int) -> Sequence[Dispute]:
    """All disputes about an order's money, oldest first."""
    query = select(Dispute).where(col(Dispute.order_id) == order_id).order_by(col(Dispute.id))
    return session.exec(query).all()


def dispute_by_id(session: Session, row_id: int) -> tuple[Dispute, Order]:
    """One dispute with its order. Raises NotFound."""
    found = session.exec(
        select(Dispute, Order)
        .join(Order, col(Order.id) == col(Dispute.order_id))
        .where(col(Dispute.id) == row_id)
    ).first()
    if found is None:
        raise unknown_dispute()
    return found


def unknown_dispute() -> NotFound:
    """What an id gets that no dispute has."""
    return NotFound(N_("There is no such dispute."), code="dispute.unknown")


def files_of(session: Session, row_id: int) -> Sequence[DisputeFile]:
    """The files of a dispute's evidence, by the field that they fill; their content is read with them."""
    query = select(DisputeFile).where(col(DisputeFile.dispute_row_id) == row_id)
    return session.exec(query.order_by(col(DisputeFile.field))).all()


def list_disputes(session: Session, *, is_closed: bool, page: int) -> Slice[tuple[Dispute, Order]]:
    """One page of disputes with their orders: those that wait for us by their last day, closed ones newest first."""
    query = select_columns(Dispute, Order).join(Order, col(Order.id) == col(Dispute.order_id))
    if is_closed:
        query = query.where(col(Dispute.status).in_(CLOSED)).order_by(col(Dispute.id).desc())
    else:
        query = query.where(col(Dispute.status).not_in(CLOSED))
        query = query.order_by(
            col(Dispute.status).not_in(TO_ANSWER),
            col(Dispute.due_at).is_(None),
            col(Dispute.due_at),
            col(Dispute.id),
        )
    return read_page(session, query, page=page)


def count_to_answer(session: Session, *, now: datetime) -> int:
    """How many disputes wait for our evidence while it still counts."""
    query = select(func.count()).where(
        col(Dispute.status).in_(TO_ANSWER),
        col(Dispute.submitted_at).is_(None),
        col(Dispute.due_at).is_(None) | (col(Dispute.due_at) > now),
    )
    return session.exec(query).one()


def open_disputes(session: Session, *, checked_before: datetime, limit: int) -> Sequence[Dispute]:
    """Open disputes that nobody looked at since a moment, oldest look first."""
    query = select(Dispute).where(
        col(Dispute.status).not_in(CLOSED), col(Dispute.checked_at) < checked_before
    )
    return session.exec(query.order_by(col(Dispute.checked_at)).limit(limit)).all()


def warnings_of_order(session: Session, order_id: int) -> Sequence[FraudWarning]:
    """The early fraud warnings about an order's payment, oldest first."""
    query = select(FraudWarning).where(col(FraudWarning.order_id) == order_id)
    return session.exec(query.order_by(col(FraudWarning.id))).all()


def list_undecided_warnings(session: Session, *, limit: int) -> Sequence[tuple[FraudWarning, Order]]:
    """Early fraud warnings about which nobody has decided, oldest first, with their orders."""
    rows = session.execute(
        select_columns(FraudWarning, Order)
        .join(Order, col(Order.id) == col(FraudWarning.order_id))
        .where(col(FraudWarning.decision).is_(None))
        .order_by(col(FraudWarning.id))
        .limit(limit)
    )
    return [(warning, order) for warning, order in rows]


def count_undecided_warnings(session: Session) -> int:
    """How many early fraud warnings wait for a person."""
    return session.exec(select(func.count()).where(col(FraudWarning.decision).is_(None))).one()
