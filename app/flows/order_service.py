"""A customer orders a special service, from the list or by an offer: exactly what was shown, once."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.care.models import ServiceOffer, ServiceOrder, SpecialService
from app.care.queries_offers import text_of_offer
from app.care.queries_services import concerned_of, keepings_of, service_on_sale, text_of
from app.care.rules.offers import OfferStanding, standing
from app.care.rules.price_list import ServiceText, service_totals, shown_mark
from app.care.rules.service_wishes import Wish, details_of, faults_of_wish, needs_address, needs_order
from app.care.rules.services import OfferState
from app.care.rules.storage import Keeping, details_of_keeping, told_of_keeping
from app.care.service_special import destination
from app.core.errors import N_, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.customers.gate import Asked, ask_gate
from app.customers.rules.admission import Admission
from app.customers.service_delivery import is_held_back
from app.ordering.models import Order, TermsVersion
from app.ordering.queries_terms import terms_in_force
from app.ordering.queries_vat import service_vat_of
from app.ordering.rules.pace import WINDOW, check_pace
from app.ordering.rules.promise import Calendar
from app.ordering.rules.vat import VatCase
from app.ordering.service_freeze import refuse_frozen
from app.ordering.service_placing import DeliveryAddress, PlacedOrder, order_of_key
from app.ordering.service_special import store_special
from app.payments.rules.items import check_chargeable
from app.payments.service_cards import agree_to_keep
from app.policy.queries import current_policy
from app.policy.rules.policy import UnconfirmedVat

ADDRESS_IN_CHECK = N_(
    "We check this delivery address and write to you. Nothing was ordered or charged; your order is as it was."
)
VAT_UNCONFIRMED = N_(
    "Your VAT id is not confirmed yet, so nothing can be ordered. We keep asking the tax authorities by ourselves;"
    " nothing was ordered or charged."
)
OFFER_OVER = {
    OfferStanding.TAKEN: N_("This offer was taken already. You find it among your orders."),
    OfferStanding.WITHDRAWN: N_("This offer was withdrawn. Nothing was ordered."),
    OfferStanding.EXPIRED: N_("This offer has expired. Nothing was ordered."),
}


@dataclass(frozen=True, slots=True)
class Asking:
    """What the customer sends: which service (of the list, or by an offer), for which order, and what they say."""

    service_id: int | None = None
    offer_id: int | None = None
    order_number: str = ""
    quantity: int = 1
    address: DeliveryAddress | None = None
    note: str = ""
    purchase_reference: str = ""


@dataclass(frozen=True, slots=True)
class _Subject:
    """The service behind an asking, as it reads and costs for this customer now."""

    service: SpecialService
    offer: ServiceOffer | None
    goods: Order | None
    text: ServiceText
    keepings: Mapping[int, Keeping]

    @property
    def quantity(self) -> int | None:
        """The units that an offer names; None where the customer chooses."""
        return self.offer.quantity if self.offer else None


def order_service(
    session: Session,
    asking: Asking,
    *,
    customer_id: int,
    contact_id: int,
    checkout_key: str,
    shown: str,
    language: str,
    calendar: Calendar,
    now: datetime,
    keeps_card: bool = False,
) -> PlacedOrder:
    """Stores an order of kind service at the price that the customer saw (`shown`, see rules/price_list.py).

    The same checkout key gives the same order, however often and however parallel it is sent. `calendar` is that of
    the federal state. Raises NotFound for a service, offer or order that this company does not have, Invalid with a
    fault per field, Refused for a company no longer admitted, for what changed since it was shown
    (`service.changed`), an offer that is over (`offer.over`), a VAT id that must be confirmed first, and a new address
    that a person must look at first.
    """
    with transaction(session):
        asked = ask_gate(session, customer_id, contact_id=contact_id)
        known = order_of_key(session, customer_id, checkout_key)
        if known:
            return known
        if asked.admission is not Admission.ADMITTED:
            raise Refused(N_("Ordering is not possible right now."), code="order.not_admitted")
        _check_pace(session, customer_id, now=now)
        refuse_frozen(session)
        subject = _subject(
            session, asking, customer_id=customer_id, language=language, calendar=calendar, now=now
        )
        vat = service_vat_of(asked.customer, seller_country=calendar.country, now=now)
        terms = _terms(session, subject, shown, vat.case)
        wish = _wish(session, subject, asking, vat.case)
        if vat.is_waiting and current_policy(session).unconfirmed_vat is UnconfirmedVat.HOLD:
            raise Refused(VAT_UNCONFIRMED, code="order.vat_unconfirmed")
        placed = None
        if not _is_held_back(session, subject, wish, asked=asked, now=now):
            order = store_special(
                session,
                service_totals(subject.text, wish.quantity, vat_case=vat.case),
                customer_id=customer_id,
                contact_id=contact_id,
                checkout_key=checkout_key,
                for_order_id=subject.goods.id if subject.goods else None,
                address=_home(asked),
                purchase_reference=asking.purchase_reference,
                terms=terms,
                language=language,
                today=now.astimezone(calendar.zone).date(),
                now=now,
                vat=vat,
                **_told(subject, wish),
            )
            _keep(session, order, subject, wish)
            if keeps_card:
                agree_to_keep(session, order, now=now)
            placed = PlacedOrder(order.id or 0, order.number, is_new=True)
    if placed is None:
        # After the commit, as the case for a person must stay.
        raise Refused(ADDRESS_IN_CHECK, code="order.address_in_check")
    return placed


def _check_pace(session: Session, customer_id: int, *, now: datetime) -> None:
    """Raises Refused `throttled` for a company that placed many orders in an hour and paid none of them."""
    lately = (col(Order.customer_id) == customer_id, col(Order.placed_at) > now - WINDOW)
    unpaid_at = session.exec(select(Order.placed_at).where(*lately, col(Order.accepted_at).is_(None))).all()
    if unpaid_at:
        check_pace(unpaid_at, most=current_policy(session).unpaid_orders_per_hour, now=now)


def _subject(
    session: Session,
    asking: Asking,
    *,
    customer_id: int,
    language: str,
    calendar: Calendar,
    now: datetime,
) -> _Subject:
    """The service of the list, or that of the offer (locked), with the company's order that it is about (locked)."""
    if asking.offer_id is None:
        service = service_on_sale(session, asking.service_id or 0)
        goods = (
            _goods(session, customer_id, number=asking.order_number) if needs_order(service.kind) else None
        )
        keepings = keepings_of(session, service.kind, goods, offered=None, calendar=calendar, now=now)
        return _Subject(service, None, goods, text_of(service, language), keepings)
    is_theirs = col(ServiceOffer.customer_id) == customer_id
    named = session.exec(
        select(ServiceOffer.for_order_id).where(col(ServiceOffer.id) == asking.offer_id, is_theirs)
    ).all()
    if not named:
        raise NotFound(N_("There is no such offer."), code="offer.not_found")
    goods = _goods(session, customer_id, order_id=named[0])
    offer = session.get_one(ServiceOffer, asking.offer_id, with_for_update=True)
    taken = session.get(Order, offer.order_id) if offer.order_id is not None else None
    stands = standing(
        offer.state, expires_at=offer.expires_at, order_state=taken.state if taken else None, now=now
    )
    if stands is not OfferStanding.OPEN:
        raise Refused(OFFER_OVER[stands], code="offer.over")
    service = session.get_one(SpecialService, offer.service_id)
    keepings = keepings_of(session, service.kind, goods, offered=offer.quantity, calendar=calendar, now=now)
    return _Subject(service, offer, goods, text_of_offer(offer, service, language), keepings)


