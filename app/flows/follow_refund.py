"""A refund is read again from Stripe: one of ours that a bank sent back, or one that was made in Stripe's dashboard."""

from datetime import datetime

from sqlmodel import Session, col, select, update

from app.care.service_calling_off import end_paid_back, lock_to_call_off
from app.care.service_disputes import STRIPE
from app.care.service_paid_back import note_refund, take_answer, tell_of_refund
from app.core.failpoints import reach
from app.core.ids import new_token
from app.core.transaction import transaction
from app.jobs.service import insert_into
from app.ordering.service import lock_order
from app.payments.models import Payment, Refund, RefundCharge, RefundLine, StripeEvent
from app.payments.queries_refundable import read_refundable
from app.payments.rules.facts import RefundFacts, RefundStatus
from app.payments.rules.keys import refund_of_mark
from app.payments.rules.ledger import MoneyKind
from app.payments.rules.staff_refunds import Payable, RefundReason, RefundScope, RefundWish
from app.payments.rules.states import PaymentState, RefundState
from app.payments.service import lock_payments
from app.payments.service_refunds import lock_refund, put_unknown_refunds
from app.payments.stripe_gateway import StripeGateway, StripeRefusal


def follow_refund(
    session: Session,
    gateway: StripeGateway,
    *,
    stripe_refund_id: str,
    now: datetime,
    event_row_id: int | None = None,
) -> RefundState | None:
    """The state of our row afterwards; None for money that is not ours. However often and in any order it is called.

    One that was made in Stripe's dashboard gets a row of its own (cause `stripe:re_…`), the ledger's line, a mail,
    and ends its order where nothing is left before the goods are gone. Raises StripeUnavailable: the job tries again.
    """
    facts, state = _read(gateway, stripe_refund_id), None
    if facts is not None:
        known = _row_of(session, facts)
        seen_failed = _failed_try(session, known) if known else None
        if seen_failed is not None:
            # A look that began before our "failed" may be the older word: only one that begins now counts.
            facts = _read(gateway, stripe_refund_id) or facts
        if known:
            state = _take(session, known, facts, seen_failed=seen_failed, now=now)
        else:
            state = _take_foreign(session, facts, now=now)
    reach("look_at_refund.after_finish")
    _note_handled(session, event_row_id, now=now)
    return state


def follow_charge(
    session: Session,
    gateway: StripeGateway,
    *,
    charge_id: str,
    now: datetime,
    event_row_id: int | None = None,
) -> int:
    """Puts a look at each refund of a charge that is new to us; the number of them. Raises StripeUnavailable."""
    try:
        ids = gateway.refunds_of_charge(charge_id)
    except StripeRefusal:
        ids = ()
    with transaction(session):
        count = put_unknown_refunds(session, ids, now=now)
    _note_handled(session, event_row_id, now=now)
    return count


def _row_of(session: Session, facts: RefundFacts) -> int | None:
    """Our row of a refund: by its id, by our mark on it, or by the cause of one that was made elsewhere."""
    row_id = session.exec(
        select(Refund.id).where(
            (col(Refund.refund_id) == facts.id) | (col(Refund.cause) == f"stripe:{facts.id}")
        )
    ).first()
    marked = refund_of_mark(facts.mark)
    if row_id is None and marked is not None:
        token, marked_id, _ = marked
        row_id = session.exec(
            select(Refund.id).where(col(Refund.id) == marked_id, col(Refund.token) == token)
        ).first()
    session.rollback()
    return row_id


def _read(gateway: StripeGateway, stripe_refund_id: str) -> RefundFacts | None:
    try:
        return gateway.read_refund(stripe_refund_id)
    except StripeRefusal:
        return None


def _failed_try(session: Session, row_id: int) -> int | None:
    """Which try of a refund of ours is known as failed; None where it is asked or done."""
    state, retry_count = session.exec(
        select(Refund.state, Refund.retry_count).where(col(Refund.id) == row_id)
    ).one()
    session.rollback()
    return retry_count if state is RefundState.FAILED else None


