"""An order gets its card page: the attempt is written first, then Stripe is asked, then the answer is kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, SQLModel, col, select

from app.core.errors import N_, NotFound, Refused
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.customers.gate import ask_gate
from app.customers.models import Contact, Customer
from app.customers.rules.admission import Admission
from app.jobs.service import insert_into, put_job
from app.ordering.models import Charge, Order, OrderLine
from app.ordering.rules.states import OrderState
from app.ordering.service_freeze import refuse_frozen
from app.payments.models import Payer, Payment
from app.payments.rules.deadlines import pay_until
from app.payments.rules.facts import SessionFacts, SessionStatus, SessionWish
from app.payments.rules.states import PaymentState
from app.payments.service import RESERVED, is_being_charged, lock_payments, move
from app.payments.service_attempts import Buyer, CardAttempt, begin_payment, card_attempt
from app.payments.service_limits import page_refusal, told
from app.payments.stripe_gateway import StripeGateway, StripeRefusal, StripeUnavailable

GREATEST_TRY_COUNT = 3
PAYMENTS = SQLModel.metadata.tables[str(Payment.__tablename__)]


def start_payment(
    session: Session,
    gateway: StripeGateway,
    *,
    order_number: str,
    customer_id: int,
    contact_id: int,
    base_url: str,
    now: datetime,
    begun: CardAttempt | None = None,
) -> str:
    """The address to send the customer to: the card page, or our return page where they have just paid.

    One open card page per order: an open one is used again, a crashed attempt goes on under its own key; `begun` is
    the attempt of an order that was placed a moment ago.
    Raises NotFound for an order that is not the company's, Refused for one that cannot be paid any more, for a
    company or person no longer admitted, and where no further page is opened now (`payment.…`, see
    service_limits.py, with `retry_after_seconds`), StripeUnavailable when the card page cannot be had now (the
    order is safe; ask again).
    """
    for _ in range(GREATEST_TRY_COUNT):
        attempt = begun or _intend(
            session, order_number=order_number, customer_id=customer_id, contact_id=contact_id, now=now
        )
        begun = None
        reach("start_payment.after_intent")
        facts = _page_of(session, gateway, attempt, base_url=base_url, now=now)
        if facts is not None:
            _note(session, attempt, facts, now=now)
            reach("start_payment.after_note")
            if facts.status is SessionStatus.COMPLETE:
                return _return_url(base_url).replace("{CHECKOUT_SESSION_ID}", facts.id)
            if facts.status is SessionStatus.OPEN and facts.url:
                return facts.url
        _give_up(session, attempt, now=now)
    raise StripeUnavailable()


def _intend(
    session: Session, *, order_number: str, customer_id: int, contact_id: int, now: datetime
) -> CardAttempt:
    """The attempt to go on with: the undecided one, or a new one."""
    with transaction(session):
        asked = ask_gate(session, customer_id, contact_id=contact_id)
        order = session.exec(
            select(Order)
            .where(col(Order.number) == order_number, col(Order.customer_id) == customer_id)
            .with_for_update()
        ).first()
        if order is None or order.id is None:
            raise NotFound(N_("There is no such order."), code="order.unknown")
        if order.state is not OrderState.RECEIVED or now >= pay_until(order.placed_at):
            raise Refused(N_("This order cannot be paid any more."), code="order.not_payable")
        if asked.admission is not Admission.ADMITTED:
            raise Refused(N_("Ordering is not possible right now."), code="order.not_admitted")
        payments = lock_payments(session, order.id)
        if any(payment.state in RESERVED or is_being_charged(payment) for payment in payments):
            raise Refused(N_("This order is being paid at this moment."), code="order.just_paying")
        undecided = [one for one in payments if one.state in (PaymentState.CREATED, PaymentState.OPEN)]
        refusal = None if undecided else page_refusal(session, order, now=now)
        if refusal is None:
            if not undecided:
                refuse_frozen(session)
            payment = undecided[-1] if undecided else begin_payment(session, order, now=now)
            return _snapshot(session, order, payment, customer=asked.customer)
    # After the commit, as what waits for its turn must stay.
    raise told(refusal, now=now)


def _snapshot(session: Session, order: Order, payment: Payment, *, customer: Customer) -> CardAttempt:
    buyer = Buyer(
        order.customer_id,
        customer.number,
        customer.company_name,
        session.get_one(Contact, order.contact_id).email,
    )
    query = select(OrderLine).where(col(OrderLine.order_id) == order.id).order_by(col(OrderLine.id))
    lines = session.exec(query).all()
    charges: Sequence[Charge] = ()
    if order.charges_net_cents:
        of_order = select(Charge).where(col(Charge.order_id) == order.id).order_by(col(Charge.id))
        charges = session.exec(of_order).all()
    return card_attempt(session, order, payment, buyer=buyer, lines=lines, charges=charges)


def _page_of(
    session: Session, gateway: StripeGateway, attempt: CardAttempt, *, base_url: str, now: datetime
) -> SessionFacts | None:
    """The attempt's card page as it is now; None when Stripe will never make it under this attempt's key."""
    if attempt.session_id:
        return gateway.read_session(attempt.session_id)
    payer = attempt.stripe_customer_id or _payer(session, gateway, attempt, now=now)
    reach("start_payment.after_payer")
    wish = SessionWish(
        order_number=attempt.order_number,
        attempt=str(attempt.payment_id),
        stripe_customer_id=payer,
        items=attempt.items,
        currency=attempt.currency,
        language=attempt.language,
        expires_at=attempt.expires_at,
        return_url=_return_url(base_url),
        cancel_url=f"{base_url}/orders/{attempt.order_number}",
        keeps_card=attempt.keeps_card,
    )
    try:
        facts = gateway.create_session(wish, key=attempt.key("session"))
    except (StripeRefusal, StripeUnavailable) as error:
        if isinstance(error, StripeUnavailable) and not error.is_stored:
            raise
        # A stored failure, or a key used for another request: it may still have been made (stripe.md fact 6).
        return gateway.find_session(payer, attempt=str(attempt.payment_id), order_number=attempt.order_number)
    reach("start_payment.after_session")
    return facts


def _payer(session: Session, gateway: StripeGateway, attempt: CardAttempt, *, now: datetime) -> str:
    """The company's id at Stripe, made once; of two made at the same moment the first is kept."""
    made = gateway.make_customer(
        name=attempt.buyer.company_name,
        email=attempt.buyer.email,
        number=attempt.buyer.number,
        key=attempt.key("customer"),
    )
    with transaction(session):
        insert = insert_into(session, Payer)
        row = {"customer_id": attempt.buyer.customer_id, "stripe_customer_id": made, "created_at": now}
        session.execute(insert.values(row).on_conflict_do_nothing(index_elements=["customer_id"]))
        return session.get_one(Payer, attempt.buyer.customer_id).stripe_customer_id


