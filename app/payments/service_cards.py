"""Keeping a card for later, and letting it go, inside the caller's transaction."""

from datetime import datetime

from sqlmodel import Session

from app.core.i18n import translate
from app.jobs.service import insert_into
from app.ordering.models import Order
from app.payments.models_cards import CardConsent
from app.payments.rules.saved_cards import CONSENT, CONSENT_VERSION


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
