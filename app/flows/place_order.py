"""A cart becomes an order: exactly what was shown, once, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_
from sqlmodel import Session, col, select

from app.catalogue.rules.stock import Wanted, total_needs
from app.catalogue.service_stock import SoldOut, lock_blocks, reserve
from app.core.errors import N_, Invalid, Refused
from app.core.failpoints import reach
from app.core.ids import new_number
from app.core.transaction import transaction
from app.customers.gate import Asked, ask_gate
from app.customers.rules.admission import Admission
from app.customers.rules.countries import fault_of_destination
from app.customers.rules.delivery import Destination
from app.customers.service_delivery import is_held_back
from app.ordering.models import Order
from app.ordering.queries_checkout import Checkout, Wish, read_checkout
from app.ordering.queries_rhythm import counts_for_rhythm, earlier_of, select_earlier
from app.ordering.queries_stock import blocks_of_orders
from app.ordering.rules.offer import Change, changes, read_offer
from app.ordering.rules.pace import check_pace
from app.ordering.rules.promise import Calendar
from app.ordering.rules.quantities import STOCK_FAULTS
from app.ordering.rules.rhythm import EarlierOrder, Place, RhythmChoice
from app.ordering.rules.standing import RunState
from app.ordering.rules.states import CancelReason, OrderKind, OrderState
from app.ordering.service import OrderParts, add_event, cancel, mail_order
from app.ordering.service_freeze import policy_of_sales
from app.ordering.service_placing import DeliveryAddress, PlacedOrder, store_parts
from app.ordering.service_standing import answer_run, lock_open_run
from app.payments.queries_limits import is_watched
from app.payments.rules.card_limits import DAY, FREE_PAGES
from app.payments.rules.items import check_chargeable
from app.payments.service import JUST_PAYING, let_go, lock_payments
from app.payments.service_attempts import Buyer, CardAttempt, begin_payment, card_attempt
from app.payments.service_cards import agree_to_keep
from app.policy.rules.policy import Exports, Policy

ADDRESS_IN_CHECK = N_(
    "We check this delivery address and write to you. Nothing was ordered or charged; your cart is kept."
)
VAT_UNCONFIRMED = N_(
    "Your VAT id is not confirmed yet, so the order cannot be placed. We keep asking the tax authorities by ourselves;"
    " nothing was ordered or charged, and your cart is kept."
)


@dataclass(frozen=True, slots=True)
class Placed(PlacedOrder):
    """What was placed, with the attempt to be paid that began with it; None where there was no such wish."""

    attempt: CardAttempt | None = None


class _Past(NamedTuple):
    """What a company ordered before: with this very checkout, anything not accepted, and what the rhythm counts by
    the policy. `may_pay`: its payment begins at once; nothing has to be looked at before.
    """

    known: Placed | None
    has_unpaid: bool
    may_pay: bool
    policy: Policy
    earlier: list[EarlierOrder]


class _Line(NamedTuple):
    """An order's line as it is stored and mailed."""

    bundle_version_id: int
    name: str
    quantity: int
    unit_price_cents: int
    net_cents: int


class OrderChanged(Refused):
    """The cart, a price, the promise or the terms are not what was shown; nothing was ordered."""

    def __init__(self, found: list[Change]) -> None:
        super().__init__(
            N_("Something has changed since this page was shown. Nothing was ordered."), code="order.changed"
        )
        self.changes = found


