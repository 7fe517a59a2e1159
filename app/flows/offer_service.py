"""Staff add a special service to an order: the customer gets a link to pay for it, or not."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor
from app.care.models import ServiceOffer, SpecialService
from app.care.queries_offers import offers_about
from app.care.queries_services import concerned_of, find_service
from app.care.rules.effort import EffortCause, EffortKind
from app.care.rules.offers import OfferStanding, standing
from app.care.rules.service_wishes import BY_OFFER_ONLY, is_possible, most_units
from app.care.rules.services import OfferState, ServiceKind
from app.care.rules.visits import SENTENCES, MissingPart
from app.care.service_effort import note_effort
from app.care.service_offers import check_admitted, make_offer, note_offer
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.customers.models import Contact
from app.customers.service import lock_customer
from app.ordering.models import Order
from app.ordering.rules.states import OrderKind

NOT_POSSIBLE = N_("This service is not possible for the order as it stands.")


def offer_service(
    session: Session, *, order_number: str, service_id: int, quantity: int, actor: Actor, now: datetime
) -> int:
    """Offers a service to whoever placed an order of goods, at today's price; returns the offer's id.

    While an offer of the same service and number waits, it is that one again: two clicks are one e-mail. Raises
    NotFound, Invalid for a number of units that is not offered, Refused for a service that the order does not allow
    (`service.not_possible`), for a field visit, which needs a lead's approval (`service.visit_not_approved`), and for
    a company that is kept outside by now (`offer.not_admitted`): it reads no prices.
    """
    with transaction(session):
        placed_by = session.exec(
            select(Order.customer_id, Order.contact_id).where(col(Order.number) == order_number)
        ).first()
        if placed_by is None:
            raise NotFound(N_("There is no such order."), code="order.not_found")
        check_admitted(session, placed_by[0], contact_id=placed_by[1])
        order = session.exec(select(Order).where(col(Order.number) == order_number).with_for_update()).one()
        assert order.id is not None
        service = find_service(session, service_id)
        _check(session, service, order, quantity)
        for view in offers_about(session, order.id, now=now):
            is_same = (view.offer.service_id, view.offer.quantity) == (service.id, quantity)
            if is_same and view.standing is OfferStanding.OPEN:
                return view.offer.id or 0
        offer = make_offer(
            session,
            service,
            customer_id=order.customer_id,
            contact=session.get_one(Contact, order.contact_id),
            order=order,
            price_cents=service.price_cents,
            quantity=quantity,
            details={},
            actor=actor,
            now=now,
        )
        note_offer(session, offer, "service.offered", actor=actor, now=now)
        note_effort(
            session,
            customer_id=order.customer_id,
            order_id=order.id,
            kind=EffortKind.STAFF_ACTION,
            cause=EffortCause.UNDECIDED,
            source_key=f"service_offer:{offer.id}",
            by=actor.name,
            now=now,
        )
        return offer.id or 0


def withdraw_offer(session: Session, offer_id: int, *, actor: Actor, now: datetime) -> ServiceOffer:
    """Takes an offer back that nobody took; one withdrawn before stays as it is.

    Raises NotFound, and Refused (`offer.over`) for one that was taken.
    """
    with transaction(session):
        customer_id = session.exec(
            select(ServiceOffer.customer_id).where(col(ServiceOffer.id) == offer_id)
        ).first()
        if customer_id is None:
            raise NotFound(N_("There is no such offer."), code="offer.not_found")
        lock_customer(session, customer_id)
        offer = session.exec(
            select(ServiceOffer).where(col(ServiceOffer.id) == offer_id).with_for_update()
        ).one()
        taken = session.get(Order, offer.order_id) if offer.order_id is not None else None
        stands = standing(
            offer.state, expires_at=offer.expires_at, order_state=taken.state if taken else None, now=now
        )
        if stands is OfferStanding.TAKEN:
            raise Refused(N_("The customer has taken this offer already."), code="offer.over")
        if stands is not OfferStanding.WITHDRAWN:
            offer.state = OfferState.WITHDRAWN
            note_offer(session, offer, "service.offer_withdrawn", actor=actor, now=now)
            note_effort(
                session,
                customer_id=customer_id,
                order_id=offer.for_order_id,
                kind=EffortKind.STAFF_ACTION,
                cause=EffortCause.OURS,
                source_key=f"service_offer:{offer.id}:withdrawn",
                by=actor.name,
                now=now,
            )
        return offer


def _check(session: Session, service: SpecialService, order: Order, quantity: int) -> None:
    if service.kind in BY_OFFER_ONLY:
        raise Refused(SENTENCES[MissingPart.APPROVAL], code="service.visit_not_approved")
    if not service.is_active or order.kind is not OrderKind.GOODS:
        raise Refused(NOT_POSSIBLE, code="service.not_possible")
    if not is_possible(service.kind, concerned_of(session, order)):
        raise Refused(NOT_POSSIBLE, code="service.not_possible")
    if not 1 <= quantity <= most_units(ServiceKind(service.kind)):
        fault = FieldError("quantity", N_("Please choose one of the offered values."))
        raise Invalid(N_("Please check the entries."), code="service.invalid", fields=(fault,))
