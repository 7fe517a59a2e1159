"""A cart becomes an order: exactly what was shown, once, in one transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.core.errors import N_, Refused
from app.core.failpoints import reach
from app.core.ids import new_number
from app.core.transaction import transaction
from app.customers.gate import admission_now
from app.customers.rules.admission import Admission
from app.customers.rules.delivery import Destination
from app.customers.service_delivery import is_held_back
from app.ordering.models import Charge, Order, OrderLine, OrderTax
from app.ordering.queries_checkout import Checkout, read_checkout
from app.ordering.rules.offer import Change, changes, read_offer
from app.ordering.rules.promise import Calendar
from app.ordering.rules.states import CancelReason, OrderState
from app.ordering.service import add_event, cancel, lock_order, mail_order
from app.payments.rules.items import GREATEST_AMOUNT_CENTS, LEAST_AMOUNT_CENTS
from app.payments.service import JUST_PAYING, let_go, lock_payments

ADDRESS_IN_CHECK = N_(
    "We check this delivery address and write to you. Nothing was ordered or charged; your cart is kept."
)


@dataclass(frozen=True, slots=True)
class DeliveryAddress:
    """Where the goods go."""

    company_name: str
    contact_name: str
    street: str
    postal_code: str
    city: str
    country: str


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """The order that now exists; `is_new` is False when the same checkout had placed it before."""

    order_id: int
    number: str
    is_new: bool


class OrderChanged(Refused):
    """The cart, a price, the promise or the terms are not what was shown; nothing was ordered."""

    def __init__(self, found: list[Change]) -> None:
        super().__init__(
            N_("Something has changed since this page was shown. Nothing was ordered."), code="order.changed"
        )
        self.changes = found


def place_order(
    session: Session,
    *,
    customer_id: int,
    contact_id: int,
    checkout_key: str,
    shown: str,
    address: DeliveryAddress,
    purchase_reference: str,
    language: str,
    calendar: Calendar,
    now: datetime,
) -> PlacedOrder:
    """Stores the order that the customer saw (`shown`, see rules/offer.py) and mails its receipt.

    The same checkout key gives the same order, however often and however parallel it is sent. Raises
    OrderChanged, or Refused for an empty or unsellable cart, a company no longer admitted, an order that
    is just being paid, a delivery address that a person must look at first (nothing is ordered then).
    """
    with transaction(session):
        admission = admission_now(session, customer_id, contact_id=contact_id)
        known = _known(session, customer_id, checkout_key)
        if known:
            return known
        if admission is not Admission.ADMITTED:
            raise Refused(N_("Ordering is not possible right now."), code="order.not_admitted")
        checkout = read_checkout(session, customer_id, calendar=calendar, now=now, is_locking=True)
        _check(checkout, shown)
        to = Destination(address.company_name, address.street, address.postal_code, address.city)
        if is_held_back(session, customer_id=customer_id, contact_id=contact_id, to=to, now=now):
            placed = None
        else:
            number = new_number("S")
            replaced = _replace_unpaid(session, customer_id, by=number, now=now)
            order = _store(
                session,
                checkout,
                number=number,
                replaced=replaced,
                customer_id=customer_id,
                contact_id=contact_id,
                checkout_key=checkout_key,
                address=address,
                purchase_reference=purchase_reference,
                language=language,
                now=now,
            )
            placed = PlacedOrder(order.id or 0, order.number, is_new=True)
        reach("place_order.before_commit")
    reach("place_order.after_commit")
    if placed is None:
        # After the commit, as the case for a person must stay.
        raise Refused(ADDRESS_IN_CHECK, code="order.address_in_check")
    return placed


def _known(session: Session, customer_id: int, checkout_key: str) -> PlacedOrder | None:
    row = session.exec(
        select(Order.id, Order.number).where(
            col(Order.customer_id) == customer_id, col(Order.checkout_key) == checkout_key
        )
    ).first()
    return PlacedOrder(row[0] or 0, row[1], is_new=False) if row else None


def _check(checkout: Checkout, shown: str) -> None:
    """Raises unless what was shown is what is true now, and can be sold and charged."""
    if not checkout.lines and not checkout.has_retired:
        raise Refused(N_("The cart is empty: there is nothing to order."), code="order.empty_cart")
    if not checkout.is_orderable:
        raise Refused(N_("The cart needs a correction before it can be ordered."), code="order.cart_faulty")
    if checkout.terms is None:
        raise Refused(N_("No terms are in force: orders are not possible yet."), code="order.no_terms")
    offer = read_offer(shown)
    found = changes(offer, checkout.offer) if offer else None
    if found is None or found:
        raise OrderChanged(found or [])
    if not LEAST_AMOUNT_CENTS <= checkout.totals.gross_cents <= GREATEST_AMOUNT_CENTS:
        raise Refused(
            N_("A card can be charged between 0.50 € and 999,999.99 €; this order is outside of it."),
            code="order.amount_not_chargeable",
        )


def _replace_unpaid(session: Session, customer_id: int, *, by: str, now: datetime) -> list[str]:
    """The numbers of the company's earlier orders that were never paid and end here, for the order `by`.

    Raises Refused when one is being paid now.
    """
    earlier = session.exec(
        select(Order.id)
        .where(col(Order.customer_id) == customer_id, col(Order.state) == OrderState.RECEIVED)
        .order_by(col(Order.id))
    ).all()
    replaced: list[str] = []
    for order_id in earlier:
        order = lock_order(session, order_id or 0)
        payments = lock_payments(session, order_id or 0)
        if any(payment.state in JUST_PAYING for payment in payments):
            raise Refused(
                N_("Your order %(number)s is being paid at this moment. Wait for its confirmation first."),
                code="order.just_paying",
                number=order.number,
            )
        cancel(session, order, reason=CancelReason.REPLACED, now=now, replaced_by=by)
        let_go(session, payments, now=now)
        replaced.append(order.number)
    return replaced


def _store(
    session: Session,
    checkout: Checkout,
    *,
    number: str,
    replaced: list[str],
    customer_id: int,
    contact_id: int,
    checkout_key: str,
    address: DeliveryAddress,
    purchase_reference: str,
    language: str,
    now: datetime,
) -> Order:
    assert checkout.terms is not None
    totals = checkout.totals
    order = Order(
        number=number,
        customer_id=customer_id,
        contact_id=contact_id,
        checkout_key=checkout_key,
        language=language,
        goods_net_cents=totals.goods_net_cents,
        charges_net_cents=totals.charges_net_cents,
        vat_cents=totals.vat_cents,
        gross_cents=totals.gross_cents,
        company_name=address.company_name,
        contact_name=address.contact_name,
        street=address.street,
        postal_code=address.postal_code,
        city=address.city,
        country=address.country,
        purchase_reference=purchase_reference,
        terms_version_id=checkout.terms.id,
        terms_accepted_at=now,
        business_confirmed_at=now,
        dispatch_on=checkout.promise.dispatch_on,
        promised_on=checkout.promise.promised_on,
        placed_at=now,
    )
    session.add(order)
    session.flush()
    _store_parts(session, order.id or 0, checkout, language=language)
    instead_of = {"replaces": ", ".join(replaced)} if replaced else {}
    add_event(session, order.id or 0, "placed", now=now, actor_name=address.contact_name, **instead_of)
    mail_order(session, order, "order_received", now=now, terms_name=checkout.terms.name, **instead_of)
    return order


def _store_parts(session: Session, order_id: int, checkout: Checkout, *, language: str) -> None:
    for line in checkout.lines:
        session.add(
            OrderLine(
                order_id=order_id,
                bundle_version_id=line.bundle_version_id,
                name=line.name(language),
                quantity=line.priced.quantity,
                unit_price_cents=line.priced.unit_price_cents,
                net_cents=line.priced.net_cents,
            )
        )
    for charge in checkout.totals.charges:
        session.add(Charge(order_id=order_id, kind=charge.kind, net_cents=charge.net_cents))
    for tax in checkout.totals.taxes:
        session.add(
            OrderTax(
                order_id=order_id,
                vat_rate_bp=tax.vat_rate_bp,
                net_cents=tax.net_cents,
                vat_cents=tax.vat_cents,
            )
        )
    session.flush()