class TooLittle(Refused):
    """The goods are worth less than the minimum order value, and the policy refuses that; nothing was ordered."""

    def __init__(self, checkout: Checkout) -> None:
        super().__init__(
            N_(
                "Goods worth %(missing_cents)s more, net, are needed: the minimum order value is %(minimum_cents)s. "
                "Nothing was ordered; your cart is kept."
            ),
            code="order.too_little",
            missing_cents=checkout.totals.missing_cents,
            minimum_cents=checkout.small_terms.minimum_order_value_cents,
        )


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
    rhythm: RhythmChoice | None = None,
    run_id: int | None = None,
    is_paying: bool = False,
    keeps_card: bool = False,
) -> Placed:
    """Stores the order that the customer saw (`shown`, see rules/offer.py), holds its blocks, mails its receipt.

    `rhythm` is the choice for a further order. With `run_id` the order answers a run of a standing order and leaves the
    cart; with `is_paying` its first payment begins in the same transaction, with `keeps_card` the person agrees to keep
    the card. One checkout key, one order. Raises OrderChanged, SoldOut, TooLittle, Invalid for where we do not deliver,
    or Refused with the reason: nothing to sell, not admitted, just being paid, run over, VAT id or address in check.
    """
    with transaction(session):
        asked = ask_gate(session, customer_id, contact_id=contact_id)
        past = _past(session, customer_id, checkout_key, is_paying=is_paying, calendar=calendar, now=now)
        if past.known:
            return past.known
        if asked.admission is not Admission.ADMITTED:
            raise Refused(N_("Ordering is not possible right now."), code="order.not_admitted")
        run = lock_open_run(session, run_id, customer_id=customer_id, now=now) if run_id else None
        checkout = read_checkout(
            session,
            customer_id,
            calendar=calendar,
            now=now,
            is_locking=True,
            wish=Wish(rhythm, _place(address), run.standing_order_id if run else None),
            policy=past.policy,
            earlier=past.earlier,
        )
        _check(checkout, shown, rhythm, language=language)
        _check_vat(checkout, address, past.policy)
        placed, to = None, _destination(address)
        if not is_held_back(session, customer_id=customer_id, contact_id=contact_id, to=to, now=now):
            wanted = _wanted(checkout, language)
            order, parts = _store(
                session,
                checkout,
                replacing=wanted if past.has_unpaid else None,
                customer_id=customer_id,
                contact_id=contact_id,
                checkout_key=checkout_key,
                address=address,
                purchase_reference=purchase_reference,
                language=language,
                now=now,
            )
            reserve(session, order.id or 0, wanted)
            if run:
                answer_run(session, run, RunState.CONFIRMED, now=now, order_id=order.id)
            buyer = _buyer(asked) if past.may_pay else None
            placed = _begin(session, order, parts, buyer=buyer, keeps_card=keeps_card, now=now)
        reach("place_order.before_commit")
    reach("place_order.after_commit")
    if placed is None:
        # After the commit, as the case for a person must stay.
        raise Refused(ADDRESS_IN_CHECK, code="order.address_in_check")
    return placed


def _past(
    session: Session,
    customer_id: int,
    checkout_key: str,
    *,
    is_paying: bool,
    calendar: Calendar,
    now: datetime,
) -> _Past:
    """The company's orders that matter for a new one, in one look. Raises Refused (`throttled`) for too many unpaid.

    The company's row is locked: no further one can come before this transaction ends.
    """
    policy = policy_of_sales(session)
    counts = counts_for_rhythm(policy, now=now)
    matters = or_(
        col(Order.checkout_key) == checkout_key,
        col(Order.state) == OrderState.RECEIVED,
        col(Order.placed_at) > now - DAY,
        counts,
    )
    facts = (is_watched(customer_id, now=now), counts.label("counts"))
    query = select_earlier(customer_id).add_columns(*facts).where(matters)
    rows = session.execute(query).all()
    known = next((row for row in rows if row.checkout_key == checkout_key), None)
    lately = [row.placed_at for row in rows if row.placed_at > now - DAY]
    if known is None:
        unpaid_at = (row.placed_at for row in rows if row.accepted_at is None)
        check_pace(unpaid_at, most=policy.unpaid_orders_per_hour, now=now)
    return _Past(
        Placed(known.id or 0, known.number, is_new=False) if known else None,
        any(row.state is OrderState.RECEIVED and row.kind is OrderKind.GOODS for row in rows),
        # Of a company's first order nothing is known here: its payment begins with a look of its own.
        is_paying and bool(rows) and not rows[0].is_watched and len(lately) < FREE_PAGES,
        policy,
        earlier_of((row for row in rows if row.counts), policy=policy, calendar=calendar, now=now),
    )


def _place(address: DeliveryAddress) -> Place:
    return Place(address.company_name, address.street, address.postal_code, address.city, address.country)


def _destination(address: DeliveryAddress) -> Destination:
    return Destination(address.company_name, address.street, address.postal_code, address.city)


def _check(checkout: Checkout, shown: str, choice: RhythmChoice | None, *, language: str) -> None:
    """Raises unless what was shown is what is true now, and can be sold and charged."""
    if not checkout.lines and not checkout.has_retired:
        raise Refused(N_("The cart is empty: there is nothing to order."), code="order.empty_cart")
    for line in checkout.lines:
        if line.problem and line.problem.fault in STOCK_FAULTS:
            raise SoldOut(name=line.name(language), available=line.rule.available_count or 0)
    if checkout.is_too_little:
        raise TooLittle(checkout)
    if not checkout.is_orderable:
        raise Refused(N_("The cart needs a correction before it can be ordered."), code="order.cart_faulty")
    if checkout.terms is None:
        raise Refused(N_("No terms are in force: orders are not possible yet."), code="order.no_terms")
    offer = read_offer(shown, choice)
    found = changes(offer, checkout.offer) if offer else None
    if found is None or found:
        raise OrderChanged(found or [])
    check_chargeable(checkout.totals.gross_cents)


