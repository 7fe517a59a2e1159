"""A kept card is charged, nobody being present: intent written, asked of Stripe under one key, the answer kept."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.care.models import ServiceOrder
from app.core.errors import N_, NotFound, Refused
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.customers.gate import admission_now, ask_gate
from app.customers.rules.admission import Admission
from app.customers.service import lock_customer
from app.jobs.service import put_job
from app.ordering.models import Order
from app.ordering.rules.states import OrderState
from app.ordering.service import add_event, lock_order, mail_order
from app.ordering.service_freeze import refuse_frozen
from app.payments.models import Payer, Payment
from app.payments.models_cards import SavedCard
from app.payments.queries_cards import usable_card
from app.payments.rules.deadlines import pay_until
from app.payments.rules.facts import DeclineFacts, FeeWish, IntentFacts, IntentStatus
from app.payments.rules.keys import idempotency_key
from app.payments.rules.states import PaymentState, PaymentWay
from app.payments.service import LIVING, lock_payments, move
from app.payments.service_attempts import begin_charge
from app.payments.service_limits import note_declines
from app.payments.stripe_gateway import CardRefused, StripeGateway, StripeRefusal, StripeUnavailable

LOOK_FIRST_AFTER = timedelta(minutes=10)
"""So old an attempt may have reached Stripe, and its key may be forgotten there: first it is looked for."""
NOT_ASKED = "not_asked"
"""Why a card was not charged that nobody asked Stripe for: the order, the card or the admission ended meanwhile."""


@dataclass(frozen=True, slots=True)
class _Charge:
    """A written attempt with all that its request to Stripe is made of; `may_ask`: nothing speaks against it now."""

    payment: Payment
    wish: FeeWish
    customer_id: int
    may_ask: bool

    @property
    def key(self) -> str:
        retry_count = self.payment.retry_count
        return idempotency_key(self.payment.token, self.payment.id or 0, "charge", retry_count=retry_count)


def pay_with_kept_card(
    session: Session, *, order_number: str, customer_id: int, contact_id: int, now: datetime
) -> int:
    """Writes the attempt to be paid with the company's kept card; the id of it, for `charge_kept_card`.

    Twice is once. Raises NotFound for an order that is not the company's, Refused for one that cannot be paid any
    more or is being paid, a company no longer admitted, and where no card is kept that can be charged (`card.none`).
    """
    with transaction(session):
        asked = ask_gate(session, customer_id, contact_id=contact_id)
        is_theirs = (col(Order.number) == order_number, col(Order.customer_id) == customer_id)
        order = session.exec(select(Order).where(*is_theirs).with_for_update()).first()
        if order is None or order.id is None:
            raise NotFound(N_("There is no such order."), code="order.unknown")
        if order.state is not OrderState.RECEIVED or now >= pay_until(order.placed_at):
            raise Refused(N_("This order cannot be paid any more."), code="order.not_payable")
        if asked.admission is not Admission.ADMITTED:
            raise Refused(N_("Ordering is not possible right now."), code="order.not_admitted")
        attempts = lock_payments(session, order.id)
        if any(one.state in LIVING for one in attempts):
            raise Refused(N_("This order is being paid at this moment."), code="order.just_paying")
        refuse_frozen(session)
        if any(one.way is PaymentWay.OFF_SESSION for one in attempts):
            # One try an order: otherwise the form, sent again, tests a card as often as one likes.
            raise Refused(N_("No card is kept that can be charged. Please pay by card."), code="card.none")
        card = usable_card(session, customer_id, today=now.date())
        if card is None:
            raise Refused(N_("No card is kept that can be charged. Please pay by card."), code="card.none")
        payment_id = begin_charge(session, order, card, now=now).id or 0
        reach("pay_with_kept_card.before_commit")
    reach("pay_with_kept_card.after_commit")
    return payment_id


def charge_kept_card(
    session: Session, gateway: StripeGateway, *, payment_id: int, now: datetime
) -> PaymentState:
    """The attempt's state after Stripe was asked to reserve its money, once; settling takes it from there.

    Any word of the card's bank against it ends the attempt, without another try: the customer gets a link to pay by
    card page. Raises StripeUnavailable for an unclear answer: whoever called tries again, under the same key.
    """
    charge = _read(session, payment_id, now=now)
    if charge is None:
        state = session.get_one(Payment, payment_id).state
        session.rollback()
        return state
    intent, failure = _ask(session, gateway, charge, now=now)
    reach("charge_kept_card.after_stripe")
    state = _note(session, charge, intent, failure=failure, now=now)
    reach("charge_kept_card.after_note")
    return state


def _read(session: Session, payment_id: int, *, now: datetime) -> _Charge | None:
    """The attempt as it stands; None for one that was charged or given up already."""
    row = session.exec(
        select(Payment, Order, SavedCard, Payer.stripe_customer_id)
        .join(Order, col(Order.id) == col(Payment.order_id))
        .join(SavedCard, col(SavedCard.id) == col(Payment.saved_card_id))
        .join(Payer, col(Payer.customer_id) == col(Order.customer_id))
        .where(col(Payment.id) == payment_id, col(Payment.way) == PaymentWay.OFF_SESSION)
    ).first()
    if row is None or row[0].state is not PaymentState.CREATED:
        session.rollback()
        return None
    payment, order, card, stripe_customer_id = row
    is_wanted = order.state is OrderState.RECEIVED and now < pay_until(order.placed_at)
    usable = usable_card(session, order.customer_id, today=now.date())
    wish = FeeWish(
        order_number=order.number,
        attempt=str(payment.id),
        stripe_customer_id=stripe_customer_id,
        payment_method_id=card.payment_method_id,
        amount_cents=payment.amount_cents,
        currency=payment.currency,
    )
    may_ask = is_wanted and usable is not None and usable.id == card.id
    customer_id, contact_id = order.customer_id, order.contact_id
    session.expunge(payment)
    session.rollback()
    if may_ask:
        with transaction(session):
            may_ask = admission_now(session, customer_id, contact_id=contact_id) is Admission.ADMITTED
    return _Charge(payment, wish, customer_id, may_ask)


def _ask(
    session: Session, gateway: StripeGateway, charge: _Charge, *, now: datetime
) -> tuple[IntentFacts | None, str]:
    """What Stripe has of it: the intent, or why there is none."""
    is_old = now - charge.payment.created_at > LOOK_FIRST_AFTER
    if is_old or charge.payment.retry_count or not charge.may_ask:
        found = _find(gateway, charge)
        if found is not None or not charge.may_ask:
            return found, NOT_ASKED
    try:
        return gateway.charge_kept_card(charge.wish, key=charge.key), ""
    except CardRefused as refused:
        return None, refused.code
    except StripeRefusal as refused:
        # A card that is gone, or a key that was used for another request: only what is there counts.
        return _find(gateway, charge), refused.code[:64]
    except StripeUnavailable as error:
        found = _find(gateway, charge)
        if found is not None:
            return found, ""
        if error.is_stored:
            _take_new_key(session, charge.payment)
        raise


def _find(gateway: StripeGateway, charge: _Charge) -> IntentFacts | None:
    wish = charge.wish
    return gateway.find_intent(wish.stripe_customer_id, attempt=wish.attempt, order_number=wish.order_number)


def _take_new_key(session: Session, charged: Payment) -> None:
    """Stripe replays a failure for ever under the key, and nothing was done: the next try takes a new one."""
    with transaction(session):
        payment = session.get_one(Payment, charged.id, with_for_update=True)
        if payment.retry_count == charged.retry_count and payment.state is PaymentState.CREATED:
            payment.retry_count += 1


def _note(
    session: Session, charge: _Charge, intent: IntentFacts | None, *, failure: str, now: datetime
) -> PaymentState:
    with transaction(session):
        lock_customer(session, charge.customer_id)
        order = lock_order(session, charge.payment.order_id)
        payment = session.get_one(Payment, charge.payment.id, with_for_update=True)
        if payment.state is not PaymentState.CREATED:
            return payment.state
        if intent is not None and intent.status is not IntentStatus.WAITING:
            payment.intent_id = intent.id
            move(payment, PaymentState.OPEN, now=now)
            put_job(session, "settle_payment", key=f"charged:{payment.id}", now=now, payment_id=payment.id)
        else:
            code = (intent.failure_code if intent else "") or failure
            _give_up(session, order, payment, code=code, now=now)
        reach("charge_kept_card.before_note")
        return payment.state


def _give_up(session: Session, order: Order, payment: Payment, *, code: str, now: datetime) -> None:
    """The order stays open as usual; one e-mail says how to pay it."""
    move(payment, PaymentState.EXPIRED, now=now)
    payment.failure_code = code[:64]
    add_event(session, payment.order_id, "payment_failed", now=now, code=code)
    if code != NOT_ASKED:
        # It has no charge that we know: the attempt itself counts, once, among the declines of the company.
        decline = DeclineFacts(charge_id=f"off_session:{payment.id}", code=code, at=now)
        note_declines(session, [decline], payment_id=payment.id or 0, customer_id=order.customer_id, now=now)
    card = session.get(SavedCard, payment.saved_card_id)
    if card is not None and card.ended_at is None:
        # It may be gone: what Stripe says of it now counts.
        put_job(
            session,
            "look_at_card",
            key=f"refused:{payment.id}",
            now=now,
            payment_method_id=card.payment_method_id,
        )
    if order.state is OrderState.RECEIVED and now < pay_until(order.placed_at):
        mail_order(
            session,
            order,
            "fee_failed",
            key=f"fee_failed:{payment.id}",
            now=now,
            card=f"{card.brand.title()} •••• {card.last4}" if card else "",
            reason=_reason(session, payment.order_id),
        )


def _reason(session: Session, order_id: int) -> str:
    """Why staff charge a fee; empty for what the customer ordered."""
    details = session.exec(select(ServiceOrder.details).where(col(ServiceOrder.order_id) == order_id)).first()
    return str((details or {}).get("fee_reason", ""))
