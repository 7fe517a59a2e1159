"""The demo's past orders: what was shown, charged and dispatched, as the shop itself would have written it."""

import functools
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Protocol

from app.catalogue.models import StockReservation
from app.catalogue.rules.stock import ReservationState
from app.cli.demo_company.abroad import add_proof, add_slot, case_of
from app.cli.demo_company.ledger import add_money
from app.core.ids import READABLE
from app.flows.fill_demo import Buyer, Offer, Rows
from app.fulfilment.models import Shipment
from app.fulfilment.rules.runs import leaves_with
from app.ordering.models import Charge, Order, OrderEvent, OrderLine, OrderTax
from app.ordering.rules.charges import order_charges
from app.ordering.rules.pricing import PricedLine, RatePart, Totals, price_order
from app.ordering.rules.promise import Calendar, Promise, delivery_promise
from app.ordering.rules.states import OrderKind, OrderState
from app.ordering.rules.vat import VatCase
from app.payments.models import Payment
from app.payments.rules.states import PaymentState
from app.policy.rules.policy import Policy

PACKER = "Ole Brandt"
CARRIER = "Spedition Lindenrode"
DISPATCH_HOUR = 14


@dataclass(frozen=True)
class Conditions:
    """What every order of the demo is bound to: policy, calendar, terms, the present, and the seed."""

    policy: Policy
    calendar: Calendar
    terms: tuple[tuple[datetime, int], ...]
    """From when on each version was in force, and its id; the newest last."""
    now: datetime
    seed: int

    @property
    def today(self) -> date:
        return self.now.astimezone(self.calendar.zone).date()

    def terms_at(self, moment: datetime) -> int:
        """The version that an order of that moment accepted."""
        return next((id for since, id in reversed(self.terms) if since <= moment), self.terms[0][1])


class AddOrder(Protocol):
    """Adds one accepted order of a buyer, placed that many days ago; returns the order's id.

    It holds the `basket`, or what chance puts into it. With `left_behind_by` it is older where needed, so that it was
    promised with the run of that day, and is still here.
    """

    def __call__(
        self,
        buyer: Buyer,
        days_ago: int,
        *,
        left_behind_by: date | None = None,
        basket: Sequence[tuple[Offer, int]] = (),
    ) -> int: ...


def order_maker(rows: Rows, offers: Sequence[Offer], conditions: Conditions) -> AddOrder:
    """A function that adds orders: those whose dispatch run has gone by are dispatched, the others wait for it."""

    @functools.cache
    def promised(ordered_at: datetime, lead_time_days: int) -> Promise:
        return delivery_promise(
            conditions.policy,
            conditions.calendar,
            ordered_at=ordered_at,
            main_brand_lead_time_days=lead_time_days,
        )

    def add(
        buyer: Buyer,
        days_ago: int,
        *,
        left_behind_by: date | None = None,
        basket: Sequence[tuple[Offer, int]] = (),
    ) -> int:
        chance = random.Random(f"{conditions.seed}:order:{rows.next_id(Order)}")
        placed_at = working_hour(conditions, days_ago, chance)
        lines = list(basket) or _basket(offers, chance)
        promise = promised(
            placed_at.replace(minute=0, second=0, microsecond=0),
            max(offer.lead_time_days for offer, _ in lines),
        )
        priced = [_priced(offer, quantity) for offer, quantity in lines]
        goods_net_cents = sum(line.net_cents for line in priced)
        charges = order_charges(conditions.policy, goods_net_cents=goods_net_cents)
        totals = price_order(priced, charges=charges, vat_case=case_of(buyer, at=placed_at))
        if left_behind_by is not None and promise.dispatch_on > left_behind_by:
            return add(buyer, days_ago + 1, left_behind_by=left_behind_by, basket=basket)
        is_gone = promise.dispatch_on < conditions.today and left_behind_by is None
        order_id = _add_order(
            rows, buyer, totals, promise, conditions, is_gone=is_gone, placed_at=placed_at, chance=chance
        )
        _add_contents(rows, order_id, buyer.language, lines, totals)
        if not is_gone:
            add_reservations(rows, order_id, lines)
        add_payment(rows, order_id, totals, placed_at=placed_at, chance=chance)
        _add_history(rows, order_id, promise, conditions, is_gone=is_gone, placed_at=placed_at, chance=chance)
        if is_gone:
            add_slot(rows, buyer, order_id, left_on=promise.dispatch_on, placed_at=placed_at)
        return order_id

    return add


