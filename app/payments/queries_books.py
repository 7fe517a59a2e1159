"""Reading our books of payments for the comparison with Stripe's, and what comparisons found."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.ordering.models import Order
from app.payments.models import BookDifference, Dispute, MoneyEvent, Payment, Reconciliation, Refund
from app.payments.rules.books import OurBooks, OurDispute, OurPayment, OurRefund, TheirBooks
from app.payments.rules.keys import refund_mark
from app.payments.rules.states import PaymentState, RefundState

OF_THE_DEMO = "demo_"
"""The demo's past orders were paid in no books at all."""
REFUND_WAY = timedelta(days=60)
"""So long before the span a refund may have been asked for that shows in it."""
CHUNK = 500


def our_books(session: Session, theirs: TheirBooks, *, since: datetime, until: datetime) -> OurBooks:
    """Our payments and refunds that Stripe's lists name, and those of the span that they ought to name."""
    intent_ids = {one.id for one in theirs.intents}
    intent_ids |= {one.intent_id for of in (theirs.charges, theirs.refunds, theirs.disputes) for one in of}
    attempts = {int(one.attempt) for one in theirs.intents if _is_id(one.attempt)}
    numbers = {one.order_number for one in theirs.intents if one.order_number}
    dispute_ids = {one.id for one in theirs.disputes}
    return OurBooks(
        payments=tuple(_payments(session, intent_ids - {""}, attempts, since=since, until=until)),
        refunds=tuple(_refunds(session, {one.id for one in theirs.refunds}, since=since, until=until)),
        disputes=tuple(_disputes(session, dispute_ids, since=since, until=until)),
        order_numbers=frozenset(_numbers(session, numbers)),
    )


def noted_fees(session: Session, keys: Iterable[str]) -> set[str]:
    """Which of these keys of the ledger stand in it."""
    found: set[str] = set()
    for some in _chunks(keys):
        found |= set(session.exec(select(MoneyEvent.key).where(col(MoneyEvent.key).in_(some))))
    return found


def open_differences(session: Session) -> Sequence[BookDifference]:
    """What the last comparisons found and no later one saw mended, newest first."""
    query = select(BookDifference).where(col(BookDifference.resolved_at).is_(None))
    return session.exec(query.order_by(col(BookDifference.made_at).desc(), col(BookDifference.id))).all()


def resolved_differences(session: Session, *, limit: int) -> Sequence[BookDifference]:
    """What is mended, the last first."""
    query = select(BookDifference).where(col(BookDifference.resolved_at).is_not(None))
    return session.exec(query.order_by(col(BookDifference.resolved_at).desc()).limit(limit)).all()


def count_differences(session: Session) -> int:
    """How many differences are open."""
    query = select_columns(func.count()).where(col(BookDifference.resolved_at).is_(None))
    count: int = session.execute(query.select_from(BookDifference)).scalar_one()
    return count


def last_reconciliation(session: Session) -> Reconciliation | None:
    """The newest comparison that came to its end."""
    return session.exec(select(Reconciliation).order_by(col(Reconciliation.id).desc()).limit(1)).first()


def _payments(
    session: Session, intent_ids: set[str], attempts: set[int], *, since: datetime, until: datetime
) -> Iterator[OurPayment]:
    is_due = and_(
        col(Payment.state) == PaymentState.CAPTURED,
        col(Payment.created_at) >= since,
        col(Payment.created_at) <= until,
    )
    conditions: list[ColumnElement[bool]] = [is_due]
    conditions += [col(Payment.intent_id).in_(some) for some in _chunks(intent_ids)]
    conditions += [col(Payment.id).in_(some) for some in _chunks(attempts)]
    met: set[int] = set()
    for condition in conditions:
        rows = session.execute(
            select_columns(
                Payment.id,
                Payment.order_id,
                Order.number,
                Payment.state,
                Payment.amount_cents,
                Payment.currency,
                Payment.intent_id,
                Payment.created_at,
                Payment.session_id,
            )  # type: ignore[call-overload]
            .join(Order, col(Order.id) == col(Payment.order_id))
            .where(condition)
            .order_by(col(Payment.id))
        )
        for row in rows:
            if row.id in met or (row.session_id or "").startswith(OF_THE_DEMO):
                continue
            met.add(row.id)
            yield OurPayment(
                row.id,
                row.order_id,
                row.number,
                row.state,
                row.amount_cents,
                row.currency,
                row.intent_id or "",
                row.created_at,
                is_due=since <= row.created_at <= until,
            )


def _refunds(session: Session, ids: set[str], *, since: datetime, until: datetime) -> Iterator[OurRefund]:
    conditions: list[ColumnElement[bool]] = [
        or_(col(Refund.asked_at) >= since - REFUND_WAY, col(Refund.done_at) >= since)
    ]
    conditions += [col(Refund.refund_id).in_(some) for some in _chunks(ids)]
    met: set[int] = set()
    for condition in conditions:
        rows: Any = session.execute(
            select_columns(Refund, Order.number, Payment.session_id)  # type: ignore[call-overload]
            .join(Order, col(Order.id) == col(Refund.order_id))
            .join(Payment, col(Payment.id) == col(Refund.payment_id))
            .where(condition)
            .order_by(col(Refund.id))
        )
        for refund, number, session_id in rows:
            if refund.id in met or (session_id or "").startswith(OF_THE_DEMO):
                continue
            met.add(refund.id)
            at = refund.done_at or refund.asked_at
            yield OurRefund(
                refund.id,
                number,
                refund.state,
                refund.amount_cents,
                refund.refund_id or "",
                refund_mark(refund.token, refund.id),
                at,
                is_due=refund.state is RefundState.DONE and since <= at <= until,
            )


def _numbers(session: Session, numbers: set[str]) -> Iterator[str]:
    for some in _chunks(numbers):
        yield from session.exec(select(Order.number).where(col(Order.number).in_(some)))


def _disputes(session: Session, ids: set[str], *, since: datetime, until: datetime) -> Iterator[OurDispute]:
    conditions: list[ColumnElement[bool]] = [
        and_(col(Dispute.opened_at) >= since, col(Dispute.opened_at) <= until)
    ]
    conditions += [col(Dispute.dispute_id).in_(some) for some in _chunks(ids)]
    met: set[str] = set()
    for condition in conditions:
        rows: Any = session.execute(
            select_columns(Dispute, Order.number, Payment.session_id)  # type: ignore[call-overload]
            .join(Order, col(Order.id) == col(Dispute.order_id))
            .join(Payment, col(Payment.id) == col(Dispute.payment_id))
            .where(condition)
            .order_by(col(Dispute.id))
        )
        for dispute, number, session_id in rows:
            if dispute.dispute_id in met or (session_id or "").startswith(OF_THE_DEMO):
                continue
            met.add(dispute.dispute_id)
            yield OurDispute(
                dispute.dispute_id,
                dispute.payment_id,
                number,
                dispute.amount_cents,
                dispute.status,
                dispute.opened_at,
                is_due=since <= dispute.opened_at <= until,
            )


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 10


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    """The values in parts that every database takes in one question."""
    rest = iter(values)
    while some := list(islice(rest, CHUNK)):
        yield some
