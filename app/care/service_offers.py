"""Writing an offer of a special service inside the caller's transaction, with the e-mail that leads to it."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.audit.service import Actor, record
from app.care.models import ServiceOffer, SpecialService
from app.care.queries_offers import text_of_offer
from app.care.rules.offers import expires_at
from app.care.rules.price_list import service_totals
from app.core.errors import N_, Refused
from app.customers.gate import admission_now
from app.customers.models import Contact
from app.customers.rules.admission import Admission
from app.mail.service import put_mail
from app.ordering.models import Order
from app.ordering.queries_vat import service_vat
from app.ordering.rules.vat_case import HOME
from app.ordering.rules.vat_words import exemption_note
from app.policy.queries import current_policy


def check_admitted(session: Session, customer_id: int, *, contact_id: int) -> None:
    """Raises Refused (`offer.not_admitted`) for a company, locked, or person that the gate keeps outside."""
    if admission_now(session, customer_id, contact_id=contact_id) is not Admission.ADMITTED:
        raise Refused(
            N_("This company is kept outside: nothing is offered to it."), code="offer.not_admitted"
        )


def is_reader_of_offer_admitted(session: Session, offer_id: int, *, contact_id: int) -> bool:
    """Whether the gate lets in the company and the person that an offer was made to; they stay locked."""
    offer = session.get_one(ServiceOffer, offer_id)
    return admission_now(session, offer.customer_id, contact_id=contact_id) is Admission.ADMITTED


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
    case = service_vat(session, customer_id, seller_country=HOME, now=now).case
    totals = service_totals(text, quantity, vat_case=case)
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
        contact_id=contact.id,
        offer_id=offer.id,
        name=text.name,
        quantity=quantity,
        net_cents=totals.net_cents,
        gross_cents=totals.gross_cents,
        vat_note=exemption_note(case, contact.language),
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
