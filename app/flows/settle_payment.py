"""A payment attempt moves to where Stripe says it is: decided and committed, done at Stripe, written down."""

# Webhooks, the return page and the sweep all end here, in any order and any number. Nothing an event says
# is believed: the session is read again. Stripe is the arbiter between two of us who act at the same time.

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import bindparam, update
from sqlmodel import Session, SQLModel

from app.audit.service import SYSTEM, record
from app.care.service_special import begin_special, is_impossible
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.customers.gate import admission_now
from app.customers.models import BlockedAttempt
from app.customers.rules.admission import Admission
from app.customers.service import lock_customer
from app.fulfilment.queries_calendar import with_closing_days
from app.jobs.service import put_job
from app.ordering.models import Order
from app.ordering.queries_checkout import lead_time_of_order, promise_of
from app.ordering.queries_goods import goods_against
from app.ordering.queries_rhythm import still_joins
from app.ordering.rules.promise import Calendar
from app.ordering.rules.states import CancelReason, OrderKind, OrderState
from app.ordering.service import (
    accept,
    add_event,
    cancel,
    lock_cart,
    lock_order,
    lock_with_waiting,
    mail_order,
)
from app.payments.models import Payment, StripeEvent
from app.payments.queries import Attempt, attempt_by, payment_of_metadata
from app.payments.queries_cards import usable_card
from app.payments.rules.deadlines import TRANSIENT_AFTER, pay_until
from app.payments.rules.facts import IntentFacts, IntentStatus, SessionFacts, SessionStatus, charged
from app.payments.rules.keys import idempotency_key
from app.payments.rules.ledger import MoneyKind
from app.payments.rules.settlement import CANCELLING, NEEDING_STAFF, ReleaseReason, objection
from app.payments.rules.states import PaymentState, PaymentWay
from app.payments.service import JUST_PAYING, LIVING, UNDECIDED, let_go, lock_payments, move
from app.payments.service_cards import put_detach_job
from app.payments.service_holds import SAME_CARD, look_at_card
from app.payments.service_ledger import note_money, notes_of_payment
from app.payments.stripe_gateway import StripeGateway, StripeRefusal, StripeUnavailable
from app.policy.queries import current_policy

# Built once: each payment asks it.
_EVENTS = SQLModel.metadata.tables[str(StripeEvent.__tablename__)]
HANDLED = (
    update(_EVENTS)
    .where(_EVENTS.c.id == bindparam("event_row_id"), _EVENTS.c.handled_at.is_(None))
    .values(handled_at=bindparam("now"))
)
ENDS = frozenset({PaymentState.CAPTURED, PaymentState.RELEASED})
KEPT_OUT = frozenset({ReleaseReason.NOT_ADMITTED, ReleaseReason.CARD_REFUSED})
"""The releases that count as an attempt of somebody who is kept outside."""


def settle_payment(
    session: Session,
    gateway: StripeGateway,
    *,
    calendar: Calendar,
    now: datetime,
    payment_id: int | None = None,
    session_id: str | None = None,
    intent_id: str | None = None,
    event_row_id: int | None = None,
) -> PaymentState | None:
    """The attempt's state afterwards, None for a session or intent that is not ours.

    `calendar` is that of the federal state: the warehouse's closing days are read where the order is accepted.
    Raises StripeUnavailable when Stripe does not answer: whoever called tries again, under the same keys.
    """
    attempt = _find(session, gateway, payment_id=payment_id, session_id=session_id, intent_id=intent_id)
    event = _Event(event_row_id)
    state = _settle(session, gateway, attempt, event, calendar=calendar, now=now) if attempt else None
    if not event.is_handled:
        with transaction(session):
            event.handle(session, now=now)
    return state


@dataclass
class _Event:
    """The event that told of it, marked once: with what it led to, in one transaction where there is one."""

    row_id: int | None

    @property
    def is_handled(self) -> bool:
        return self.row_id is None

    def handle(self, session: Session, *, now: datetime) -> None:
        if self.row_id is not None:
            session.execute(HANDLED, {"event_row_id": self.row_id, "now": now})
            self.row_id = None