def _take(
    session: Session, row_id: int, facts: RefundFacts, *, seen_failed: int | None, now: datetime
) -> RefundState:
    with transaction(session):
        order_id = session.exec(select(Refund.order_id).where(col(Refund.id) == row_id)).one()
        order = lock_order(session, order_id)
        lock_payments(session, order_id)
        refund = lock_refund(session, row_id)
        has_failed = facts.status is RefundStatus.FAILED
        marked = refund_of_mark(facts.mark)
        is_old_try = refund.refund_id != facts.id and (marked is None or marked[2] != refund.retry_count)
        if is_old_try and (has_failed or refund.state is RefundState.DONE or marked is None):
            return refund.state
        if refund.state is RefundState.FAILED and not has_failed:
            if seen_failed != refund.retry_count:
                return refund.state
            # The money went out after all: a try of its own, so that ledger and mail say so anew.
            refund.state, refund.failure = RefundState.ASKED, ""
            refund.retry_count = max(refund.retry_count + 1, marked[2] if marked else 0)
        failure = facts.failure_code if has_failed else ""
        take_answer(session, order, refund, facts, failure=failure, now=now)
        reach("look_at_refund.before_commit")
        return refund.state


def _take_foreign(session: Session, facts: RefundFacts, *, now: datetime) -> RefundState | None:
    """Money that somebody gave back in Stripe's dashboard. One that failed at first sight moved none."""
    if facts.status is RefundStatus.FAILED:
        return None
    payment_id, order_id = session.exec(
        select(Payment.id, Payment.order_id).where(
            col(Payment.intent_id) == facts.intent_id,
            col(Payment.intent_id) != "",
            col(Payment.state) == PaymentState.CAPTURED,
        )
    ).first() or (None, None)
    session.rollback()
    if payment_id is None or order_id is None:
        return None
    with transaction(session):
        order, services = lock_to_call_off(session, order_id)
        before = read_refundable(session, order)
        assert before is not None
        worth = Payable(facts.amount_cents)
        is_all = facts.amount_cents >= before.left_cents
        if is_all and before.left_cents:
            worth = before.worth(RefundWish(RefundScope.WHOLE, RefundReason.GOODWILL))
        row_id = _write(session, payment_id, order_id, facts, now=now)
        if row_id is None:
            return RefundState.DONE
        refund = lock_refund(session, row_id)
        _write_parts(session, row_id, worth)
        note_refund(session, refund, MoneyKind.REFUNDED, now=now)
        tell_of_refund(session, order, refund, now=now)
        if is_all:
            end_paid_back(session, order, services, amount_cents=facts.amount_cents, actor=STRIPE, now=now)
        reach("look_at_refund.before_commit")
    return RefundState.DONE


def _write(
    session: Session, payment_id: int, order_id: int, facts: RefundFacts, *, now: datetime
) -> int | None:
    """The id of the new row; None where another process was faster."""
    row = {
        "payment_id": payment_id,
        "order_id": order_id,
        "amount_cents": facts.amount_cents,
        "cause": f"stripe:{facts.id}"[:64],
        "is_for_us": False,
        "state": RefundState.DONE,
        "token": new_token()[:16],
        "retry_count": 0,
        "refund_id": facts.id,
        "failure": "",
        "asked_by": STRIPE.name,
        "asked_at": now,
        "done_at": now,
    }
    insert = insert_into(session, Refund).on_conflict_do_nothing()
    row_id: int | None = session.execute(insert.returning(col(Refund.id)), row).scalar()
    return row_id


def _write_parts(session: Session, row_id: int, worth: Payable) -> None:
    for line in worth.lines:
        session.add(
            RefundLine(
                refund_id=row_id,
                order_line_id=line.line_id,
                quantity=line.quantity,
                amount_cents=line.amount_cents,
            )
        )
    for charge_id, cents in worth.charges:
        session.add(RefundCharge(refund_id=row_id, charge_id=charge_id, amount_cents=cents))


def _note_handled(session: Session, event_row_id: int | None, *, now: datetime) -> None:
    if event_row_id is None:
        return
    with transaction(session):
        session.execute(
            update(StripeEvent)
            .where(col(StripeEvent.id) == event_row_id, col(StripeEvent.handled_at).is_(None))
            .values(handled_at=now)
        )