def _check_vat(checkout: Checkout, address: DeliveryAddress, policy: Policy) -> None:
    """Raises for goods to where none are exported, and for a VAT id that the policy wants confirmed first."""
    is_export_sold = policy.sells_exports is Exports.SOLD
    fault = fault_of_destination(address.postal_code, country=address.country, is_export_sold=is_export_sold)
    if fault is not None:
        raise Invalid(N_("Please check the entries."), code="order.no_delivery", fields=(fault,))
    if checkout.is_vat_held:
        raise Refused(VAT_UNCONFIRMED, code="order.vat_unconfirmed")


def _replace_unpaid(
    session: Session, customer_id: int, wanted: Sequence[Wanted], *, by: str, now: datetime
) -> list[str]:
    """The numbers of the company's earlier orders that were never paid and end here, for the order `by`.

    What they hold of the stock is free for it. Raises Refused when one is being paid now.
    """
    earlier = session.exec(
        select(Order)
        .where(
            col(Order.customer_id) == customer_id,
            col(Order.kind) == OrderKind.GOODS,
            col(Order.state) == OrderState.RECEIVED,
        )
        .order_by(col(Order.id))
        .with_for_update()
    ).all()
    ending = [
        (order, lock_payments(session, order.id or 0))
        for order in earlier
        if order.state is OrderState.RECEIVED
    ]
    for order, payments in ending:
        if any(payment.state in JUST_PAYING for payment in payments):
            raise Refused(
                N_("Your order %(number)s is being paid at this moment. Wait for its confirmation first."),
                code="order.just_paying",
                number=order.number,
            )
    if ending:
        # One lock for what they free and what the new order takes: two locks could cross another order's.
        freed = blocks_of_orders(session, [order.id or 0 for order, _ in ending])
        lock_blocks(session, freed | total_needs(wanted).keys())
    for order, payments in ending:
        cancel(session, order, reason=CancelReason.REPLACED, now=now, replaced_by=by)
        let_go(session, payments, now=now)
    return [order.number for order, _ in ending]


def _store(
    session: Session,
    checkout: Checkout,
    *,
    replacing: Sequence[Wanted] | None,
    customer_id: int,
    contact_id: int,
    checkout_key: str,
    address: DeliveryAddress,
    purchase_reference: str,
    language: str,
    now: datetime,
) -> tuple[Order, OrderParts]:
    """Writes the order with its parts and its mail; earlier unpaid ones end for what it wants (`replacing`)."""
    assert checkout.terms is not None
    number = new_number("S")
    replaced = (
        _replace_unpaid(session, customer_id, replacing, by=number, now=now) if replacing is not None else []
    )
    totals, option = checkout.totals, checkout.way.option
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
        dispatch_on=option.promise.dispatch_on,
        promised_on=option.promise.promised_on,
        placed_at=now,
        rhythm=option.choice,
        joins_order_id=option.joins.id if option.joins else None,
        vat_case=checkout.vat.case,
        vat_id=checkout.vat.used.vat_id,
    )
    session.add(order)
    session.flush()
    parts = _store_parts(session, order.id or 0, checkout, language=language)
    instead_of = {"replaces": ", ".join(replaced)} if replaced else {}
    add_event(session, order.id or 0, "placed", now=now, actor_name=address.contact_name, **instead_of)
    mail_order(
        session,
        order,
        "order_received",
        now=now,
        parts=parts,
        terms_name=checkout.terms.name,
        **instead_of,
        **checkout.told,
    )
    return order, parts


def _wanted(checkout: Checkout, language: str) -> list[Wanted]:
    return [Wanted(line.name(language), line.priced.quantity, line.needs) for line in checkout.lines]


def _buyer(asked: Asked) -> Buyer:
    customer = asked.customer
    return Buyer(customer.id or 0, customer.number, customer.company_name, asked.contact.email)


def _begin(
    session: Session,
    order: Order,
    parts: OrderParts,
    *,
    buyer: Buyer | None,
    keeps_card: bool,
    now: datetime,
) -> Placed:
    """What follows from the order: the card is to be kept, and the payment of its `buyer` begins (None: not yet)."""
    if keeps_card:
        agree_to_keep(session, order, now=now)
    attempt = None
    if buyer is not None:
        payment = begin_payment(session, order, now=now)
        attempt = card_attempt(session, order, payment, buyer=buyer, lines=parts.lines, charges=parts.charges)
    return Placed(order.id or 0, order.number, is_new=True, attempt=attempt)


def _store_parts(session: Session, order_id: int, checkout: Checkout, *, language: str) -> OrderParts:
    """Writes lines, charges and VAT rates, as plain rows: nobody needs their ids."""
    lines = [
        _Line(
            line.bundle_version_id,
            line.name(language),
            line.priced.quantity,
            line.priced.unit_price_cents,
            line.priced.net_cents,
        )
        for line in checkout.lines
    ]
    totals, charges = checkout.totals, checkout.charges(language)
    store_parts(
        session, order_id, lines=[line._asdict() for line in lines], charges=charges, taxes=totals.taxes
    )
    return OrderParts(lines, charges, totals.taxes)