def _settle(
    session: Session,
    gateway: StripeGateway,
    attempt: Attempt,
    event: _Event,
    *,
    calendar: Calendar,
    now: datetime,
) -> PaymentState:
    if attempt.state in ENDS:
        return attempt.state
    facts = _look(session, gateway, attempt, now=now)
    if facts is None:
        return _never_opened(session, attempt, now=now)
    if attempt.state is PaymentState.CREATED:
        attempt = replace(attempt, state=PaymentState.OPEN, session_id=facts.id)
    if facts.status is SessionStatus.OPEN and _must_close(attempt, now=now):
        facts = gateway.expire_session(facts.id)
    intent = facts.intent
    if facts.status is SessionStatus.EXPIRED:
        return _expired(session, attempt, now=now)
    if facts.status is SessionStatus.OPEN or intent is None or intent.status is IntentStatus.WAITING:
        return _still_open(session, attempt, intent, now=now)
    reach("settle_payment.before_decision")
    state = _decide(session, attempt, intent, calendar=calendar, now=now)
    reach("settle_payment.after_decision")
    if state is PaymentState.CAPTURING:
        intent = _capture(session, gateway, attempt, intent)
    elif state is PaymentState.RELEASING:
        intent = _release(session, gateway, attempt, intent)
    else:
        if state is PaymentState.HELD:
            reach("hold_payment.after_commit")
        return state
    reach("settle_payment.after_stripe")
    if state is PaymentState.CAPTURING and intent.status is IntentStatus.CAPTURED:
        state = _finish_captured(session, attempt, event, calendar=calendar, now=now)
    else:
        state = _finish_released(session, attempt, now=now)
    reach("settle_payment.after_finish")
    return state


def _find(
    session: Session,
    gateway: StripeGateway,
    *,
    payment_id: int | None,
    session_id: str | None,
    intent_id: str | None,
) -> Attempt | None:
    """The attempt itself, or the one behind a session or intent: by our rows, else by our metadata on the object."""
    known = attempt_by(session, payment_id=payment_id, session_id=session_id, intent_id=intent_id)
    session.rollback()
    if known or payment_id is not None or not (session_id or intent_id):
        return known
    try:
        # An event can be faster than the commit of our own row (reliability.md F24).
        thing = gateway.read_session(session_id) if session_id else gateway.read_intent(intent_id or "")
    except StripeRefusal:
        return None
    named = payment_of_metadata(session, attempt=thing.attempt, order_number=thing.order_number)
    known = attempt_by(session, payment_id=named) if named else None
    session.rollback()
    return known


def _look(
    session: Session, gateway: StripeGateway, attempt: Attempt, *, now: datetime
) -> SessionFacts | None:
    """The attempt's card page as it is at Stripe, looked up by metadata where a crash lost its id; for a charge of a
    kept card, which has none, its intent (None until `charge_kept_card` found or made it).
    """
    if attempt.way is PaymentWay.OFF_SESSION:
        return charged(gateway.read_intent(attempt.intent_id)) if attempt.intent_id else None
    if attempt.session_id:
        return gateway.read_session(attempt.session_id)
    if attempt.stripe_customer_id is None:
        return None
    facts = gateway.find_session(
        attempt.stripe_customer_id, attempt=str(attempt.payment_id), order_number=attempt.order_number
    )
    if facts is not None:
        with transaction(session):
            payment = session.get_one(Payment, attempt.payment_id, with_for_update=True)
            payment.session_id, payment.session_url = facts.id, facts.url
            if payment.state is PaymentState.CREATED:
                move(payment, PaymentState.OPEN, now=now)
    return facts


def _must_close(attempt: Attempt, *, now: datetime) -> bool:
    is_unwanted = attempt.order_state is not OrderState.RECEIVED or attempt.state is PaymentState.EXPIRED
    return is_unwanted or now >= attempt.pay_until_at


def _never_opened(session: Session, attempt: Attempt, *, now: datetime) -> PaymentState:
    """A fresh attempt may still be under way in another process; an older one was left by a crash."""
    if now - attempt.changed_at < TRANSIENT_AFTER or attempt.way is PaymentWay.OFF_SESSION:
        return attempt.state
    return _expired(session, attempt, now=now)


