"""Filling a cart: sums of two tabs, order steps, limits, changed and retired bundles, other companies."""

import threading

import pytest
from sqlmodel import Session, col, select

from app.catalogue.models import Block, Bundle
from app.catalogue.rules.kinds import BundleState
from app.catalogue.service import publish_all_drafts
from app.core.db import Database
from app.core.errors import Invalid, NotFound
from app.core.transaction import transaction
from app.customers.models import Customer
from app.flows.fill_cart import accept_change, add_to_cart, set_quantity
from app.flows.publish_bundle import publish_bundle
from app.flows.retire_bundle import retire_bundle
from app.fulfilment.calendar import work_calendar
from app.ordering.models import CartLine
from app.ordering.queries_cart import Cart, read_cart
from app.ordering.rules.quantities import QuantityFault, QuantityProblem
from tests import make
from tests.catalogue import written

CALENDAR = work_calendar("SN", "Europe/Berlin")


def add(session: Session, customer: Customer, bundle_id: int, quantity: int) -> int:
    return add_to_cart(
        session,
        customer_id=customer.id or 0,
        bundle_id=bundle_id,
        quantity=quantity,
        language="en",
        now=make.NOW,
    )


def change(session: Session, customer: Customer, bundle_id: int, quantity: int) -> None:
    set_quantity(
        session,
        customer_id=customer.id or 0,
        bundle_id=bundle_id,
        quantity=quantity,
        language="en",
        now=make.NOW,
    )


def held(session: Session, customer: Customer) -> dict[int, int]:
    session.rollback()
    rows = session.exec(select(CartLine).where(col(CartLine.customer_id) == customer.id))
    return {row.bundle_id: row.quantity for row in rows}


def cart(session: Session, customer: Customer) -> Cart:
    session.rollback()
    session.expire_all()
    return read_cart(session, customer.id or 0, language="en", calendar=CALENDAR, now=make.NOW)


def test_what_is_added_in_two_tabs_adds_up(session: Session) -> None:
    customer, bundle_id = make.customer(session), written.bundle(session)

    sums = [add(session, customer, bundle_id, quantity) for quantity in (2, 3)]

    assert sums == [2, 5]
    assert held(session, customer) == {bundle_id: 5}


def test_parallel_additions_lose_nothing(database: Database, session: Session) -> None:
    customer, bundle_id = make.customer(session), written.bundle(session)
    session.refresh(customer)
    session.expunge(customer)
    failures: list[BaseException] = []

    def add_five() -> None:
        try:
            with database.session() as own:
                for _ in range(5):
                    add(own, customer, bundle_id, 1)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=add_five) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert held(session, customer) == {bundle_id: 20}


def test_each_company_has_its_own_cart(session: Session) -> None:
    one, other = make.customer(session), make.customer(session)
    bundle_id = written.bundle(session)
    add(session, one, bundle_id, 2)

    change(session, other, bundle_id, 7)
    change(session, other, bundle_id, 0)
    add(session, other, bundle_id, 1)

    assert held(session, one) == {bundle_id: 2}
    assert held(session, other) == {bundle_id: 1}


@pytest.mark.parametrize(
    "quantity, sentence",
    [
        (3, "%(name)s is sold from %(upper)s on. Take %(upper)s."),
        (12, "%(name)s is sold in steps of %(step)s. Take %(lower)s or %(upper)s."),
        (9_999, "At most %(lower)s of %(name)s go into one order. Take %(lower)s."),
    ],
)
def test_a_quantity_that_is_not_sold_is_refused_with_its_fix(
    session: Session, quantity: int, sentence: str
) -> None:
    customer = make.customer(session)
    bundle_id = written.bundle(session, minimum_quantity=10, order_step=5)

    with pytest.raises(Invalid) as invalid:
        add(session, customer, bundle_id, quantity)

    (fault,) = invalid.value.fields
    assert (fault.field, fault.message, fault.values["name"]) == ("quantity", sentence, "Set lager-satz")
    assert held(session, customer) == {}


def test_an_addition_is_judged_by_the_sum(session: Session) -> None:
    customer = make.customer(session)
    bundle_id = written.bundle(session, minimum_quantity=10, order_step=5)
    add(session, customer, bundle_id, 10)

    assert add(session, customer, bundle_id, 5) == 15
    with pytest.raises(Invalid):
        add(session, customer, bundle_id, 3)
    assert held(session, customer) == {bundle_id: 15}