def _add_order(
    rows: Rows,
    buyer: Buyer,
    totals: Totals,
    promise: Promise,
    conditions: Conditions,
    *,
    is_gone: bool,
    placed_at: datetime,
    chance: random.Random,
) -> int:
    case = case_of(buyer, at=placed_at)
    if case is VatCase.INTRA_COMMUNITY:
        add_proof(rows, buyer, at=placed_at - timedelta(minutes=3))
    return rows.add(
        Order,
        number="S-" + "".join(chance.choices(READABLE, k=8)),
        customer_id=buyer.customer_id,
        contact_id=buyer.contact_id,
        checkout_key=f"demo-{chance.getrandbits(96):024x}",
        kind=OrderKind.GOODS,
        for_order_id=None,
        state=OrderState.DISPATCHED if is_gone else OrderState.ACCEPTED,
        cancel_reason=None,
        language=buyer.language,
        currency="EUR",
        goods_net_cents=totals.goods_net_cents,
        charges_net_cents=totals.charges_net_cents,
        vat_cents=totals.vat_cents,
        gross_cents=totals.gross_cents,
        company_name=buyer.company_name,
        contact_name=buyer.contact_name,
        street=buyer.street,
        postal_code=buyer.postal_code,
        city=buyer.city,
        country=buyer.country,
        purchase_reference=f"BE-{chance.randint(1000, 9999)}" if chance.random() < 0.5 else "",
        terms_version_id=conditions.terms_at(placed_at),
        terms_accepted_at=placed_at,
        business_confirmed_at=placed_at,
        dispatch_on=promise.dispatch_on,
        promised_on=promise.promised_on,
        placed_at=placed_at,
        accepted_at=placed_at + timedelta(minutes=2),
        dispatched_at=_dispatched_at(promise, conditions) if is_gone else None,
        cancelled_at=None,
        vat_case=case,
        vat_id=buyer.vat_id,
    )


def _add_contents(
    rows: Rows, order_id: int, language: str, lines: Sequence[tuple[Offer, int]], totals: Totals
) -> None:
    for offer, quantity in lines:
        rows.add(
            OrderLine,
            order_id=order_id,
            bundle_version_id=offer.version_id,
            name=offer.name_en if language == "en" else offer.name_de,
            quantity=quantity,
            unit_price_cents=offer.price_cents,
            net_cents=quantity * offer.price_cents,
        )
    for charge in totals.charges:
        rows.add(Charge, order_id=order_id, **asdict(charge))
    for tax in totals.taxes:
        rows.add(
            OrderTax,
            order_id=order_id,
            vat_rate_bp=tax.vat_rate_bp,
            net_cents=tax.net_cents,
            vat_cents=tax.vat_cents,
        )


def add_reservations(rows: Rows, order_id: int, lines: Sequence[tuple[Offer, int]]) -> None:
    """What the order holds of each counted block until it is dispatched."""
    held: dict[int, int] = {}
    for offer, quantity in lines:
        for part in offer.parts:
            if part.is_counted:
                held[part.block_id] = held.get(part.block_id, 0) + quantity * part.quantity_milli
    for block_id, quantity_milli in sorted(held.items()):
        rows.add(
            StockReservation,
            order_id=order_id,
            block_id=block_id,
            quantity_milli=quantity_milli,
            state=ReservationState.HELD,
        )