def _expired(session: Session, attempt: Attempt, *, now: datetime) -> PaymentState:
    """Nobody can pay on this card page any more; without another one, an overdue order ends here."""
    with transaction(session):
        order = lock_order(session, attempt.order_id)
        payments = lock_payments(session, attempt.order_id)
        payment = _mine(payments, attempt)
        if payment.state in UNDECIDED:
            move(payment, PaymentState.EXPIRED, now=now)
        is_hopeless = not any(one.state in LIVING for one in payments)
        if order.state is OrderState.RECEIVED and now >= attempt.pay_until_at and is_hopeless:
            cancel(session, order, reason=CancelReason.UNPAID, now=now)
        return payment.state


def _still_open(
    session: Session, attempt: Attempt, intent: IntentFacts | None, *, now: datetime
) -> PaymentState:
    """The customer is at it. A declined card is noted and mailed once; another one may follow on the page."""
    if intent is None or not intent.failure_code:
        return attempt.state
    with transaction(session):
        order = lock_order(session, attempt.order_id)
        payment = session.get_one(Payment, attempt.payment_id, with_for_update=True)
        if intent.charge_id:
            # One job a decline: it counts them all, and closes the page where there are too many.
            put_job(
                session,
                "watch_declines",
                key=f"declines:{intent.charge_id}",
                now=now,
                payment_id=attempt.payment_id,
                intent_id=intent.id,
            )
        if payment.state is PaymentState.OPEN and payment.failure_code != intent.failure_code:
            payment.failure_code = intent.failure_code
            add_event(session, attempt.order_id, "payment_failed", now=now, code=intent.failure_code)
            if order.state is OrderState.RECEIVED:
                key = f"payment_failed:{attempt.payment_id}"
                until = pay_until(order.placed_at).isoformat()
                mail_order(session, order, "payment_failed", key=key, now=now, pay_until=until)
        return payment.state


def _decide(
    session: Session, attempt: Attempt, intent: IntentFacts, *, calendar: Calendar, now: datetime
) -> PaymentState:
    """First beat: with the gate asked in this very transaction, the money is to be taken or given back.

    It is asked again whenever a crash left the decision undone, as long as Stripe has not taken the money.
    """
    with transaction(session):
        admission = admission_now(session, attempt.customer_id, contact_id=attempt.contact_id)
        goods = _concerned(session, attempt)
        order = lock_order(session, attempt.order_id)
        payments = lock_payments(session, attempt.order_id)
        payment = _mine(payments, attempt)
        if payment.state in ENDS or payment.state is PaymentState.RELEASING:
            return payment.state
        is_service = order.kind is OrderKind.SERVICE
        kept_out, is_short = (False, False) if is_service else goods_against(session, attempt.order_id)
        if payment.state is PaymentState.CREATED:
            move(payment, PaymentState.OPEN, now=now)
        _keep_facts(payment, intent, now=now)
        if intent.status is IntentStatus.CANCELED:
            return _start_releasing(session, payment, ReleaseReason.AUTHORISATION_LOST, now=now)
        if payment.state is PaymentState.CAPTURING and intent.status is IntentStatus.CAPTURED:
            return payment.state
        is_paid_elsewhere = any(_stands_before(one, payment) for one in payments if one is not payment)
        reason = objection(
            intent,
            order_number=order.number,
            attempt=str(payment.id),
            gross_cents=order.gross_cents,
            asked_cents=payment.amount_cents,
            currency=order.currency,
            state=order.state,
            is_paid_elsewhere=is_paid_elsewhere,
            is_admitted=admission is Admission.ADMITTED,
            has_kept_out_goods=kept_out,
            is_out_of_stock=is_short,
        )
        if reason is None and is_service and is_impossible(session, order, goods, calendar=calendar, now=now):
            reason = ReleaseReason.SERVICE_IMPOSSIBLE
        if reason is None and payment.way is PaymentWay.OFF_SESSION:
            today = now.astimezone(calendar.zone).date()
            has_consent = usable_card(session, attempt.customer_id, today=today) is not None
            reason = None if has_consent else ReleaseReason.CARD_NOT_KEPT
        reason = reason or look_at_card(session, order, payment, now=now)
        if reason is None:
            if payment.state is PaymentState.HELD:
                note_money(session, *notes_of_payment(payment, MoneyKind.AUTHORISED, at=now))
            return payment.state
        if reason in KEPT_OUT:
            why = admission.value if reason is ReleaseReason.NOT_ADMITTED else SAME_CARD
            session.add(BlockedAttempt(customer_id=attempt.customer_id, reason=why, place="payment", at=now))
        return _start_releasing(session, payment, reason, now=now)


