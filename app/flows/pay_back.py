"""An asked refund goes back to the card: asked of Stripe under one key, and written down on both sides."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.audit.service import Actor
from app.care.queries_complaints import is_answer_of
from app.care.queries_left import check_left, lines_of_versions
from app.care.queries_paid import paid_quantities
from app.care.rules.effort import EffortCause, EffortKind
from app.care.service_complaints import lock_complaint
from app.care.service_effort import note_effort
from app.care.service_paid_back import record_refund, take_answer
from app.core.errors import N_, NotFound, Refused
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.customers.service import lock_customer
from app.invoices.queries_facts import corrected_but_kept, original_of
from app.invoices.service_drafts import put_correction_drafts
from app.jobs.service import put_job
from app.ordering.models import Order
from app.ordering.service import lock_order
from app.payments.models import Payment, Refund, RefundLine
from app.payments.queries_refundable import check_not_taken
from app.payments.queries_refunds import PaidOrder, read_paid
from app.payments.rules.facts import RefundFacts, RefundStatus
from app.payments.rules.keys import refund_key, refund_mark
from app.payments.rules.refunding import refund_of_order
from app.payments.rules.states import RefundState
from app.payments.service import lock_payments
from app.payments.service_refunds import lock_refund, put_refund_job
from app.payments.stripe_gateway import StripeGateway, StripeRefusal, StripeUnavailable

LOOK_FIRST_AFTER = timedelta(minutes=10)
"""So old an attempt may have reached Stripe, and its key may be forgotten there: first it is looked for."""
SWEEP_AFTER = timedelta(minutes=10)
LIMIT = 200


def pay_back(
    session: Session, gateway: StripeGateway, *, refund_row_id: int, now: datetime
) -> RefundState | None:
    """The state of a refund after asking Stripe for it; None for one that is unknown.

    Twice is once: the key stays the same through every crash, and a lost answer is found by our mark. Raises
    StripeUnavailable when Stripe does not answer: whoever called tries again.
    """
    row = session.exec(
        select(Refund, Payment.intent_id, Order.number)
        .join(Payment, col(Payment.id) == col(Refund.payment_id))
        .join(Order, col(Order.id) == col(Refund.order_id))
        .where(col(Refund.id) == refund_row_id)
    ).first()
    session.rollback()
    if row is None:
        return None
    refund, intent_id, number = row
    if refund.state is not RefundState.ASKED:
        return refund.state
    try:
        facts = _ask(session, gateway, refund, intent_id or "", number, now=now)
        failure = facts.failure_code if facts.status is RefundStatus.FAILED else ""
    except StripeRefusal as refusal:
        facts, failure = None, refusal.code
    reach("pay_back.after_stripe")
    state = _finish(session, refund_row_id, facts, failure=failure, now=now)
    return state


def ask_again(session: Session, *, refund_row_id: int, actor: Actor, now: datetime) -> bool:
    """Has a refused refund asked for once more; False where it is on its way or done.

    Raises NotFound, and Refused: `refund.nothing_left` where the money or the pieces went back otherwise by now,
    `refund.not_the_answer` where the complaint that it is of was answered in another way since.
    """
    with transaction(session):
        order_id = session.exec(select(Refund.order_id).where(col(Refund.id) == refund_row_id)).first()
        if order_id is None:
            raise NotFound(N_("There is no such refund."), code="refund.unknown")
        lock_customer(session, session.get_one(Order, order_id).customer_id)
        order = lock_order(session, order_id)
        lock_payments(session, order_id)
        refund = lock_refund(session, refund_row_id)
        if refund.state is not RefundState.FAILED:
            return False
        check_not_taken(session, order_id)
        paid = read_paid(session, order_id)
        left = refund_of_order(paid_cents=paid.paid_cents, refunded_cents=paid.refunded_cents) if paid else 0
        if refund.amount_cents > left:
            raise Refused(
                N_("So much is not left of the payment: other refunds took it meanwhile."),
                code="refund.nothing_left",
            )
        _is_still_the_answer(session, refund, paid)
        refund.state, refund.failure, refund.refund_id = RefundState.ASKED, "", None
        refund.retry_count += 1
        put_refund_job(session, refund, now=now)
        record_refund(session, actor, "refund.asked_again", order, refund, now=now)
        note_effort(
            session,
            customer_id=order.customer_id,
            order_id=order.id,
            kind=EffortKind.STAFF_ACTION,
            cause=EffortCause.OURS,
            source_key=f"refund:{refund.id}:{refund.retry_count}",
            by=actor.name,
            now=now,
        )
    return True


def _is_still_the_answer(session: Session, refund: Refund, paid: PaidOrder | None) -> None:
    about_id = refund.order_id
    what, _, rest = refund.cause.partition(":")
    if what == "complaint":
        complaint = lock_complaint(session, int(rest.split(":")[0]))
        about_id = complaint.order_id
        # What was corrected has to go back, whatever became of the answer, unless goods went instead.
        is_owed = complaint.replacement_order_id is None and refund.id in corrected_but_kept(
            session, refund.order_id
        )
        if not is_answer_of(complaint, refund) and not is_owed:
            raise Refused(
                N_("This complaint was opened or answered again since: its present answer counts."),
                code="refund.not_the_answer",
            )
    rows = session.exec(
        select(RefundLine.order_line_id, RefundLine.quantity).where(col(RefundLine.refund_id) == refund.id)
    ).all()
    if paid is None or not rows:
        return
    paid_quantities(session, paid, dict(rows))
    order = session.get_one(Order, about_id)
    versions = {paid.version_ids[line_id]: quantity for line_id, quantity in rows}
    check_left(session, order, lines_of_versions(session, order, versions))


def sweep_refunds(session: Session, *, now: datetime) -> int:
    """Puts a job for each refund that was asked for and not finished, once an hour; the number of them."""
    with transaction(session):
        ids = session.exec(
            select(Refund.id)
            .where(col(Refund.state) == RefundState.ASKED, col(Refund.asked_at) < now - SWEEP_AFTER)
            .order_by(col(Refund.id))
            .limit(LIMIT)
        ).all()
        for refund_id in ids:
            key = f"sweep_refund:{refund_id}:{now:%Y%m%d%H}"
            put_job(session, "pay_back", key=key, now=now, refund_row_id=refund_id)
        return len(ids)


def _ask(
    session: Session,
    gateway: StripeGateway,
    refund: Refund,
    intent_id: str,
    number: str,
    *,
    now: datetime,
) -> RefundFacts:
    mark = refund_mark(refund.token, refund.id or 0)
    cents = refund.amount_cents
    if refund.retry_count or now - refund.asked_at > LOOK_FIRST_AFTER:
        found = gateway.find_refund(intent_id, mark=mark, amount_cents=cents)
        if found is not None:
            return found
    try:
        return gateway.pay_back(
            intent_id,
            amount_cents=cents,
            mark=f"{mark}{refund.retry_count}",
            order_number=number,
            key=refund_key(refund.token, refund.id or 0, retry_count=refund.retry_count),
        )
    except StripeUnavailable as error:
        found = gateway.find_refund(intent_id, mark=mark, amount_cents=cents)
        if found is not None:
            return found
        if error.is_stored:
            # Stripe replays this failure for ever under the key, and nothing was done: the next try takes a new one.
            _take_new_key(session, refund)
        raise


def _take_new_key(session: Session, refund: Refund) -> None:
    with transaction(session):
        now_there = lock_refund(session, refund.id or 0)
        if now_there.retry_count == refund.retry_count and now_there.state is RefundState.ASKED:
            now_there.retry_count += 1


def _finish(
    session: Session, refund_row_id: int, facts: RefundFacts | None, *, failure: str, now: datetime
) -> RefundState:
    """Last beat: ledger, timeline, thread, log and mail say what Stripe said, once."""
    with transaction(session):
        order_id = session.exec(select(Refund.order_id).where(col(Refund.id) == refund_row_id)).one()
        order = lock_order(session, order_id)
        lock_payments(session, order_id)
        refund = lock_refund(session, refund_row_id)
        if take_answer(session, order, refund, facts, failure=failure, now=now):
            if refund.state is RefundState.DONE and original_of(session, order_id) is not None:
                put_correction_drafts(session, [(refund_row_id, order_id)], now=now)
            reach("pay_back.before_finish")
        return refund.state
