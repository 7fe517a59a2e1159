"""What follows when money went back, or did not, inside the caller's transaction: ledger, timeline, log, mail."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import SYSTEM, Actor, record
from app.care.rules.complaints import MessageAuthor
from app.care.service_complaints import lock_complaint, mail_customer, say
from app.ordering.models import Order
from app.ordering.service import add_event, mail_order
from app.payments.models import Payment, Refund, RefundRequest
from app.payments.rules.facts import RefundFacts
from app.payments.rules.ledger import MoneyKind
from app.payments.rules.staff_refunds import TOLD_REASONS
from app.payments.rules.states import RefundState
from app.payments.service_ledger import MoneyNote, note_money


def take_answer(
    session: Session,
    order: Order,
    refund: Refund,
    facts: RefundFacts | None,
    *,
    failure: str,
    now: datetime,
) -> bool:
    """Writes down what Stripe said of a refund, once; False where it is no news. Order and refund are locked.

    `failure` is "" where the money went back. `facts` are None where Stripe made no refund at all.
    """
    if facts is not None:
        refund.refund_id = facts.id
    has_failed = bool(failure)
    if refund.state is not RefundState.ASKED and not (has_failed and refund.state is RefundState.DONE):
        return False
    if not (has_failed and refund.state is RefundState.ASKED):
        # A refusal at once moved no money; one that comes later takes a refund back.
        note_refund(session, refund, MoneyKind.REFUND_FAILED if has_failed else MoneyKind.REFUNDED, now=now)
    refund.state = RefundState.FAILED if has_failed else RefundState.DONE
    refund.failure = failure[:500]
    refund.done_at = None if has_failed else now
    tell_of_refund(session, order, refund, now=now)
    return True


def note_refund(session: Session, refund: Refund, kind: MoneyKind, *, now: datetime) -> None:
    """Writes a refund's line into the ledger, once for each time that it was tried."""
    session.flush()
    note_money(
        session,
        MoneyNote(
            kind,
            refund.order_id,
            refund.amount_cents,
            f"{refund.id}-{refund.retry_count}",
            now,
            refund.payment_id,
            refund.refund_id or "",
        ),
    )


def tell_of_refund(session: Session, order: Order, refund: Refund, *, now: datetime) -> None:
    """Timeline, log and mail say that a refund is done or failed; of a complaint in its thread and its own mail."""
    is_done = refund.state is RefundState.DONE
    kind = "refunded" if is_done else "refund_failed"
    add_event(session, refund.order_id, kind, now=now, amount_cents=refund.amount_cents)
    record_refund(session, SYSTEM, f"refund.{'done' if is_done else 'failed'}", order, refund, now=now)
    what, _, rest = refund.cause.partition(":")
    if what == "complaint":
        _tell_complainer(session, int(rest.split(":")[0]), order, refund, kind=kind, now=now)
    elif is_done:
        _mail(session, order, refund, now=now)


def record_refund(
    session: Session, actor: Actor, action: str, order: Order, refund: Refund, *, now: datetime
) -> None:
    """Writes the audit entry of a refund."""
    record(
        session,
        actor,
        action=action,
        object_kind="order",
        object_id=order.id,
        object_name=order.number,
        now=now,
        reason=refund.failure,
        new={"refund_id": refund.id, "amount_cents": refund.amount_cents, "cause": refund.cause},
    )


def _tell_complainer(
    session: Session, complaint_id: int, order: Order, refund: Refund, *, kind: str, now: datetime
) -> None:
    complaint = lock_complaint(session, complaint_id)
    say(session, complaint, MessageAuthor.SHOP, now=now, kind=kind, amount_cents=refund.amount_cents)
    if refund.state is RefundState.DONE:
        mail_customer(
            session,
            complaint,
            order,
            "complaint_refunded",
            key=f"complaint_refunded:{refund.id}",
            now=now,
            amount_cents=refund.amount_cents,
        )


def _mail(session: Session, order: Order, refund: Refund, *, now: datetime) -> None:
    payment = session.get_one(Payment, refund.payment_id)
    reason = session.exec(
        select(RefundRequest.reason).where(col(RefundRequest.refund_id) == refund.id)
    ).first()
    mail_order(
        session,
        order,
        "refund",
        key=f"refund:{refund.id}:{refund.retry_count}",
        now=now,
        amount_cents=refund.amount_cents,
        card_last4=payment.card_last4,
        reason=str(reason) if reason in TOLD_REASONS else "",
    )