def _stands_before(other: Payment, payment: Payment) -> bool:
    """Whether the order's money is with another attempt already; of two that are reserved the held one was first."""
    return other.state in JUST_PAYING or (
        other.state is PaymentState.HELD and payment.state is not PaymentState.HELD
    )


def _start_releasing(
    session: Session, payment: Payment, reason: ReleaseReason, *, now: datetime
) -> PaymentState:
    move(payment, PaymentState.RELEASING, now=now)
    payment.release_reason = reason.value
    session.add(payment)
    return payment.state


def _keep_facts(payment: Payment, intent: IntentFacts, *, now: datetime) -> None:
    payment.intent_id = intent.id
    payment.authorised_at = payment.authorised_at or now
    payment.capture_before_at = intent.capture_before_at
    payment.card_brand = intent.card_brand[:32]
    payment.card_last4 = intent.card_last4[:4]
    payment.card_fingerprint = intent.card_fingerprint[:64]
    payment.kept_method_id = intent.kept_method_id


def _capture(session: Session, gateway: StripeGateway, attempt: Attempt, intent: IntentFacts) -> IntentFacts:
    """Second beat: the money is taken, once; an unclear answer is cleared up by looking."""
    if intent.status is not IntentStatus.AUTHORISED:
        return intent
    try:
        after = gateway.capture(intent.id, amount_cents=attempt.amount_cents, key=_key(attempt, "capture"))
    except StripeUnavailable as error:
        after = _look_after(session, gateway, attempt, intent, error)
    if after.status is IntentStatus.AUTHORISED:
        raise StripeUnavailable()
    return after


def _release(session: Session, gateway: StripeGateway, attempt: Attempt, intent: IntentFacts) -> IntentFacts:
    """Second beat: the reserved money is given back; what was taken meanwhile is refunded."""
    after = intent
    if intent.status is IntentStatus.AUTHORISED:
        try:
            after = gateway.release(intent.id, key=_key(attempt, "release"))
        except StripeUnavailable as error:
            after = _look_after(session, gateway, attempt, intent, error)
    if after.status is IntentStatus.CAPTURED:
        gateway.refund(after.id, key=_key(attempt, "refund"))
    elif after.status is not IntentStatus.CANCELED:
        raise StripeUnavailable()
    return after


def _look_after(
    session: Session,
    gateway: StripeGateway,
    attempt: Attempt,
    intent: IntentFacts,
    error: StripeUnavailable,
) -> IntentFacts:
    """What the intent says after an unclear answer. A stored failure that did nothing gets a new key."""
    after = gateway.read_intent(intent.id)
    if after.status is IntentStatus.AUTHORISED and error.is_stored:
        with transaction(session):
            payment = session.get_one(Payment, attempt.payment_id, with_for_update=True)
            if payment.retry_count == attempt.retry_count:
                payment.retry_count += 1
    return after


def _finish_captured(
    session: Session, attempt: Attempt, event: _Event, *, calendar: Calendar, now: datetime
) -> PaymentState:
    """Third beat: paid and accepted, with its mail; the order leaves the cart."""
    with transaction(session):
        event.handle(session, now=now)
        if attempt.order_kind is OrderKind.SERVICE:
            return _finish_service(session, attempt, calendar=calendar, now=now)
        cart = lock_cart(session, attempt.customer_id, for_order_id=attempt.order_id)
        order, waiting = lock_with_waiting(session, attempt.order_id, joins_order_id=attempt.joins_order_id)
        payments = lock_payments(session, attempt.order_id)
        payment = _mine(payments, attempt)
        if payment.state is not PaymentState.CAPTURING:
            return payment.state
        policy = current_policy(session)
        # Read where it matters: most looks at a payment end before this.
        calendar = with_closing_days(session, calendar, now=now)
        lead_times = [lead_time_of_order(session, attempt.order_id)]
        promise = promise_of(lead_times, policy=policy, calendar=calendar, now=now)
        is_missed = waiting is not None and not still_joins(
            order, waiting, promise=promise, policy=policy, calendar=calendar, now=now
        )
        accept(session, order, cart=cart, promise=promise, now=now, waiting=waiting, is_missed=is_missed)
        _note_captured(session, payment, now=now)
        let_go(session, payments, now=now)
        reach("settle_payment.before_finish")
        return payment.state


