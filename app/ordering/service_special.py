"""Writing orders of kind service inside the caller's transaction: placed, accepted, done, in their own words."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from app.core.ids import new_number
from app.ordering.models import Order, TermsVersion
from app.ordering.rules.pricing import Totals
from app.ordering.rules.states import OrderKind, OrderState, may_follow
from app.ordering.rules.vat_case import VatPosition
from app.ordering.service import OrderParts, add_event, mail_order, moved_on
from app.ordering.service_placing import DeliveryAddress, store_parts


def store_special(
    session: Session,
    totals: Totals,
    *,
    customer_id: int,
    contact_id: int,
    checkout_key: str,
    for_order_id: int | None,
    address: DeliveryAddress,
    purchase_reference: str,
    terms: TermsVersion,
    language: str,
    today: date,
    now: datetime,
    vat: VatPosition,
    agreed: Order | None = None,
    **told: Any,
) -> Order:
    """Writes an order of one service as it was shown, with timeline and receipt; it holds nothing of the stock.

    `address` is who ordered it. A service has no delivery day: both days of the order are `today`. `told` is what the
    receipt says besides. A fee that staff charge has no receipt: its terms were accepted with the order `agreed`.
    """
    assert terms.id is not None
    order = Order(
        number=new_number("S"),
        kind=OrderKind.SERVICE,
        for_order_id=for_order_id,
        customer_id=customer_id,
        contact_id=contact_id,
        checkout_key=checkout_key,
        language=language,
        goods_net_cents=totals.goods_net_cents,
        charges_net_cents=totals.charges_net_cents,
        vat_cents=totals.vat_cents,
        gross_cents=totals.gross_cents,
        **asdict(address),
        purchase_reference=purchase_reference,
        terms_version_id=terms.id,
        terms_accepted_at=agreed.terms_accepted_at if agreed else now,
        business_confirmed_at=agreed.business_confirmed_at if agreed else now,
        dispatch_on=today,
        promised_on=today,
        placed_at=now,
        vat_case=vat.case,
        vat_id=vat.used.vat_id,
    )
    session.add(order)
    session.flush()
    assert order.id is not None
    store_parts(session, order.id, charges=totals.charges, taxes=totals.taxes)
    add_event(session, order.id, "placed", now=now, actor_name=address.contact_name)
    if agreed is None:
        parts = OrderParts((), totals.charges, totals.taxes)
        mail_order(session, order, "order_received", now=now, parts=parts, terms_name=terms.name, **told)
    return order


def accept_special(
    session: Session, order: Order, *, now: datetime, kind: str = "order_accepted", **told: Any
) -> None:
    """Makes a paid service binding: timeline and mail (which says what is `told` besides); the cart stays as it is."""
    _move(order, OrderState.ACCEPTED)
    order.accepted_at = now
    add_event(session, order.id or 0, "accepted", now=now)
    mail_order(session, order, kind, now=now, is_later=False, **told)


def finish_special(session: Session, order: Order, *, actor_name: str, now: datetime) -> None:
    """Takes a service to its end: what is `dispatched` of goods is `done` of a service.

    Raises Refused (`order.illegal_transition`) for one that is not accepted or done already.
    """
    _move(order, OrderState.DISPATCHED)
    order.dispatched_at = now
    add_event(session, order.id or 0, "dispatched", now=now, actor_name=actor_name)


def _move(order: Order, following: OrderState) -> None:
    if order.kind is not OrderKind.SERVICE or not may_follow(order.state, following):
        raise moved_on()
    order.state = following
