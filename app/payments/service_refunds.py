"""Writing refunds inside the caller's transaction: asked for once each, and done by a job."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from app.core.ids import new_token
from app.jobs.service import put_job
from app.payments.models import Payment, Refund, RefundCharge, RefundLine
from app.payments.rules.refunding import LineRefund


def ask_refund(
    session: Session,
    payment: Payment,
    *,
    amount_cents: int,
    lines: Sequence[LineRefund],
    charges: Sequence[tuple[int, int]] = (),
    cause: str,
    asked_by: str,
    now: datetime,
    is_for_us: bool = False,
) -> Refund:
    """A new refund of a captured payment with the job that carries it out; `cause` makes it one.

    `charges` are ids of the order's charges, each with the cents of it. `is_for_us`: it makes good a fault of ours, and
    never counts against the customer.

    The caller holds the order and its payments, and has seen that so much is left.
    """
    assert payment.id is not None
    refund = Refund(
        payment_id=payment.id,
        order_id=payment.order_id,
        amount_cents=amount_cents,
        cause=cause,
        is_for_us=is_for_us,
        token=new_token()[:16],
        asked_by=asked_by[:200],
        asked_at=now,
    )
    session.add(refund)
    session.flush()
    for line in lines:
        if line.quantity:
            session.add(
                RefundLine(
                    refund_id=refund.id or 0,
                    order_line_id=line.line_id,
                    quantity=line.quantity,
                    amount_cents=line.amount_cents,
                )
            )
    for charge_id, cents in charges:
        session.add(RefundCharge(refund_id=refund.id or 0, charge_id=charge_id, amount_cents=cents))
    put_refund_job(session, refund, now=now)
    return refund


def put_refund_job(session: Session, refund: Refund, *, now: datetime) -> None:
    """The work of paying back, once for each time that it is asked for."""
    put_job(
        session,
        "pay_back",
        key=f"pay_back:{refund.id}:{refund.retry_count}",
        now=now,
        refund_row_id=refund.id,
    )


def lock_refund(session: Session, refund_id: int) -> Refund:
    """The refund as it is now, locked; it comes after the order and its payments in the order of locks."""
    query = select(Refund).where(col(Refund.id) == refund_id).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()


def put_unknown_refunds(session: Session, ids: tuple[str, ...], *, now: datetime) -> int:
    """One job for each refund at Stripe that no row of ours knows; how many."""
    if not ids:
        return 0
    known = set(session.exec(select(Refund.refund_id).where(col(Refund.refund_id).in_(ids))))
    causes = {f"stripe:{one}" for one in ids}
    foreign = set(session.exec(select(Refund.cause).where(col(Refund.cause).in_(causes))))
    unknown = [one for one in ids if one not in known and f"stripe:{one}" not in foreign]
    for one in unknown:
        key = f"look_at_refund:{one}:{now:%Y%m%d%H}"
        put_job(session, "look_at_refund", key=key, now=now, stripe_refund_id=one)
    return len(unknown)
