"""Keeping a card for later, and letting it go, inside the caller's transaction."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.core.i18n import translate
from app.jobs.service import insert_into, put_job
from app.ordering.models import Order
from app.payments.models_cards import CardConsent, SavedCard
from app.payments.queries_cards import living_card
from app.payments.rules.facts import MethodFacts
from app.payments.rules.saved_cards import CONSENT, CONSENT_VERSION, CardEnd


def agree_to_keep(session: Session, order: Order, *, now: datetime) -> None:
    """Writes down that the person who placed an order agreed to keep its card, with the words that were read.

    Twice is once: the words of the first time stay.
    """
    row = {
        "customer_id": order.customer_id,
        "contact_id": order.contact_id,
        "order_id": order.id,
        "version": CONSENT_VERSION,
        "language": order.language,
        "text": translate(order.language, CONSENT),
        "given_at": now,
    }
    insert = insert_into(session, CardConsent)
    session.execute(insert.values(row).on_conflict_do_nothing(index_elements=["order_id"]))


def keep(session: Session, method: MethodFacts, *, order: Order, actor: Actor, now: datetime) -> bool:
    """Keeps the card with which an order was paid in the place of an older one; the company's row is locked.

    Without a consent that still holds it is not kept but let go at Stripe: False.
    """
    consent = session.exec(
        select(CardConsent).where(col(CardConsent.order_id) == order.id, col(CardConsent.ended_at).is_(None))
    ).first()
    if consent is None or consent.id is None or method.stripe_customer_id is None:
        put_detach_job(session, method.id, now=now)
        return False
    older = living_card(session, order.customer_id)
    if older is not None and older.payment_method_id == method.id:
        return True
    if older is not None:
        end_card(session, older, CardEnd.REPLACED, actor=actor, now=now)
        session.flush()
    card = SavedCard(
        customer_id=order.customer_id,
        consent_id=consent.id,
        payment_method_id=method.id,
        brand=method.brand[:32],
        last4=method.last4[:4],
        expires_month=method.expires_month,
        expires_year=method.expires_year,
        saved_at=now,
        changed_at=now,
    )
    session.add(card)
    session.flush()
    _record(session, actor, "card.kept", card, order_number=order.number, now=now)
    return True


def end_card(session: Session, card: SavedCard, reason: CardEnd, *, actor: Actor, now: datetime) -> None:
    """Ends a kept card and the consent to it; Stripe lets it go by a job."""
    card.ended_at, card.end_reason, card.ended_by = now, reason, actor.name[:200]
    session.add(card)
    ended = update(CardConsent).where(col(CardConsent.ended_at).is_(None))
    # Who removes a card does not want one that a payment under way would keep, either.
    whose = (
        col(CardConsent.customer_id) == card.customer_id
        if reason is CardEnd.REMOVED
        else col(CardConsent.id) == card.consent_id
    )
    session.execute(ended.where(whose).values(ended_at=now))
    if reason is not CardEnd.DETACHED:
        put_detach_job(session, card.payment_method_id, now=now)
    _record(session, actor, f"card.{reason.value}", card, now=now)


def put_detach_job(session: Session, payment_method_id: str, *, now: datetime) -> None:
    """Has Stripe let a card go, once."""
    put_job(
        session,
        "detach_card",
        key=f"detach:{payment_method_id}",
        now=now,
        payment_method_id=payment_method_id,
    )


def take_over(session: Session, card: SavedCard, method: MethodFacts, *, actor: Actor, now: datetime) -> None:
    """Writes down what Stripe says of a kept card now: a new number or expiry, or that it is gone."""
    if card.ended_at is not None:
        return
    if method.stripe_customer_id is None:
        end_card(session, card, CardEnd.DETACHED, actor=actor, now=now)
        return
    old = (card.brand, card.last4, card.expires_month, card.expires_year)
    new = (method.brand[:32], method.last4[:4], method.expires_month, method.expires_year)
    if new != old:
        card.brand, card.last4, card.expires_month, card.expires_year = new
        card.changed_at = now
        session.add(card)
        _record(session, actor, "card.renewed", card, now=now)


def _record(
    session: Session, actor: Actor, action: str, card: SavedCard, *, now: datetime, order_number: str = ""
) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind="customer",
        object_id=card.customer_id,
        now=now,
        new={
            "card": f"{card.brand} {card.last4}",
            "expires": f"{card.expires_month:02d}/{card.expires_year}",
            **({"order": order_number} if order_number else {}),
        },
    )
