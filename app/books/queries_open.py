"""Reading what of a month still waits for its document or its money."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, case, func, select, union_all
from sqlmodel import Session, col

from app.books.queries_month import HELD, SIGN, is_for_documents_until
from app.books.rules.months import Month
from app.books.rules.totals import FOR_DOCUMENTS, OpenItem
from app.invoices.models import Invoice, InvoiceDraft
from app.invoices.rules.document import DraftState
from app.ordering.models import Order
from app.payments.models import MoneyEvent

LIMIT = 100


def list_open(session: Session, month: Month, zone: ZoneInfo, *, limit: int = LIMIT) -> Sequence[OpenItem]:
    """The orders whose money and documents do not agree at the end of a month, by number; at most `limit`."""
    rows = session.execute(_open_orders(session, month, zone).order_by(col(Order.number)).limit(limit))
    return [OpenItem(number, name, int(cents), is_settled=not now) for number, name, cents, now in rows]


def count_unsettled(session: Session, month: Month, zone: ZoneInfo) -> int:
    """How many orders are open at the end of a month and have not been settled since."""
    found = _open_orders(session, month, zone).subquery()
    query = select(func.count()).select_from(found).where(found.c.now_cents != 0)
    return int(session.execute(query).scalar_one())


def count_drafts(session: Session, month: Month, zone: ZoneInfo) -> int:
    """How many documents of orders and refunds up to the end of a month are not issued yet."""
    query = select(func.count()).where(
        col(InvoiceDraft.state) != DraftState.ISSUED, col(InvoiceDraft.created_at) < month.ends_at(zone)
    )
    return int(session.execute(query).scalar_one())


def _open_orders(session: Session, month: Month, zone: ZoneInfo) -> Select[str, str, int, int]:
    """Number, company, what is open at the end of the month, and what of it is open now."""
    is_money_of = and_(*is_for_documents_until(session, month, zone))
    moves = union_all(
        select(
            col(MoneyEvent.order_id).label("order_id"),
            case((is_money_of, HELD), else_=0).label("then_cents"),
            HELD.label("now_cents"),
        ).where(col(MoneyEvent.kind).in_(FOR_DOCUMENTS)),
        select(
            col(Invoice.order_id),
            case((col(Invoice.issued_on) <= month.last_on, -SIGN * col(Invoice.gross_cents)), else_=0),
            -SIGN * col(Invoice.gross_cents),
        ),
    ).subquery()
    then_cents = func.sum(moves.c.then_cents)
    return (
        select(
            col(Order.number),
            col(Order.company_name),
            then_cents.label("then_cents"),
            func.sum(moves.c.now_cents).label("now_cents"),
        )
        .join(moves, moves.c.order_id == col(Order.id))
        .group_by(col(Order.id), col(Order.number), col(Order.company_name))
        .having(then_cents != 0)
    )
