"""The beginning of an attempt to be paid: its row, and all that its request to Stripe is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.core.errors import N_
from app.core.i18n import translate
from app.ordering.models import Order
from app.ordering.rules.charges import charge_name
from app.ordering.service import add_event
from app.payments.models import Payer, Payment
from app.payments.models_cards import CardConsent, SavedCard
from app.payments.rules.deadlines import page_expires_at, pay_until
from app.payments.rules.facts import CardItem
from app.payments.rules.items import NetItem, card_items
from app.payments.rules.keys import idempotency_key
from app.payments.rules.states import PaymentWay
from app.payments.service import new_payment


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who pays: the company as it is made known to Stripe."""

    customer_id: int
    number: str
    company_name: str
    email: str


@dataclass(frozen=True, slots=True)
class CardAttempt:
    """A written attempt with all that a request to Stripe is made of: only rows, so that a retry is equal."""

    payment_id: int
    token: str
    session_id: str | None
    order_id: int
    order_number: str
    buyer: Buyer
    stripe_customer_id: str | None
    items: tuple[CardItem, ...]
    currency: str
    language: str
    expires_at: datetime
    keeps_card: bool = False

    def key(self, verb: str) -> str:
        """The idempotency key under which it asks for one thing."""
        return idempotency_key(self.token, self.payment_id, verb)


def begin_payment(session: Session, order: Order, *, now: datetime) -> Payment:
    """A new attempt to be paid for an order, with its entry in the timeline."""
    expires_at = page_expires_at(placed_at=order.placed_at, now=now)
    payment = new_payment(session, order, expires_at=expires_at, now=now)
    add_event(session, payment.order_id, "payment_started", now=now)
    return payment


def begin_charge(session: Session, order: Order, card: SavedCard, *, now: datetime) -> Payment:
    """A new attempt to charge a kept card for an order; its request to Stripe follows from its row."""
    payment = new_payment(session, order, expires_at=pay_until(order.placed_at), now=now)
    payment.way, payment.saved_card_id = PaymentWay.OFF_SESSION, card.id
    session.add(payment)
    return payment


def card_attempt(
    session: Session,
    order: Order,
    payment: Payment,
    *,
    buyer: Buyer,
    lines: Sequence[Any],
    charges: Sequence[Any],
) -> CardAttempt:
    """An attempt as Stripe is asked for it; `lines` and `charges` are the order's, as rows or as they were stored."""
    payer = select(Payer.stripe_customer_id).where(col(Payer.customer_id) == buyer.customer_id)
    consent = select(CardConsent.id).where(
        col(CardConsent.order_id) == payment.order_id, col(CardConsent.ended_at).is_(None)
    )
    stripe_customer_id, consent_id = session.execute(
        select_columns(payer.scalar_subquery(), consent.scalar_subquery())
    ).one()
    items = [NetItem(f"{line.quantity} × {line.name}", line.net_cents) for line in lines]
    for charge in charges:
        name = charge_name(charge.kind, order.language, name=charge.name, quantity=charge.quantity)
        items.append(NetItem(name, charge.net_cents))
    rest_name = translate(order.language, N_("Further items"))
    return CardAttempt(
        payment_id=payment.id or 0,
        token=payment.token,
        session_id=payment.session_id,
        order_id=payment.order_id,
        order_number=order.number,
        buyer=buyer,
        stripe_customer_id=stripe_customer_id,
        items=card_items(items, gross_cents=order.gross_cents, rest_name=rest_name),
        currency=order.currency,
        language=order.language,
        expires_at=payment.expires_at,
        keeps_card=consent_id is not None,
    )
