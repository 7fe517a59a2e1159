"""A card is kept for later with its holder's consent, renewed, let go, and told of before it expires."""

from datetime import date, datetime

from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import SYSTEM, Actor
from app.core.failpoints import reach
from app.core.transaction import transaction
from app.customers.models import Contact
from app.customers.service import lock_customer
from app.mail.service import put_mail
from app.ordering.models import Order
from app.payments.models import Payment, StripeEvent
from app.payments.models_cards import CardConsent
from app.payments.queries_cards import card_of_method, expiring_cards, living_card
from app.payments.rules.facts import MethodFacts
from app.payments.rules.saved_cards import CardEnd
from app.payments.service_cards import end_card, keep, take_over
from app.payments.stripe_gateway import StripeGateway, StripeRefusal
from app.policy.queries import current_policy


def keep_card(session: Session, gateway: StripeGateway, *, payment_id: int, now: datetime) -> bool:
    """Keeps the card of a payment that was charged; False where it may not be kept (any more) or is gone.

    Twice is once. Raises StripeUnavailable when Stripe does not answer: the job tries again.
    """
    payment = session.exec(select(Payment).where(col(Payment.id) == payment_id)).one()
    method_id, order_id = payment.kept_method_id, payment.order_id
    session.rollback()
    method = _read(gateway, method_id)
    with transaction(session):
        customer_id = session.get_one(Order, order_id).customer_id
        lock_customer(session, customer_id)
        order = session.get_one(Order, order_id)
        known = card_of_method(session, method_id)
        if known is not None:
            return known.ended_at is None
        is_kept = keep(session, method, order=order, actor=SYSTEM, now=now)
        reach("keep_card.before_commit")
    return is_kept


def let_card_go(session: Session, gateway: StripeGateway, *, payment_method_id: str) -> None:
    """Has Stripe let a card go that is not kept here; one that is kept (again) stays."""
    card = card_of_method(session, payment_method_id)
    is_kept = card is not None and card.ended_at is None
    session.rollback()
    if not is_kept:
        gateway.detach(payment_method_id)


def look_at_card(
    session: Session,
    gateway: StripeGateway,
    *,
    payment_method_id: str,
    event_row_id: int | None,
    now: datetime,
) -> bool:
    """Reads a card again that Stripe told something of, or that was not charged; True where it is one that we keep."""
    card = card_of_method(session, payment_method_id)
    is_kept = card is not None and card.ended_at is None
    session.rollback()
    method = _read(gateway, payment_method_id) if is_kept else None
    with transaction(session):
        if method is not None:
            found = card_of_method(session, payment_method_id)
            assert found is not None
            lock_customer(session, found.customer_id)
            session.refresh(found)
            take_over(session, found, method, actor=SYSTEM, now=now)
        event = session.get(StripeEvent, event_row_id) if event_row_id is not None else None
        if event is not None and event.handled_at is None:
            event.handled_at = now
    return is_kept


def remove_card(session: Session, *, customer_id: int, contact_id: int, now: datetime) -> bool:
    """A person of the company removes its kept card, and with it every consent; False where there is none."""
    with transaction(session):
        lock_customer(session, customer_id)
        card = living_card(session, customer_id)
        if card is None:
            return False
        name = session.get_one(Contact, contact_id).name
        end_card(session, card, CardEnd.REMOVED, actor=Actor(ActorKind.CUSTOMER, name, contact_id), now=now)
        reach("remove_card.before_commit")
    return True


def warn_of_expiry(session: Session, *, today: date, now: datetime) -> int:
    """Writes to whoever agreed to a kept card that expires soon, once a card and month; how many cards there are."""
    with transaction(session):
        cards = expiring_cards(session, today=today, warn_days=current_policy(session).card_expiry_days)
        for card in cards:
            contact = session.get_one(Contact, session.get_one(CardConsent, card.consent_id).contact_id)
            put_mail(
                session,
                "card_expires",
                key=f"card_expires:{card.id}:{today:%Y-%m}",
                to=contact.email,
                language=contact.language,
                object_kind="customer",
                object_id=card.customer_id,
                now=now,
                contact_name=contact.name,
                brand=card.brand,
                last4=card.last4,
                expires=f"{card.expires_month:02d}/{card.expires_year}",
            )
        return len(cards)


def _read(gateway: StripeGateway, method_id: str) -> MethodFacts:
    """A card as it is at Stripe; one that Stripe does not know any more is gone."""
    try:
        return gateway.read_method(method_id)
    except StripeRefusal:
        return MethodFacts(method_id, None, "", "", 1, 1970)