def _goods(
    session: Session, customer_id: int, *, number: str = "", order_id: int | None = None
) -> Order | None:
    """The company's order of goods, locked; None where none is named. Raises NotFound for another company's."""
    if not number and order_id is None:
        return None
    is_it = col(Order.id) == order_id if order_id is not None else col(Order.number) == number
    order = session.exec(
        select(Order).where(is_it, col(Order.customer_id) == customer_id).with_for_update()
    ).first()
    if order is None:
        raise NotFound(N_("There is no such order."), code="order.unknown")
    return order


def _terms(session: Session, subject: _Subject, shown: str, case: VatCase) -> TermsVersion:
    """The terms in force. Raises Refused where there are none, or where what was shown is not what is true now."""
    terms = terms_in_force(session)
    if terms is None or terms.id is None:
        raise Refused(N_("No terms are in force: orders are not possible yet."), code="order.no_terms")
    keepings = list(subject.keepings.values())
    mark = shown_mark(
        subject.text, quantity=subject.quantity, terms_version_id=terms.id, keepings=keepings, vat_case=case
    )
    if shown != mark:
        raise Refused(
            N_(
                "The price, the VAT, a day, the service or the terms have changed since this page was shown."
                " Nothing was ordered."
            ),
            code="service.changed",
        )
    return terms


def _wish(session: Session, subject: _Subject, asking: Asking, case: VatCase) -> Wish:
    """What the customer wants, checked. Raises Invalid with a fault per field."""
    kind = subject.service.kind
    quantity = asking.quantity if subject.quantity is None else subject.quantity
    wish = Wish(
        quantity=quantity,
        concerned=concerned_of(session, subject.goods),
        address=asdict(asking.address) if asking.address and needs_address(kind) else {},
        note=asking.note.strip(),
        keeping=subject.keepings.get(quantity),
    )
    faults = faults_of_wish(kind, wish, most=subject.quantity, is_offered=subject.offer is not None)
    if faults:
        raise Invalid(N_("Please check the entries."), code="service.invalid", fields=tuple(faults))
    check_chargeable(service_totals(subject.text, wish.quantity, vat_case=case).gross_cents)
    return wish


def _is_held_back(session: Session, subject: _Subject, wish: Wish, *, asked: Asked, now: datetime) -> bool:
    if not needs_address(subject.service.kind):
        return False
    return is_held_back(
        session,
        customer_id=asked.customer.id or 0,
        contact_id=asked.contact.id or 0,
        to=destination(wish.address),
        now=now,
    )


def _home(asked: Asked) -> DeliveryAddress:
    customer = asked.customer
    return DeliveryAddress(
        customer.company_name,
        asked.contact.name,
        customer.street,
        customer.postal_code,
        customer.city,
        customer.country,
    )


def _told(subject: _Subject, wish: Wish) -> dict[str, Any]:
    """What the receipt says of storage: until when the order stays, and when it arrives."""
    if wish.keeping is None or subject.goods is None:
        return {}
    return {"keeps": told_of_keeping(details_of_keeping(wish.keeping), subject.goods.number)}


def _keep(session: Session, order: Order, subject: _Subject, wish: Wish) -> None:
    """What is to be done once it is paid; an offer is taken by it."""
    offered = subject.offer.details if subject.offer else {}
    session.add(
        ServiceOrder(
            order_id=order.id or 0,
            service_id=subject.service.id or 0,
            offer_id=subject.offer.id if subject.offer else None,
            details={**offered, **details_of(subject.service.kind, wish)},
        )
    )
    if subject.offer:
        subject.offer.state = OfferState.TAKEN
        subject.offer.order_id = order.id
