"""Whatever was done before: what the cart shows is what is ordered, asked for, reserved and taken."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import holidays
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.catalogue.models import Bundle, BundleItem, BundleVersion
from app.core.db import Database
from app.core.errors import Invalid, Refused
from app.core.transaction import transaction
from app.customers.models import Customer
from app.customers.rules.effort_levels import EffortLevel
from app.flows.change_policy import change_policy
from app.flows.fill_cart import add_to_cart, set_quantity
from app.flows.place_order import OrderChanged
from app.insights.invariants_money import MONEY
from app.insights.invariants_orders import ORDERS
from app.ordering.models import Charge, Order, OrderLine, OrderTax
from app.ordering.queries_checkout import Checkout, Wish, read_checkout
from app.ordering.rules.offer import write_offer
from app.ordering.rules.rhythm import RhythmChoice
from app.ordering.rules.states import OrderState
from app.payments.rules.items import LEAST_AMOUNT_CENTS
from app.payments.rules.states import PaymentState
from app.policy.queries import current_policy, current_version_id
from app.policy.rules.policy import BelowMinimum
from tests import make
from tests.fakes import FakeStripe
from tests.flows.till import CALENDAR, HERE, Till

LEAD = Actor(ActorKind.STAFF, "Lina Harms", 1)
BUNDLES = st.integers(0, 3)
CENTS = st.one_of(st.just(0), st.integers(0, 20_000))
ACTS = st.one_of(
    st.tuples(st.just("put"), BUNDLES, st.integers(1, 9)),
    st.tuples(st.just("set"), BUNDLES, st.integers(0, 40)),
    st.tuples(st.just("reprice"), st.integers(1, 90_000)),
    st.tuples(st.just("policy"), CENTS, CENTS, CENTS, st.sampled_from(BelowMinimum)),
    st.tuples(st.just("level"), st.sampled_from(EffortLevel)),
    st.tuples(st.just("order"), st.booleans(), st.integers(0, 2)),
)
KEYS = itertools.count(1)
LEAN = settings(phases=[Phase.explicit, Phase.generate])
"""A database remembers the examples before: a failure is told as it was found, and not made smaller."""


@dataclass
class Counter:
    """A till at which everything may be done, and what its customer saw last."""

    till: Till
    bundle_ids: list[int]
    orders: list[str] = field(default_factory=list)

    def checkout(self, choice: RhythmChoice | None = None) -> Checkout:
        with self.till.database.read_session() as session:
            return read_checkout(
                session,
                self.till.customer.id or 0,
                calendar=CALENDAR,
                now=self.till.now,
                wish=Wish(choice=choice, place=HERE),
            )

    def do(self, act: str, *values: Any) -> None:
        getattr(self, f"_{act}")(*values)

    def _put(self, at: int, quantity: int) -> None:
        self._in_cart(add_to_cart, at, quantity)

    def _set(self, at: int, quantity: int) -> None:
        self._in_cart(set_quantity, at, quantity)

    def _in_cart(self, flow: Any, at: int, quantity: int) -> None:
        try:
            with self.till.database.session() as session:
                flow(
                    session,
                    customer_id=self.till.customer.id,
                    bundle_id=self.bundle_ids[at],
                    quantity=quantity,
                    language="en",
                    now=self.till.now,
                )
        except Invalid:
            return  # a size that is not sold, or nothing of it in the cart

    def _reprice(self, price_cents: int) -> None:
        with self.till.database.session() as session:
            reprice_bundle(session, self.bundle_ids[0], price_cents=price_cents)

    def _policy(self, minimum: int, surcharge: int, fee: int, below: BelowMinimum) -> None:
        with self.till.database.session() as session:
            changed = replace(
                current_policy(session),
                minimum_order_value_cents=minimum,
                low_quantity_surcharge_cents=surcharge,
                low_line_surcharge_cents=surcharge // 2,
                below_minimum_quantity=below,
                interim_order_fee_cents=fee,
                effort_fee_cents=fee,
            )
            version = current_version_id(session)
            session.rollback()
            change_policy(session, changed, based_on=version, reason="test", actor=LEAD, now=self.till.now)

    def _level(self, level: EffortLevel) -> None:
        with self.till.database.session() as session, transaction(session):
            session.get_one(Customer, self.till.customer.id).effort_level = level

    def _order(self, is_paid: bool, way: int) -> None:
        ways = self.checkout().ways
        choice = ways[way % len(ways)].option.choice
        seen = self.checkout(choice)
        if not seen.is_orderable or seen.totals.gross_cents < LEAST_AMOUNT_CENTS:
            return
        self.till = self.till.at(self.till.now + timedelta(seconds=1))
        placed = self.till.place(key=f"key-{next(KEYS)}", shown=write_offer(*seen.offers), rhythm=choice)
        session_id = self.till.session_at(self.till.start(placed.number))
        order = self.till.order(placed.number)

        assert order.gross_cents == seen.totals.gross_cents
        assert self.till.stripe.amounts[session_id] == seen.totals.gross_cents
        assert stored_parts(self.till.database, order.id or 0) == (
            seen.totals.goods_net_cents,
            [(charge.kind, charge.net_cents) for charge in seen.totals.charges],
            [(tax.vat_rate_bp, tax.net_cents, tax.vat_cents) for tax in seen.totals.taxes],
        )
        if is_paid:
            self.till.stripe.pay(session_id)
            assert self.till.settle(session_id=session_id) is PaymentState.CAPTURED
            assert self.till.order(placed.number).state is OrderState.ACCEPTED
        self.orders.append(placed.number)


def stored_parts(database: Database, order_id: int) -> tuple[int, list[Any], list[Any]]:
    """What the order's own rows say: goods, charges, VAT per rate."""
    with database.read_session() as session:
        lines = session.exec(select(OrderLine).where(col(OrderLine.order_id) == order_id)).all()
        charges = session.exec(
            select(Charge).where(col(Charge.order_id) == order_id).order_by(col(Charge.id))
        ).all()
        taxes = session.exec(
            select(OrderTax)
            .where(col(OrderTax.order_id) == order_id)
            .order_by(col(OrderTax.vat_rate_bp).desc())
        ).all()
        return (
            sum(line.quantity * line.unit_price_cents for line in lines),
            [(charge.kind, charge.net_cents) for charge in charges],
            [(tax.vat_rate_bp, tax.net_cents, tax.vat_cents) for tax in taxes],
        )