def add_payment(
    rows: Rows, order_id: int, totals: Totals, *, placed_at: datetime, chance: random.Random
) -> None:
    """A captured payment whose ids begin with `demo_`: Stripe's books know nothing of it."""
    mark = f"{chance.getrandbits(96):024x}"
    settled_at = placed_at + timedelta(minutes=2)
    payment_id = rows.add(
        Payment,
        order_id=order_id,
        state=PaymentState.CAPTURED,
        amount_cents=totals.gross_cents,
        currency="EUR",
        token=f"demo{mark}",
        session_id=f"demo_cs_{mark}",
        session_url=None,
        expires_at=placed_at + timedelta(hours=24),
        intent_id=f"demo_pi_{mark}",
        capture_before_at=placed_at + timedelta(days=7),
        card_brand="visa",
        card_last4="4242",
        card_fingerprint=f"demo{order_id % 997:012d}",
        failure_code="",
        release_reason="",
        created_at=placed_at,
        changed_at=placed_at + timedelta(minutes=2),
        checked_at=placed_at + timedelta(minutes=2),
        authorised_at=placed_at + timedelta(minutes=1),
        settled_at=settled_at,
    )
    add_money(
        rows,
        order_id=order_id,
        payment_id=payment_id,
        intent_id=f"demo_pi_{mark}",
        gross_cents=totals.gross_cents,
        settled_at=settled_at,
    )


def _add_history(
    rows: Rows,
    order_id: int,
    promise: Promise,
    conditions: Conditions,
    *,
    is_gone: bool,
    placed_at: datetime,
    chance: random.Random,
) -> None:
    add_event(rows, order_id, "placed", at=placed_at)
    add_event(rows, order_id, "accepted", at=placed_at + timedelta(minutes=2))
    if not is_gone:
        return
    tracking_code = f"LR{chance.randint(10**9, 10**10 - 1)}"
    run_on = leaves_with(promise.dispatch_on, today=promise.dispatch_on)
    at = _dispatched_at(promise, conditions)
    add_event(
        rows,
        order_id,
        "dispatched",
        actor_name=PACKER,
        values={"carrier": CARRIER, "tracking_code": tracking_code, "run_on": run_on.isoformat()},
        at=at,
    )
    rows.add(
        Shipment,
        order_id=order_id,
        run_on=run_on,
        carrier=CARRIER,
        tracking_code=tracking_code,
        dispatched_by=PACKER,
        dispatched_at=at,
    )


def add_event(
    rows: Rows,
    order_id: int,
    kind: str,
    *,
    at: datetime,
    actor_name: str = "",
    values: dict[str, Any] | None = None,
) -> None:
    """Adds one entry to an order's timeline."""
    rows.add(OrderEvent, order_id=order_id, kind=kind, actor_name=actor_name, values=values or {}, at=at)


def working_hour(conditions: Conditions, days_ago: int, chance: random.Random) -> datetime:
    """A moment within the working hours of that many days ago, in the past even for today."""
    day = conditions.today - timedelta(days=days_ago)
    opened_at = datetime.combine(day, time(8), conditions.calendar.zone)
    placed_at = opened_at + timedelta(seconds=chance.randrange(9 * 3600))
    # Payment, acceptance and all else must lie in the past even for an order of today.
    return min(placed_at, conditions.now - timedelta(minutes=5)).astimezone(conditions.now.tzinfo)


def _dispatched_at(promise: Promise, conditions: Conditions) -> datetime:
    local = datetime.combine(promise.dispatch_on, time(DISPATCH_HOUR), conditions.calendar.zone)
    return local.astimezone(conditions.now.tzinfo)


def _basket(offers: Sequence[Offer], chance: random.Random) -> list[tuple[Offer, int]]:
    chosen = chance.sample(offers, min(len(offers), chance.choice((1, 1, 1, 2, 2, 3))))
    return [(offer, _quantity(offer, chance)) for offer in chosen]


def _quantity(offer: Offer, chance: random.Random) -> int:
    return offer.minimum_quantity + offer.order_step * chance.choice((0, 0, 0, 1, 1, 2))


def _priced(offer: Offer, quantity: int) -> PricedLine:
    parts = tuple(
        RatePart(part.vat_rate_bp, part.quantity_milli * part.reference_price_cents) for part in offer.parts
    )
    return PricedLine(quantity, offer.price_cents, parts)