def _note(session: Session, attempt: CardAttempt, facts: SessionFacts, *, now: datetime) -> None:
    """Keeps the card page's address. Raises Refused when the order ended while Stripe was asked."""
    with transaction(session):
        # Both rows locked in one look, the order first.
        order_state, state = session.execute(
            select(Order.state, Payment.state)
            .join(Payment, col(Payment.order_id) == col(Order.id))
            .where(col(Payment.id) == attempt.payment_id)
            .with_for_update()
        ).one()
        noted: dict[str, Any] = {"session_id": facts.id, "session_url": facts.url}
        if state is PaymentState.CREATED:
            noted |= {"state": PaymentState.OPEN, "changed_at": now}
        session.execute(update(PAYMENTS).where(PAYMENTS.c.id == attempt.payment_id).values(noted))
        is_over = order_state is not OrderState.RECEIVED or state is PaymentState.EXPIRED
        if is_over or facts.status is SessionStatus.COMPLETE:
            key = f"opened:{attempt.payment_id}"
            put_job(session, "settle_payment", key=key, now=now, payment_id=attempt.payment_id)
    if is_over:
        raise Refused(N_("This order cannot be paid any more."), code="order.not_payable")


def _give_up(session: Session, attempt: CardAttempt, *, now: datetime) -> None:
    """Ends an attempt whose card page is closed or was never made, so that a new one can begin."""
    with transaction(session):
        payment = session.get_one(Payment, attempt.payment_id, with_for_update=True)
        if payment.state in (PaymentState.CREATED, PaymentState.OPEN):
            move(payment, PaymentState.EXPIRED, now=now)


def _return_url(base_url: str) -> str:
    return f"{base_url}/checkout/return?session_id={{CHECKOUT_SESSION_ID}}"
