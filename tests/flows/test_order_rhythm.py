"""A further order in the window: joined for nothing or by itself for the fee, exactly as it was shown."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlmodel import Session, col, select

from app.core.db import Database
from app.core.transaction import transaction
from app.flows.place_order import OrderChanged, PlacedOrder
from app.mail.models import Mail
from app.ordering.models import CartLine, Charge, Order
from app.ordering.queries_checkout import Checkout, Wish, read_checkout
from app.ordering.rules.offer import ChangeKind, write_offer
from app.ordering.rules.rhythm import RhythmChoice
from app.ordering.rules.states import OrderKind, OrderState
from app.payments.rules.states import PaymentState
from app.policy.models import PolicyVersion
from app.policy.rules.policy import Policy, to_values
from tests import make
from tests.flows.till import ADDRESS, CALENDAR, HERE, Till, open_till

FEE_CENTS = Policy().interim_order_fee_cents
JOINED, INTERIM = RhythmChoice.JOINED, RhythmChoice.INTERIM


@pytest.fixture
def till(session: Session, database: Database, now: datetime) -> Till:
    """A company whose first order waits for its run, with goods in its cart again."""
    opened = open_till(session, database, now=now)
    buy(opened, key="first-order")
    with transaction(session):
        bundle = make.bundle(session, price_cents=6_000)
        make.cart_line(session, of=opened.customer, bundle=bundle, quantity=1)
        session.expunge_all()
    return opened.at(now + timedelta(hours=1))


def checkout(till: Till, choice: RhythmChoice | None = None) -> Checkout:
    with till.database.read_session() as session:
        return read_checkout(
            session,
            till.customer.id or 0,
            calendar=CALENDAR,
            now=till.now,
            wish=Wish(choice, HERE),
        )


def place(
    till: Till, choice: RhythmChoice | None = None, *, key: str = "key-2", **values: Any
) -> PlacedOrder:
    shown = write_offer(*checkout(till).offers)
    return till.place(key=key, rhythm=choice, **{"shown": shown, **values})


def pay(till: Till, placed: PlacedOrder) -> PaymentState | None:
    session_id = till.session_at(till.start(placed.number))
    till.stripe.pay(session_id)
    return till.settle(session_id=session_id)


def buy(till: Till, *, key: str) -> Order:
    placed = till.place(key=key)
    assert pay(till, placed) is PaymentState.CAPTURED
    return till.order(placed.number)


def first_order(till: Till) -> Order:
    with till.database.read_session() as session:
        return session.exec(select(Order).order_by(col(Order.id)).limit(1)).one()


def order_count(till: Till) -> int:
    with till.database.read_session() as session:
        return len(session.exec(select(Order)).all())


def mailed(till: Till, kind: str) -> dict[str, Any]:
    with till.database.read_session() as session:
        query = select(Mail).where(col(Mail.kind) == kind).order_by(col(Mail.id).desc()).limit(1)
        return session.exec(query).one().values


def change_first(till: Till, **values: Any) -> None:
    with till.database.session() as session, transaction(session):
        order = session.exec(select(Order).order_by(col(Order.id)).limit(1)).one()
        for name, value in values.items():
            setattr(order, name, value)


def test_without_a_choice_a_further_order_joins_the_waiting_parcel_and_costs_nothing_more(till: Till) -> None:
    first = first_order(till)

    placed = place(till)

    order = till.order(placed.number)
    assert (order.rhythm, order.joins_order_id, order.charges_net_cents) == (JOINED, first.id, 0)
    assert (order.dispatch_on, order.promised_on) == (first.dispatch_on, first.promised_on)
    assert (order.goods_net_cents, order.gross_cents) == (6_000, 7_140)
    assert mailed(till, "order_received")["joins"] == first.number


def test_by_choice_it_goes_by_itself_with_the_fee_taxed_with_the_goods(till: Till) -> None:
    placed = place(till, INTERIM)

    order = till.order(placed.number)
    with till.database.read_session() as session:
        charge = session.exec(select(Charge).where(col(Charge.order_id) == order.id)).one()
    assert (order.rhythm, order.joins_order_id) == (INTERIM, None)
    assert (charge.kind.value, charge.net_cents, order.charges_net_cents) == (
        "interim_order",
        FEE_CENTS,
        FEE_CENTS,
    )
    assert order.gross_cents == (6_000 + FEE_CENTS) * 119 // 100
    assert mailed(till, "order_received")["free_from_on"] == "2026-03-16"


def test_a_parcel_that_missed_its_run_is_joined_on_the_run_that_really_takes_it(
    session: Session, till: Till
) -> None:
    with transaction(session):
        values = to_values(Policy(later_than_main_brand_days=2))
        session.add(PolicyVersion(values=values, changed_by="Robin", created_at=make.NOW))
    change_first(till, dispatch_on=date(2026, 3, 3), promised_on=date(2026, 3, 5))
    till = till.at(till.now + timedelta(days=2))
    joined, interim = checkout(till).ways
    assert (joined.option.choice, joined.totals.gross_cents) == (JOINED, 7_140)
    days = (joined.option.promise.dispatch_on, joined.option.promise.promised_on)
    assert days == (interim.option.promise.dispatch_on, interim.option.promise.promised_on)

    placed = place(till)
    assert pay(till, placed) is PaymentState.CAPTURED

    order, first = till.order(placed.number), first_order(till)
    assert (order.joins_order_id, order.dispatch_on, order.promised_on) == (first.id, *days)
    assert mailed(till, "order_accepted")["joins"] == first.number


def test_both_ways_are_shown_with_their_dates_and_prices(till: Till) -> None:
    change_first(till, dispatch_on=date(2026, 3, 17), promised_on=date(2026, 3, 19))

    found = checkout(till)

    assert [
        (way.option.choice, way.totals.gross_cents, way.option.promise.promised_on) for way in found.ways
    ] == [(JOINED, 7_140, date(2026, 3, 19)), (INTERIM, 7_961, date(2026, 3, 12))]
    assert found.rhythm.free_from_on == date(2026, 3, 16)
    assert checkout(till, INTERIM).totals.gross_cents == 7_961


def test_what_is_shown_for_each_way_is_what_is_charged(till: Till) -> None:
    for choice in (INTERIM, JOINED):
        shown = checkout(till, choice)

        placed = place(till, choice, key=f"key-of-{choice}")
        assert pay(till, placed) is PaymentState.CAPTURED

        order = till.order(placed.number)
        assert order.gross_cents == shown.totals.gross_cents == till.payments()[-1].amount_cents
        assert (order.dispatch_on, order.promised_on) == (
            shown.promise.dispatch_on,
            shown.promise.promised_on,
        )
        put_again(till)


def put_again(till: Till) -> None:
    with till.database.session() as session, transaction(session):
        bundle = make.bundle(session, price_cents=6_000)
        make.cart_line(session, of=till.customer, bundle=bundle, quantity=1)


@pytest.mark.parametrize(
    "values",
    [
        {"state": OrderState.DISPATCHED},
        {"street": "Gartenweg 4"},
        {"dispatch_on": date(2026, 3, 3), "promised_on": date(2026, 3, 5)},
    ],
    ids=["dispatched", "another address", "its run takes no more"],
)
def test_a_parcel_that_can_no_longer_be_joined_orders_nothing_and_says_what_it_costs_now(
    till: Till, values: dict[str, Any]
) -> None:
    shown = write_offer(*checkout(till).offers)
    change_first(till, **values)

    with pytest.raises(OrderChanged) as raised:
        till.place(key="key-2", shown=shown, rhythm=JOINED)

    found = {change.kind: (change.old, change.new) for change in raised.value.changes}
    assert found[ChangeKind.RHYTHM] == ("joined", "interim")
    assert found[ChangeKind.SURCHARGE] == (0, FEE_CENTS)
    assert found[ChangeKind.TOTAL] == (7_140, 7_961)
    assert order_count(till) == 1


def test_a_delivery_address_of_its_own_cannot_join(till: Till) -> None:
    elsewhere = replace(ADDRESS, street="Gartenweg 9")

    with pytest.raises(OrderChanged) as raised:
        place(till, JOINED, address=elsewhere)

    assert ChangeKind.RHYTHM in {change.kind for change in raised.value.changes}
    assert order_count(till) == 1


def test_a_way_that_was_never_shown_orders_nothing(till: Till) -> None:
    with pytest.raises(OrderChanged):
        place(till, RhythmChoice.NORMAL)
    with pytest.raises(OrderChanged):
        till.place(key="key-2", shown=write_offer(checkout(till).offer), rhythm=INTERIM)

    assert order_count(till) == 1


def test_a_first_order_accepted_meanwhile_makes_the_next_one_a_further_one(
    session: Session, database: Database, now: datetime
) -> None:
    till = open_till(session, database, now=now)
    shown = till.shown()
    bundle = make.bundle(session)
    make.order(
        session, of=till.customer, by=till.contact, bundle=bundle, state=OrderState.ACCEPTED, accepted_at=now
    )

    with pytest.raises(OrderChanged) as raised:
        till.place(shown=shown)

    assert next(change.kind for change in raised.value.changes) is ChangeKind.RHYTHM


@pytest.mark.parametrize(
    "values",
    [
        {"accepted_at": make.NOW - timedelta(days=14)},
        {"state": OrderState.CANCELLED},
        {"kind": OrderKind.REPLACEMENT},
        {"kind": OrderKind.SERVICE},
        {"rhythm": RhythmChoice.INTERIM},
    ],
    ids=["out of the window", "cancelled", "a replacement", "a service", "a further one itself"],
)
def test_what_does_not_count_leaves_the_next_order_normal(till: Till, values: dict[str, Any]) -> None:
    change_first(till, **values)

    order = till.order(place(till).number)

    assert (order.rhythm, order.joins_order_id, order.charges_net_cents) == (RhythmChoice.NORMAL, None, 0)


def test_an_unpaid_order_that_the_new_one_replaces_is_not_the_earlier_one(
    session: Session, database: Database, now: datetime
) -> None:
    till = open_till(session, database, now=now)
    unpaid = till.place(key="key-1")

    order = till.order(till.place(key="key-2").number)

    assert till.order(unpaid.number).state is OrderState.CANCELLED
    assert (order.rhythm, order.charges_net_cents) == (RhythmChoice.NORMAL, 0)


def test_an_accepted_order_that_joins_says_so_and_travels_with_the_first(till: Till) -> None:
    placed = place(till)

    assert pay(till, placed) is PaymentState.CAPTURED

    order, first = till.order(placed.number), first_order(till)
    assert (order.state, order.joins_order_id) == (OrderState.ACCEPTED, first.id)
    assert (order.dispatch_on, order.promised_on) == (first.dispatch_on, first.promised_on)
    values = mailed(till, "order_accepted")
    assert (values["joins"], "missed" in values) == (first.number, False)


@pytest.mark.parametrize(
    "values",
    [
        {"state": OrderState.DISPATCHED},
        {"street": "Gartenweg 4"},
        {"dispatch_on": date(2026, 3, 24), "promised_on": date(2026, 3, 26)},
    ],
    ids=["it left", "it goes elsewhere", "it was kept back"],
)
def test_a_parcel_missed_before_the_payment_costs_nothing_more_and_keeps_the_day_shown(
    till: Till, values: dict[str, Any]
) -> None:
    placed = place(till)
    shown = till.order(placed.number)
    session_id = till.session_at(till.start(placed.number))
    change_first(till, **values)
    till.stripe.pay(session_id)

    assert till.settle(session_id=session_id) is PaymentState.CAPTURED

    order = till.order(placed.number)
    assert (order.state, order.joins_order_id, order.rhythm) == (OrderState.ACCEPTED, None, JOINED)
    assert (order.gross_cents, till.payments()[-1].amount_cents) == (shown.gross_cents, shown.gross_cents)
    assert (order.dispatch_on, order.promised_on) == (shown.dispatch_on, shown.promised_on)
    assert mailed(till, "order_accepted")["missed"] == first_order(till).number
    assert till.events(placed.number) == ["placed", "payment_started", "joining_missed", "accepted"]


def test_a_payment_after_the_cut_off_leaves_with_a_later_run_by_itself(till: Till) -> None:
    placed = place(till)
    session_id = till.session_at(till.start(placed.number))
    change_first(till, dispatch_on=date(2026, 3, 3))
    with till.database.session() as session, transaction(session):
        order = session.exec(select(Order).where(col(Order.number) == placed.number)).one()
        order.dispatch_on, order.promised_on = date(2026, 3, 3), date(2026, 3, 5)
    till.stripe.pay(session_id)

    till.settle(session_id=session_id)

    order = till.order(placed.number)
    assert (order.joins_order_id, order.dispatch_on, order.promised_on) == (
        None,
        date(2026, 3, 10),
        date(2026, 3, 12),
    )


def test_placing_reads_the_rhythm_with_the_orders_it_reads_anyway(till: Till) -> None:
    shown = write_offer(*checkout(till).offers)
    statements: list[str] = []
    engine = till.database.writing
    note: Any = lambda *args: statements.append(args[2])  # noqa: E731
    event.listen(engine, "before_cursor_execute", note)
    try:
        till.place(key="key-2", shown=shown)
    finally:
        event.remove(engine, "before_cursor_execute", note)

    assert sum("FROM orders" in one for one in statements) == 1


def test_the_window_and_the_fee_are_those_of_the_policy(session: Session, till: Till) -> None:
    values = to_values(Policy(rhythm_days=30, interim_order_fee_cents=1_250))
    with transaction(session):
        session.add(PolicyVersion(values=values, changed_by="Robin", created_at=make.NOW))

    found = checkout(till.at(till.now + timedelta(days=20)), INTERIM)

    assert found.totals.charges_net_cents == 1_250
    assert found.rhythm.free_from_on == date(2026, 4, 1)


def test_an_empty_cart_has_no_fee(till: Till, session: Session) -> None:
    with transaction(session):
        for line in session.exec(select(CartLine)):
            session.delete(line)

    assert checkout(till, INTERIM).totals.gross_cents == 0
