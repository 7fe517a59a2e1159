"""Writing an offer of a special service inside the caller's transaction, with the e-mail that leads to it."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.audit.service import Actor, record
from app.care.models import ServiceOffer, SpecialService
from app.care.queries_offers import text_of_offer
from app.care.rules.offers import expires_at
from app.care.rules.price_list import service_totals
from app.customers.models import Contact
from app.mail.service import put_mail
from app.ordering.models import Order
from app.policy.queries import current_policy


def make_offer(
    session: Session,
    service: SpecialService,
    *,
    customer_id: int,
    contact: Contact,
    order: Order | None,
    price_cents: int,
    quantity: int,
    details: dict[str, Any],
    actor: Actor,
    now: datetime,
) -> ServiceOffer:
    """The new offer with its id: name, price and rate are frozen, and it ends after the policy's days.

    `contact` gets the e-mail; it is a person of the company. Nothing is ordered or charged by an offer.
    """
    offer = ServiceOffer(
        customer_id=customer_id,
        service_id=service.id or 0,
        for_order_id=order.id if order else None,
        name_de=service.name_de,
        name_en=service.name_en,
        price_cents=price_cents,
        vat_rate_bp=service.vat_rate_bp,
        quantity=quantity,
        details=details,
        offered_by=actor.name[:200],
        offered_at=now,
        expires_at=expires_at(now, days=current_policy(session).service_offer_days),
    )
    session.add(offer)
    session.flush()
    text = text_of_offer(offer, service, contact.language)
    totals = service_totals(text, quantity)
    put_mail(
        session,
        "service_offer",
        key=f"service_offer:{offer.id}",
        to=contact.email,
        language=contact.language,
        object_kind="order" if order else "customer",
        object_id=(order.id if order else customer_id) or 0,
        now=now,
        contact_name=contact.name,
        offer_id=offer.id,
        name=text.name,
        quantity=quantity,
        net_cents=totals.net_cents,
        gross_cents=totals.gross_cents,
        for_number=order.number if order else "",
        expires_at=offer.expires_at.isoformat(),
    )
    return offer


def note_offer(session: Session, offer: ServiceOffer, action: str, *, actor: Actor, now: datetime) -> None:
    """Writes the audit entry of an act on an offer, with the order or the company that it is about."""
    is_of_order = offer.for_order_id is not None
    record(
        session,
        actor,
        action=action,
        object_kind="order" if is_of_order else "customer",
        object_id=offer.for_order_id if is_of_order else offer.customer_id,
        object_name=offer.name_de,
        now=now,
        new={"offer_id": offer.id, "price_cents": offer.price_cents, "quantity": offer.quantity},
    )
