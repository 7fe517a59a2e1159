"""Reading offers of special services: a company's own, and all that staff made."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.care.models import ServiceOffer, SpecialService
from app.care.queries_services import CONCERNED, text_of
from app.care.rules.offers import OfferStanding, standing
from app.care.rules.price_list import ServiceText
from app.core.errors import N_, NotFound
from app.customers.models import Customer
from app.ordering.models import Order

MOST_OFFERS = 100
TAKING = aliased(Order)
"""The order of kind service that took an offer."""


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer with how it stands now, its service, its customer, and the orders around it (None for none)."""

    offer: ServiceOffer
    service: SpecialService
    customer: Customer
    concerned: Order | None
    order: Order | None
    standing: OfferStanding


def text_of_offer(offer: ServiceOffer, service: SpecialService, language: str) -> ServiceText:
    """An offer as it reads in a language: name, price and rate are frozen, text and unit are the service's."""
    text = text_of(service, language)
    name = offer.name_de if language == "de" else offer.name_en
    return ServiceText(name, text.text, text.unit, offer.price_cents, offer.vat_rate_bp)


def own_offer(session: Session, offer_id: int, *, customer_id: int, now: datetime) -> OfferView:
    """An offer to the company. Raises NotFound for a missing one and for another company's alike."""
    is_it = (col(ServiceOffer.id) == offer_id, col(ServiceOffer.customer_id) == customer_id)
    found = _read(session, *is_it, now=now)
    if not found:
        raise NotFound(N_("There is no such offer."), code="offer.not_found")
    return found[0]


def open_offers_of(session: Session, customer_id: int, *, now: datetime) -> list[OfferView]:
    """The offers that a company can take now, newest first."""
    found = _read(
        session, col(ServiceOffer.customer_id) == customer_id, col(ServiceOffer.expires_at) > now, now=now
    )
    return [view for view in found if view.standing is OfferStanding.OPEN]


def open_offers(session: Session, *, now: datetime) -> list[OfferView]:
    """The offers that wait for a customer, of all companies, newest first."""
    found = _read(session, col(ServiceOffer.expires_at) > now, now=now)
    return [view for view in found if view.standing is OfferStanding.OPEN]


def offers_about(session: Session, order_id: int, *, now: datetime) -> list[OfferView]:
    """All offers about an order, newest first."""
    return _read(session, col(ServiceOffer.for_order_id) == order_id, now=now)


def _read(session: Session, *conditions: ColumnElement[bool], now: datetime) -> list[OfferView]:
    query: Any = (
        select_columns(ServiceOffer, SpecialService, Customer, CONCERNED, TAKING)
        .join(SpecialService, col(SpecialService.id) == col(ServiceOffer.service_id))
        .join(Customer, col(Customer.id) == col(ServiceOffer.customer_id))
        .outerjoin(CONCERNED, col(CONCERNED.id) == col(ServiceOffer.for_order_id))
        .outerjoin(TAKING, col(TAKING.id) == col(ServiceOffer.order_id))
        .where(*conditions)
        .order_by(col(ServiceOffer.id).desc())
        .limit(MOST_OFFERS)
    )
    return [_view(*row, now=now) for row in session.execute(query)]


def _view(
    offer: ServiceOffer,
    service: SpecialService,
    customer: Customer,
    concerned: Order | None,
    order: Order | None,
    *,
    now: datetime,
) -> OfferView:
    stands = standing(
        offer.state, expires_at=offer.expires_at, order_state=order.state if order else None, now=now
    )
    return OfferView(offer, service, customer, concerned, order, stands)
