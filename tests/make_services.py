"""Builders of rows of special services for tests: orders of kind service, offers, field visits."""

from datetime import timedelta
from typing import Any

from sqlmodel import Session, col, select

from app.care.models import FieldVisit, ServiceOffer, ServiceOrder, SpecialService
from app.core.transaction import is_in_transaction, transaction
from app.customers.models import Contact, Customer
from app.ordering.models import Charge, Order, OrderTax
from app.ordering.rules.pricing import ChargeKind
from app.ordering.rules.states import OrderKind, OrderState
from tests import make


def service(session: Session, code: str = "phone-help") -> SpecialService:
    """An entry of the price list with which a shop begins."""
    return session.exec(select(SpecialService).where(col(SpecialService.code) == code)).one()


def service_order(
    session: Session,
    *,
    of: Customer,
    by: Contact,
    for_order: Order | None = None,
    code: str = "phone-help",
    details: dict[str, Any] | None = None,
    **values: Any,
) -> Order:
    """An accepted order of one service at 10.00 net, 19 % VAT, that waits for a person."""
    if not is_in_transaction(session):
        with transaction(session):
            return service_order(
                session, of=of, by=by, for_order=for_order, code=code, details=details, **values
            )
    kept = service(session, code)
    order = make.order(
        session,
        of=of,
        by=by,
        bundle=None,
        kind=OrderKind.SERVICE,
        for_order_id=for_order.id if for_order else None,
        goods_net_cents=0,
        charges_net_cents=1_000,
        vat_cents=190,
        gross_cents=1_190,
        **{"state": OrderState.ACCEPTED, "accepted_at": make.NOW, **values},
    )
    make.saved(
        session,
        Charge(
            order_id=order.id, kind=ChargeKind.SPECIAL_SERVICE, net_cents=1_000, name=kept.name_de, quantity=1,
            vat_rate_bp=1_900,
        ),
    )  # fmt: skip
    make.saved(session, OrderTax(order_id=order.id, vat_rate_bp=1_900, net_cents=1_000, vat_cents=190))
    make.saved(session, ServiceOrder(order_id=order.id, service_id=kept.id, details=details or {}))
    return order


def service_offer(
    session: Session, *, of: Customer, for_order: Order | None = None, **values: Any
) -> ServiceOffer:
    """An open offer of help by phone, for ten years."""
    kept = service(session)
    defaults: dict[str, Any] = {
        "customer_id": of.id,
        "service_id": kept.id,
        "for_order_id": for_order.id if for_order else None,
        "name_de": kept.name_de,
        "name_en": kept.name_en,
        "price_cents": kept.price_cents,
        "vat_rate_bp": kept.vat_rate_bp,
        "offered_by": "Olga Opera",
        "offered_at": make.NOW,
        "expires_at": make.NOW + timedelta(days=3_650),
    }
    return make.saved(session, ServiceOffer(**{**defaults, **values}))


def field_visit(session: Session, *, of: Customer, **values: Any) -> FieldVisit:
    """A visit that somebody else has asked for and that waits for a lead."""
    defaults: dict[str, Any] = {
        "customer_id": of.id,
        "reason": "Eine zweite Linie.",
        "expected_contribution_cents": 120_000,
        "price_cents": 39_000,
        "requested_by": "Olga Opera",
        "requested_by_id": 900,
        "requested_at": make.NOW,
    }
    return make.saved(session, FieldVisit(**{**defaults, **values}))