def reprice_bundle(session: Session, bundle_id: int, *, price_cents: int) -> None:
    """Publishes the bundle's next version at another price, with the same blocks."""
    with transaction(session):
        bundle = session.get_one(Bundle, bundle_id)
        old = session.get_one(BundleVersion, bundle.current_version_id)
        number = old.version_number + 1
        changed = {"id": None, "version_number": number, "price_cents": price_cents, "published_at": None}
        new = make.saved(session, BundleVersion(**{**old.model_dump(), **changed}))
        for item in session.exec(select(BundleItem).where(col(BundleItem.bundle_version_id) == old.id)).all():
            make.saved(session, BundleItem(**{**item.model_dump(), "id": None, "bundle_version_id": new.id}))
        new.published_at = make.NOW
        bundle.current_version_id = new.id


@pytest.fixture
def goods(session: Session) -> list[int]:
    """Four bundles: one of 19 %, one of 7 %, and two that mix them in shares that do not divide evenly."""
    with transaction(session):
        make.terms(session)
        part = make.block(session, vat_rate_bp=1900, main_brand_price_cents=333)
        food = make.block(session, vat_rate_bp=700, main_brand_price_cents=1_000)
        mixes = (
            ([(part, 1)], 2_501),
            ([(food, 1)], 999),
            ([(part, 2), (food, 1)], 1_003),
            ([(part, 1), (food, 3)], 77),
        )
        return [
            make.bundle(session, items=items, price_cents=price, minimum_quantity=4 if price == 999 else 1).id
            or 0
            for items, price in mixes
        ]


def counter(
    session: Session, database: Database, goods: list[int], stripe: FakeStripe, now: datetime
) -> Counter:
    with transaction(session):
        customer = make.customer(session)
        contact = make.contact(session, of=customer)
        session.expunge_all()
    shop = Counter(Till(database, now, customer, contact, stripe), goods)
    shop.do("policy", 5_000, 990, 690, BelowMinimum.SURCHARGE)
    return shop


