"""A person of the staff decides about one held payment: charge it after all, or give the money back."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.care.rules.effort import EffortCause, EffortKind
from app.care.service_effort import note_effort
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.customers.models import Screening
from app.customers.rules.admission import ScreeningState
from app.customers.service import lock_customer
from app.ordering.models import Order
from app.payments.models import Payment, PaymentHold
from app.payments.queries_holds import open_hold_of_order
from app.payments.rules.holding import HoldDecision
from app.payments.rules.states import PaymentState
from app.payments.service_holds import note_decision, undecided_holds


def decide_hold(
    session: Session,
    *,
    order_number: str,
    decision: HoldDecision | None,
    reason: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Notes the decision about an order's held money; settling, which follows at once, asks the gate again.

    `go_on` closes the case of the review desk too; after `release` it stays there, since the company may still be
    one that must not buy here. The same decision twice is one. Raises NotFound, Invalid `hold.invalid` with the
    fields, Refused `hold.over` where nothing is held any more or somebody decided otherwise.
    """
    reason = reason.strip()
    _check(decision, reason)
    assert decision is not None
    with transaction(session):
        order = session.exec(select(Order).where(col(Order.number) == order_number)).first()
        if order is None or order.id is None:
            raise NotFound(N_("There is no such order."), code="order.unknown")
        customer = lock_customer(session, order.customer_id)
        hold = open_hold_of_order(session, order.id)
        if hold is None and _was_so_decided(session, order.id, decision):
            return
        if hold is None or hold.decision not in (None, decision):
            raise Refused(
                N_(
                    "This payment is not held any more, or somebody has just decided. Look at the order again."
                ),
                code="hold.over",
            )
        if hold.decision is decision:
            return
        note_decision(session, hold, decision=decision, reason=reason, actor=actor, now=now)
        session.flush()
        if decision is HoldDecision.GO_ON and _close_case(session, hold, reason=reason, actor=actor, now=now):
            record(
                session,
                actor,
                action="screening.admitted",
                object_kind="customer",
                object_id=customer.id,
                object_name=customer.company_name,
                now=now,
                reason=reason,
                new={"card": "passed"},
            )
        # That we doubted the card is our own caution, and never counts against the company.
        note_effort(
            session,
            customer_id=order.customer_id,
            order_id=order.id,
            kind=EffortKind.STAFF_ACTION,
            cause=EffortCause.OURS,
            source_key=f"hold:{hold.id}",
            by=actor.name,
            now=now,
        )
        reach("decide_hold.before_commit")
    reach("decide_hold.after_commit")


def _was_so_decided(session: Session, order_id: int, decision: HoldDecision) -> bool:
    """Whether the last hold of an order ended by this very decision: the request came twice."""
    last = session.exec(
        select(PaymentHold)
        .join(Payment, col(Payment.id) == col(PaymentHold.payment_id))
        .where(col(Payment.order_id) == order_id, col(Payment.state) != PaymentState.HELD)
        .order_by(col(PaymentHold.id).desc())
        .limit(1)
    ).first()
    return last is not None and last.decision is decision


def _check(decision: HoldDecision | None, reason: str) -> None:
    wrong = []
    if decision is None:
        wrong.append(FieldError("decision", N_("Please choose: charge, or give back.")))
    if not reason:
        wrong.append(FieldError("reason", N_("Please say why: the reason is kept with the decision.")))
    if wrong:
        raise Invalid(N_("Please check your entries."), code="hold.invalid", fields=tuple(wrong))


def _close_case(session: Session, hold: PaymentHold, *, reason: str, actor: Actor, now: datetime) -> bool:
    """Takes the case out of the queue unless another payment still waits behind it."""
    case = session.get_one(Screening, hold.screening_id, with_for_update=True)
    if case.decision is not None or undecided_holds(session, hold.screening_id):
        return False
    case.decision = ScreeningState.CLEAR
    case.decided_by = actor.name[:200]
    case.decided_at = now
    case.reason = reason[:1000]
    return True