def _note_captured(session: Session, payment: Payment, *, now: datetime) -> None:
    move(payment, PaymentState.CAPTURED, now=now)
    payment.settled_at = now
    note_money(session, *notes_of_payment(payment, MoneyKind.AUTHORISED, MoneyKind.CAPTURED, at=now))
    if payment.kept_method_id:
        put_job(session, "keep_card", key=f"keep_card:{payment.id}", now=now, payment_id=payment.id)


def _finish_service(session: Session, attempt: Attempt, *, calendar: Calendar, now: datetime) -> PaymentState:
    """Third beat of a special service: paid and accepted, and done where it needs no person."""
    # What it costs us is noted with the company, whose row comes before its orders in the order of locks.
    lock_customer(session, attempt.customer_id)
    goods = _concerned(session, attempt)
    order = lock_order(session, attempt.order_id)
    payments = lock_payments(session, attempt.order_id)
    payment = _mine(payments, attempt)
    if payment.state is PaymentState.CAPTURING:
        _note_captured(session, payment, now=now)
        begin_special(session, order, goods, calendar=calendar, now=now)
        let_go(session, payments, now=now)
        reach("settle_payment.before_finish")
    return payment.state


def _finish_released(session: Session, attempt: Attempt, *, now: datetime) -> PaymentState:
    """Third beat: nothing is charged; the customer reads a neutral line, staff see it."""
    with transaction(session):
        order = lock_order(session, attempt.order_id)
        payments = lock_payments(session, attempt.order_id)
        payment = _mine(payments, attempt)
        if payment.state is PaymentState.CAPTURING:
            # Stripe gave the money back before we could take it.
            _start_releasing(session, payment, ReleaseReason.AUTHORISATION_LOST, now=now)
        if payment.state is not PaymentState.RELEASING:
            return payment.state
        move(payment, PaymentState.RELEASED, now=now)
        payment.settled_at = now
        note_money(session, *notes_of_payment(payment, MoneyKind.AUTHORISED, MoneyKind.RELEASED, at=now))
        if payment.kept_method_id:
            put_detach_job(session, payment.kept_method_id, now=now)
        reason = ReleaseReason(payment.release_reason)
        _tell_of_release(session, order, payment, reason, now=now)
        if reason in CANCELLING and order.state is OrderState.RECEIVED:
            cancel(session, order, reason=CANCELLING[reason], now=now)
            let_go(session, payments, now=now)
        reach("settle_payment.before_finish")
        return payment.state


def _tell_of_release(
    session: Session, order: Order, payment: Payment, reason: ReleaseReason, *, now: datetime
) -> None:
    add_event(session, payment.order_id, "payment_released", now=now, reason=reason.value)
    key = f"authorisation_released:{payment.id}"
    mail_order(
        session,
        order,
        "authorisation_released",
        key=key,
        now=now,
        amount_cents=payment.amount_cents,
        is_cancelled=reason in CANCELLING,
        is_payable=order.state is OrderState.RECEIVED and reason not in CANCELLING,
        is_paid=order.state not in (OrderState.RECEIVED, OrderState.CANCELLED),
    )
    record(
        session,
        SYSTEM,
        action="payment.released",
        object_kind="order",
        object_id=order.id,
        object_name=order.number,
        now=now,
        reason=reason.value,
        new={
            "payment_id": payment.id,
            "amount_cents": payment.amount_cents,
            "needs_staff": reason in NEEDING_STAFF,
        },
    )


def _concerned(session: Session, attempt: Attempt) -> Order | None:
    """The order of goods that a service is about, locked before the service's own; None for any other order."""
    return lock_order(session, attempt.for_order_id) if attempt.for_order_id is not None else None


def _mine(payments: list[Payment], attempt: Attempt) -> Payment:
    return next(payment for payment in payments if payment.id == attempt.payment_id)


def _key(attempt: Attempt, verb: str) -> str:
    return idempotency_key(attempt.token, attempt.payment_id, verb, retry_count=attempt.retry_count)