def test_zero_removes_and_what_is_not_there_stays_away(session: Session) -> None:
    customer, bundle_id = make.customer(session), written.bundle(session)
    change(session, customer, bundle_id, 3)
    assert held(session, customer) == {}
    add(session, customer, bundle_id, 3)

    change(session, customer, bundle_id, 0)

    assert held(session, customer) == {}


def test_a_cart_takes_a_hundred_bundles_and_no_more(session: Session) -> None:
    customer = make.customer(session)
    block_id = written.block(session)
    bundle_ids = [
        written.draft_bundle(session, slug=f"b-{number}", items=[(block_id, 1)]) for number in range(101)
    ]

    with transaction(session):
        publish_all_drafts(session, now=make.NOW)
    for bundle_id in bundle_ids[:100]:
        add(session, customer, bundle_id, 1)

    with pytest.raises(Invalid) as invalid:
        add(session, customer, bundle_ids[100], 1)
    add(session, customer, bundle_ids[99], 1)

    assert invalid.value.code == "cart.full"
    assert len(held(session, customer)) == 100


@pytest.mark.parametrize("state", [BundleState.DRAFT, BundleState.RETIRED, None])
def test_what_is_not_on_sale_cannot_be_added(session: Session, state: BundleState | None) -> None:
    customer = make.customer(session)
    bundle_id = (make.bundle(session, state=state).id if state else None) or 999

    with pytest.raises(NotFound):
        add(session, customer, bundle_id, 1)

    assert held(session, customer) == {}


def changed(session: Session, bundle_id: int) -> None:
    """A new version: dearer, and sold in steps of four."""
    block_id = session.exec(select(Block.id)).first() or 0
    session.rollback()
    written.draft_bundle(session, bundle_id=bundle_id, items=[(block_id, 4)], price_cents=3_490, order_step=4)
    publish_bundle(session, bundle_id, actor=written.STAFF, now=make.NOW)


def test_a_bundle_that_changed_meanwhile_says_so_with_both_prices(session: Session) -> None:
    customer, bundle_id = make.customer(session), written.bundle(session)
    add(session, customer, bundle_id, 3)
    changed(session, bundle_id)

    read = cart(session, customer)

    (row,) = read.rows
    assert (row.is_changed, row.seen_price_cents, row.unit_price_cents) == (True, 2_990, 3_490)
    assert row.problem == QuantityProblem(QuantityFault.TOO_SMALL, None, 4)
    assert not read.is_orderable


def test_a_change_is_agreed_to_only_at_the_version_that_was_shown(session: Session) -> None:
    customer, bundle_id = make.customer(session), written.bundle(session)
    add(session, customer, bundle_id, 4)
    first = session.exec(select(Bundle.current_version_id)).one() or 0
    changed(session, bundle_id)
    whose = {"customer_id": customer.id or 0, "bundle_id": bundle_id}

    accept_change(session, version_id=first, now=make.NOW, **whose)
    assert cart(session, customer).rows[0].is_changed
    accept_change(session, version_id=cart(session, customer).rows[0].version_id, now=make.NOW, **whose)

    assert not cart(session, customer).rows[0].is_changed


def test_adding_more_does_not_hide_that_the_bundle_changed(session: Session) -> None:
    customer, bundle_id = make.customer(session), written.bundle(session)
    add(session, customer, bundle_id, 4)
    changed(session, bundle_id)

    add(session, customer, bundle_id, 4)

    assert cart(session, customer).rows[0].is_changed


def test_a_retired_bundle_stays_visible_costs_nothing_and_can_be_removed(session: Session) -> None:
    customer = make.customer(session)
    kept, retired = written.bundle(session), written.bundle(session, slug="zweites")
    add(session, customer, kept, 2)
    add(session, customer, retired, 2)
    retire_bundle(session, retired, actor=written.STAFF, now=make.NOW)

    read = cart(session, customer)

    assert [row.is_retired for row in read.rows] == [False, True]
    assert read.checkout.totals.goods_net_cents == 5_980
    assert not read.is_orderable
    with pytest.raises(NotFound):
        change(session, customer, retired, 5)
    change(session, customer, retired, 0)
    assert held(session, customer) == {kept: 2}
    assert cart(session, customer).is_orderable


def test_a_small_cart_shows_the_surcharge_and_what_is_missing(session: Session) -> None:
    customer, bundle_id = make.customer(session), written.bundle(session)
    add(session, customer, bundle_id, 1)

    totals = cart(session, customer).checkout.totals

    assert (totals.goods_net_cents, totals.charges_net_cents, totals.missing_cents) == (2_990, 990, 2_010)
    assert (totals.net_cents, totals.vat_cents, totals.gross_cents) == (3_980, 756, 4_736)
