"""Placing an order: exactly what was shown, once, or nothing at all."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from app.catalogue.models import Bundle
from app.catalogue.rules.kinds import BundleState
from app.core.db import Database
from app.core.errors import Refused
from app.core.transaction import transaction
from app.flows.place_order import OrderChanged
from app.ordering.models import CartLine, Charge, Order, OrderLine, OrderTax, TermsVersion
from app.ordering.rules.offer import ChangeKind
from app.ordering.rules.states import CancelReason, OrderState
from app.payments.rules.facts import SessionStatus
from tests import make
from tests.flows.till import Till, open_till, reprice_first_bundle


@pytest.fixture
def till(session: Session, database: Database, now: datetime) -> Till:
    return open_till(session, database, now=now)


def count_orders(till: Till) -> int:
    with till.database.read_session() as session:
        return len(session.exec(select(Order)).all())


def test_an_order_keeps_the_amounts_that_were_shown(till: Till) -> None:
    placed = till.place(purchase_reference="PO 4711")

    order = till.order(placed.number)
    assert (order.goods_net_cents, order.charges_net_cents, order.vat_cents) == (9_500, 0, 1_425 + 140)
    assert order.gross_cents == 11_065
    assert (order.state, order.purchase_reference) == (OrderState.RECEIVED, "PO 4711")
    assert (order.dispatch_on, order.promised_on) == (date(2026, 3, 10), date(2026, 3, 12))
    with till.database.read_session() as session:
        lines = session.exec(select(OrderLine).order_by(col(OrderLine.id))).all()
        taxes = session.exec(select(OrderTax).order_by(col(OrderTax.vat_rate_bp))).all()
    assert [(line.quantity, line.unit_price_cents, line.net_cents) for line in lines] == [
        (3, 2_500, 7_500),
        (2, 1_000, 2_000),
    ]
    assert [(tax.vat_rate_bp, tax.net_cents, tax.vat_cents) for tax in taxes] == [
        (700, 2_000, 140),
        (1900, 7_500, 1_425),
    ]


def test_placing_mails_a_receipt_and_keeps_the_cart_until_acceptance(till: Till) -> None:
    before = till.cart()

    placed = till.place()

    assert till.mails() == ["order_received"]
    assert till.events(placed.number) == ["placed"]
    assert till.cart() == before


def test_a_small_order_carries_the_surcharge_as_its_own_charge(session: Session, till: Till) -> None:
    with transaction(session):
        for line in session.exec(select(CartLine).order_by(col(CartLine.id))).all()[:1]:
            session.delete(line)

    placed = till.place()

    order = till.order(placed.number)
    with till.database.read_session() as reading:
        charge = reading.exec(select(Charge)).one()
    assert (order.goods_net_cents, charge.net_cents, order.charges_net_cents) == (2_000, 990, 990)
    assert order.gross_cents == 2_990 + 209


def test_the_same_checkout_key_gives_the_same_order(till: Till) -> None:
    shown = till.shown()

    first, second = till.place(shown=shown), till.place(shown=shown)

    assert (first.number, first.is_new, second.is_new) == (second.number, True, False)
    assert count_orders(till) == 1
    assert till.mails() == ["order_received"]


def test_the_same_checkout_key_gives_the_same_order_even_after_the_cart_changed(
    session: Session, till: Till
) -> None:
    first = till.place()
    with transaction(session):
        for line in session.exec(select(CartLine)):
            session.delete(line)

    assert till.place(shown="whatever").number == first.number


def test_eight_parallel_clicks_place_one_order(till: Till) -> None:
    shown = till.shown()

    with ThreadPoolExecutor(8) as pool:
        numbers = {one.number for one in pool.map(lambda _: till.place(shown=shown), range(8))}

    assert len(numbers) == 1
    assert count_orders(till) == 1
    assert till.mails() == ["order_received"]


def test_two_companies_may_use_the_same_checkout_key(session: Session, till: Till, now: datetime) -> None:
    other = open_till(session, till.database, now=now)

    assert till.place().number != other.place().number


def test_a_price_that_changed_since_it_was_shown_orders_nothing_and_says_so(
    session: Session, till: Till
) -> None:
    shown = till.shown()
    reprice_first_bundle(session, price_cents=2_600)

    with pytest.raises(OrderChanged) as raised:
        till.place(shown=shown)

    found = {change.kind: (change.old, change.new) for change in raised.value.changes}
    assert found[ChangeKind.PRICE] == (2_500, 2_600)
    assert found[ChangeKind.TOTAL] == (11_065, 11_422)
    assert (count_orders(till), till.mails()) == (0, [])


def test_a_quantity_raised_in_another_tab_orders_nothing(session: Session, till: Till) -> None:
    shown = till.shown()
    with transaction(session):
        session.exec(select(CartLine).order_by(col(CartLine.id))).all()[0].quantity = 4

    with pytest.raises(OrderChanged) as raised:
        till.place(shown=shown)

    assert ChangeKind.QUANTITY in {change.kind for change in raised.value.changes}
    assert count_orders(till) == 0


def test_a_promise_that_moved_past_the_cut_off_orders_nothing(till: Till) -> None:
    shown = till.shown()

    with pytest.raises(OrderChanged) as raised:
        till.at(till.now + timedelta(days=7)).place(shown=shown)

    assert [change.kind for change in raised.value.changes] == [ChangeKind.PROMISE]


def test_new_terms_must_be_agreed_to_anew(session: Session, till: Till) -> None:
    shown = till.shown()
    make.saved(session, TermsVersion(name="2026-02", text_de="Neu.", text_en="New.", created_at=till.now))

    with pytest.raises(OrderChanged) as raised:
        till.place(shown=shown)

    assert [change.kind for change in raised.value.changes] == [ChangeKind.TERMS]


@pytest.mark.parametrize("shown", ["", "[]", "{", "null", '[[[1,2,3]],[0,0,"2026-03-10",1]]', "[" * 5_000])
def test_a_text_that_was_never_shown_orders_nothing(till: Till, shown: str) -> None:
    with pytest.raises(OrderChanged):
        till.place(shown=shown)

    assert count_orders(till) == 0


def test_an_empty_cart_cannot_be_ordered(session: Session, till: Till) -> None:
    with transaction(session):
        for line in session.exec(select(CartLine)):
            session.delete(line)

    with pytest.raises(Refused) as raised:
        till.place()

    assert raised.value.code == "order.empty_cart"


def test_a_retired_bundle_cannot_be_ordered(session: Session, till: Till) -> None:
    with transaction(session):
        for bundle in session.exec(select(Bundle)):
            bundle.state = BundleState.RETIRED

    with pytest.raises(Refused) as raised:
        till.place()

    assert raised.value.code == "order.cart_faulty"
    assert count_orders(till) == 0


def test_a_company_that_became_a_since_the_page_was_shown_orders_nothing(till: Till) -> None:
    shown = till.shown()
    till.turn_into_a()

    with pytest.raises(Refused) as raised:
        till.place(shown=shown)

    assert raised.value.code == "order.not_admitted"
    assert (count_orders(till), till.mails()) == (0, [])


def test_a_new_order_replaces_an_unpaid_one_and_closes_its_card_page(till: Till) -> None:
    first, session_id = till.placed_and_open()

    second = till.place(key="key-2")
    for args in till.jobs():
        till.settle(**args)

    replaced = till.order(first.number)
    assert (replaced.state, replaced.cancel_reason) == (OrderState.CANCELLED, CancelReason.REPLACED)
    assert till.order(second.number).state is OrderState.RECEIVED
    assert till.stripe.sessions[session_id].status is SessionStatus.EXPIRED
    assert till.mails() == ["order_received", "order_received"]


def test_an_order_that_is_just_being_paid_is_not_replaced(till: Till) -> None:
    first, session_id = till.placed_and_open()
    till.stripe.pay(session_id)
    refusals: list[str] = []

    def order_again() -> None:
        with pytest.raises(Refused) as raised:
            till.place(key="key-2")
        refusals.append(raised.value.code)

    till.stripe.before["capture"] = order_again
    till.settle(session_id=session_id)

    assert refusals == ["order.just_paying"]
    assert till.order(first.number).state is OrderState.ACCEPTED
    assert count_orders(till) == 1