@pytest.fixture
def stripe() -> FakeStripe:
    """One account for all companies of a test."""
    return FakeStripe()


@given(data=st.data())
@settings(LEAN, max_examples=5)
def test_no_cart_total_ever_differs_from_what_is_charged(
    session: Session,
    database: Database,
    goods: list[int],
    stripe: FakeStripe,
    now: datetime,
    data: st.DataObject,
) -> None:
    shop = counter(session, database, goods, stripe, now)
    shop.do("put", data.draw(BUNDLES), data.draw(st.integers(1, 9)))

    for act in data.draw(st.lists(ACTS, min_size=3, max_size=9)):
        shop.do(*act)
    shop.do("order", True, data.draw(st.integers(0, 2)))

    with database.read_session() as reading:
        assert [
            found.sentence for one in (*ORDERS, *MONEY) for found in one.findings(reading, now=shop.till.now)
        ] == []
    for payment in shop.till.payments():
        with database.read_session() as reading:
            order = reading.get_one(Order, payment.order_id)
            assert payment.amount_cents == order.gross_cents


@given(data=st.data())
@settings(LEAN, max_examples=5)
def test_what_is_not_what_was_shown_is_never_ordered(
    session: Session,
    database: Database,
    goods: list[int],
    stripe: FakeStripe,
    now: datetime,
    data: st.DataObject,
) -> None:
    shop = counter(session, database, goods, stripe, now)
    shop.do("put", 0, 2)
    seen = shop.checkout()

    act = data.draw(ACTS.filter(lambda act: act[0] != "order"))
    shop.do(*act)

    present = shop.checkout()
    if present.offers == seen.offers:
        return
    with pytest.raises((OrderChanged, Refused)):
        shop.till.place(key=f"key-{next(KEYS)}", shown=write_offer(*seen.offers))
    with database.read_session() as reading:
        assert reading.exec(select(Order).where(col(Order.customer_id) == shop.till.customer.id)).all() == []


POLICIES = st.fixed_dictionaries(
    {
        "dispatch_weekday": st.integers(1, 6),
        "cut_off_weekday": st.integers(1, 7),
        "cut_off_hour": st.integers(0, 23),
        "handling_days": st.integers(0, 20),
        "transit_days": st.integers(0, 20),
        "later_than_main_brand_days": st.integers(1, 30),
    }
)
SECONDS = st.integers(0, 7 * 365 * 86_400)


@given(data=st.data())
@settings(LEAN, max_examples=8)
def test_no_policy_yields_a_promise_earlier_than_the_main_brands(
    session: Session, database: Database, now: datetime, data: st.DataObject
) -> None:
    """Through cart, checkout and order; the floor is counted here day by day, not with default rule."""
    lead_times = data.draw(st.lists(st.integers(0, 90), min_size=1, max_size=3))
    with transaction(session):
        make.terms(session)
        parts = [make.block(session, main_brand_lead_time_days=days) for days in lead_times]
        bundle_ids = [make.bundle(session, items=[(part, 1)], price_cents=9_000).id or 0 for part in parts]
    moment = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=data.draw(SECONDS))
    shop = counter(session, database, bundle_ids, FakeStripe(), moment)
    changes = data.draw(POLICIES)
    with database.session() as changing:
        policy, version = replace(current_policy(changing), **changes), current_version_id(changing)
        changing.rollback()
        change_policy(changing, policy, based_on=version, reason="test", actor=LEAD, now=now)
    for at in range(len(bundle_ids)):
        shop.do("put", at, 1)

    seen = shop.checkout()
    order = shop.till.order(shop.till.place(key=f"key-{next(KEYS)}", shown=write_offer(*seen.offers)).number)

    ordered_on = moment.astimezone(CALENDAR.zone).date()
    floor_on = working_day_after(ordered_on, max(lead_times) + changes["later_than_main_brand_days"])
    assert order.promised_on == seen.promise.promised_on >= floor_on
    assert order.dispatch_on >= working_day_after(ordered_on, changes["handling_days"])


def working_day_after(day: date, count: int) -> date:
    """The day that is so many working days of Saxony after a day."""
    free = holidays.country_holidays("DE", subdiv="SN", years=range(day.year, day.year + 3))
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 5 and day not in free
    return day
