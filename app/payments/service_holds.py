"""Holding reserved money back for a person, and noting what the person decided, in the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import SYSTEM, Actor, record
from app.core.failpoints import reach
from app.customers.models import CARD, Screening
from app.customers.rules.admission import ScreeningState
from app.jobs.service import put_job
from app.ordering.models import Order
from app.ordering.service import add_event, mail_order
from app.payments.models import Payment, PaymentHold
from app.payments.queries_holds import card_signs, hold_of, sharers_as_json, sharers_of_card
from app.payments.rules.holding import HoldDecision, Sharer, Step, next_step, release_by
from app.payments.rules.settlement import ReleaseReason
from app.payments.rules.states import PaymentState
from app.payments.service import move
from app.policy.queries import current_policy

SAME_CARD = "same_card"
"""Why a case of the review desk exists that begins with a card."""


def look_at_card(session: Session, order: Order, payment: Payment, *, now: datetime) -> ReleaseReason | None:
    """Moves authorised money that nothing else speaks against on: to be charged, or held for a person.

    Comes back with the reason where it is to be given back. A card that nobody else used proves nothing; one
    that a shut-out company used needs a person, and until that person has decided so does any other card.
    """
    if payment.state is PaymentState.CAPTURING:
        # Decided before a crash; another process may be charging the card at this moment.
        return None
    hold = hold_of(session, payment.id or 0) if payment.state is PaymentState.HELD else None
    sharers: list[Sharer] = []
    is_doubtful = hold is not None
    if hold is None:
        # It looks at other companies' rows: what is not written yet of this payment does not matter to it.
        with session.no_autoflush:
            signs = card_signs(session, payment.card_fingerprint, customer_id=order.customer_id)
        if signs.is_used_elsewhere:
            sharers = sharers_of_card(session, payment.card_fingerprint, customer_id=order.customer_id)
        is_doubtful = bool(sharers) or signs.has_open_case
    if not is_doubtful:
        step = Step.CHARGE
    else:
        step = next_step(
            decision=hold.decision if hold else None,
            release_by_at=hold.release_by_at if hold else _release_by(session, payment, now=now),
            now=now,
        )
    if step is Step.CHARGE:
        move(payment, PaymentState.CAPTURING, now=now)
    elif step is Step.HOLD and hold is None:
        hold_back(session, order, payment, sharers, now=now)
        reach("hold_payment.before_commit")
    return {Step.GIVE_BACK: ReleaseReason.CARD_REFUSED, Step.LAPSE: ReleaseReason.HOLD_LAPSED}.get(step)


def hold_back(
    session: Session, order: Order, payment: Payment, sharers: Sequence[Sharer], *, now: datetime
) -> None:
    """Keeps authorised money from being charged: a case for the review desk, a neutral mail, an audit entry."""
    assert payment.id is not None
    move(payment, PaymentState.HELD, now=now)
    hold = PaymentHold(
        payment_id=payment.id,
        customer_id=order.customer_id,
        screening_id=_case(session, order.customer_id, now=now),
        card_fingerprint=payment.card_fingerprint,
        sharers=sharers_as_json(sharers),
        held_at=now,
        release_by_at=_release_by(session, payment, now=now),
    )
    session.add(hold)
    add_event(session, payment.order_id, "payment_held", now=now)
    mail_order(
        session,
        order,
        "order_being_checked",
        key=f"order_being_checked:{payment.id}",
        now=now,
        amount_cents=payment.amount_cents,
    )
    record(
        session,
        SYSTEM,
        action="payment.held",
        object_kind="order",
        object_id=order.id,
        object_name=order.number,
        now=now,
        reason=SAME_CARD,
        new={"payment_id": payment.id, "companies": [one.number for one in sharers]},
    )


def note_decision(
    session: Session, hold: PaymentHold, *, decision: HoldDecision, reason: str, actor: Actor, now: datetime
) -> None:
    """Writes a person's decision down; the job behind it asks the gate again before any money is taken."""
    payment = session.get_one(Payment, hold.payment_id)
    order = session.get_one(Order, payment.order_id)
    hold.decision = decision
    hold.decided_by = actor.name[:200]
    hold.decided_at = now
    hold.reason = reason[:1000]
    session.add(hold)
    record(
        session,
        actor,
        action="payment.hold_decided",
        object_kind="order",
        object_id=order.id,
        object_name=order.number,
        now=now,
        reason=reason,
        new={"payment_id": payment.id, "decision": decision.value},
    )
    put_job(session, "settle_payment", key=f"hold_decided:{hold.id}", now=now, payment_id=payment.id)


def undecided_holds(session: Session, screening_id: int) -> list[PaymentHold]:
    """The holds behind a case about which nobody has decided while their money is still reserved."""
    query = (
        select(PaymentHold)
        .join(Payment, col(Payment.id) == col(PaymentHold.payment_id))
        .where(
            col(PaymentHold.screening_id) == screening_id,
            col(PaymentHold.decision).is_(None),
            col(Payment.state) == PaymentState.HELD,
        )
        .order_by(col(PaymentHold.id))
    )
    return list(session.exec(query))


def _release_by(session: Session, payment: Payment, *, now: datetime) -> datetime:
    hours = current_policy(session).card_hold_hours
    return release_by(held_at=now, capture_before_at=payment.capture_before_at, hours=hours)


def _case(session: Session, customer_id: int, *, now: datetime) -> int:
    """The company's open case about a card, or a new one: further orders with the card make no further cases."""
    case = session.exec(
        select(Screening)
        .where(
            col(Screening.customer_id) == customer_id,
            col(Screening.trigger) == CARD,
            col(Screening.decision).is_(None),
        )
        .order_by(col(Screening.id).desc())
        .limit(1)
    ).first()
    if case is None:
        case = Screening(
            customer_id=customer_id,
            trigger=CARD,
            outcome=ScreeningState.REVIEW,
            matches=[],
            screened_at=now,
            reason=SAME_CARD,
        )
        session.add(case)
        session.flush()
    assert case.id is not None
    return case.id
