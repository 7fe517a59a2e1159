"""Reading the cards that are kept."""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlmodel import Session, col, or_, select

from app.payments.models_cards import CardConsent, SavedCard
from app.payments.rules.saved_cards import CardStanding, standing


def living_card(session: Session, customer_id: int) -> SavedCard | None:
    """The card that a company has kept with us, good or expired; None for none."""
    return session.exec(
        select(SavedCard).where(col(SavedCard.customer_id) == customer_id, col(SavedCard.ended_at).is_(None))
    ).first()


def usable_card(session: Session, customer_id: int, *, today: date) -> SavedCard | None:
    """The kept card of a company that may be charged: with a consent that lasts, and not expired."""
    card = living_card(session, customer_id)
    if card is None or session.get_one(CardConsent, card.consent_id).ended_at is not None:
        return None
    return None if standing_of(card, today=today, warn_days=0) is CardStanding.EXPIRED else card


def standing_of(card: SavedCard, *, today: date, warn_days: int) -> CardStanding:
    """How a kept card stands on a day."""
    return standing(
        expires_year=card.expires_year, expires_month=card.expires_month, today=today, warn_days=warn_days
    )


def card_of_method(session: Session, payment_method_id: str) -> SavedCard | None:
    """The card with this id at Stripe, kept now or before; None for a foreign one."""
    return session.exec(
        select(SavedCard).where(col(SavedCard.payment_method_id) == payment_method_id)
    ).first()


def expiring_cards(session: Session, *, today: date, warn_days: int) -> Sequence[SavedCard]:
    """The kept cards whose last day is at most `warn_days` away, expired ones not among them."""
    until = today + timedelta(days=warn_days)
    year, month = col(SavedCard.expires_year), col(SavedCard.expires_month)
    query = select(SavedCard).where(
        col(SavedCard.ended_at).is_(None),
        or_(year > today.year, (year == today.year) & (month >= today.month)),
        or_(year < until.year, (year == until.year) & (month <= until.month)),
    )
    found = session.exec(query.order_by(col(SavedCard.id))).all()
    soon = CardStanding.EXPIRES_SOON
    return [card for card in found if standing_of(card, today=today, warn_days=warn_days) is soon]
