"""What the coach reads of a company, on both engines."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event
from sqlmodel import Session

from app.core.transaction import transaction
from app.customers.models import Contact, Customer
from app.customers.rules.effort_levels import EffortLevel
from app.fulfilment.calendar import work_calendar
from app.mainbrand.models import Purchase
from app.ordering.queries_checkout import read_checkout
from app.ordering.queries_coach import Coached, ProposedLine, read_coached_cart, read_history
from app.ordering.rules.coach_advice import Silence
from app.ordering.rules.pricing import ChargeKind
from app.ordering.rules.states import OrderState
from tests import make
from tests.ordering.shopping import orders_of

CALENDAR = work_calendar("SN", "Europe/Berlin")
EVERY_THREE_WEEKS = range(21, 365, 21)

pytestmark = pytest.mark.database


@pytest.fixture
def person(session: Session) -> Contact:
    make.terms(session)
    return make.contact(session, of=make.customer(session))


def coached(session: Session, person: Contact, now: datetime) -> Coached | None:
    session.rollback()
    checkout = read_checkout(session, person.customer_id, calendar=CALENDAR, now=now)
    return read_coached_cart(session, person.customer_id, checkout, calendar=CALENDAR, now=now, language="en")


def test_the_cart_of_a_company_with_small_orders_gets_the_rational_one_with_what_is_due(
    session: Session, person: Contact, now: datetime
) -> None:
    seals = make.bundle(session, price_cents=1_000, name_en="Seals")
    grease = make.bundle(session, price_cents=250, minimum_quantity=4, order_step=2, name_en="Grease")
    retired = make.bundle(session, price_cents=900, name_en="Old")
    orders_of(session, person, [(seals, 2), (grease, 4)], days_ago=EVERY_THREE_WEEKS, now=now)
    orders_of(session, person, [(retired, 9)], days_ago=[30], now=now, state=OrderState.CANCELLED)
    make.cart_line(session, of=session.get_one(Customer, person.customer_id), bundle=seals, quantity=2)

    found = coached(session, person, now)

    assert found is not None
    assert found.advice.rhythm is not None
    assert (found.advice.rhythm.bought_every_days, found.advice.rhythm.every_days) == (21, 42)
    assert list(found.advice.rhythm.saved) == [ChargeKind.LOW_QUANTITY]
    assert found.lines == (
        ProposedLine(seals.id or 0, "Seals", 2, 4),
        ProposedLine(grease.id or 0, "Grease", 0, 8),
    )
    assert (found.piece_cents, found.charges_cents) == (1_495, 990)
    assert (found.charge_of_piece_cents, found.charge_of_piece_cents_after, found.charges_cents_after) == (
        495,
        0,
        0,
    )


def test_the_coach_asks_two_statements_and_a_third_where_something_is_bought_regularly(
    session: Session, person: Contact, now: datetime
) -> None:
    seals = make.bundle(session, price_cents=1_000)
    newcomer = make.contact(session, of=make.customer(session))
    orders_of(session, person, [(seals, 2)], days_ago=EVERY_THREE_WEEKS, now=now)
    steady_id, new_id = person.customer_id, newcomer.customer_id
    asked: list[str] = []
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *args: asked.append(args[2]))

    read_history(session, new_id, calendar=CALENDAR, now=now)
    of_newcomer = len(asked)
    read_history(session, steady_id, calendar=CALENDAR, now=now)

    assert (of_newcomer, len(asked) - of_newcomer) == (2, 3)


def test_a_company_without_a_past_reads_why_there_is_no_advice(
    session: Session, person: Contact, now: datetime
) -> None:
    seals = make.bundle(session, price_cents=1_000)
    other = make.contact(session, of=make.customer(session))
    orders_of(session, other, [(seals, 2)], days_ago=EVERY_THREE_WEEKS, now=now)
    make.cart_line(session, of=session.get_one(Customer, person.customer_id), bundle=seals, quantity=2)

    found = coached(session, person, now)

    assert found is not None
    assert (found.advice.silence, found.lines) == (Silence.FEW_ORDERS, ())


def test_a_cart_that_cannot_be_ordered_gets_no_word_of_the_coach(
    session: Session, person: Contact, now: datetime
) -> None:
    seals = make.bundle(session, maximum_quantity=5)
    make.cart_line(session, of=session.get_one(Customer, person.customer_id), bundle=seals, quantity=6)

    assert coached(session, person, now) is None


def test_the_rational_order_never_asks_for_more_than_the_stock_has_for_all_its_lines(
    session: Session, person: Contact, now: datetime
) -> None:
    part = make.block(session, is_made_to_order=False, stock_milli=9_000)
    single = make.bundle(session, items=[(part, 1)], price_cents=1_000, name_en="Single")
    double = make.bundle(session, items=[(part, 2)], price_cents=800, name_en="Double")
    orders_of(session, person, [(single, 2), (double, 2)], days_ago=EVERY_THREE_WEEKS, now=now)
    make.cart_line(session, of=session.get_one(Customer, person.customer_id), bundle=single, quantity=2)

    found = coached(session, person, now)

    assert found is not None
    # Four and four would be needed, which are twelve parts of nine: five are left for the second.
    assert [(line.name, line.quantity) for line in found.lines] == [("Single", 4), ("Double", 2)]


def test_purchases_at_the_main_brand_count_for_a_company_that_is_linked_and_for_nobody_else(
    session: Session, person: Contact, now: datetime
) -> None:
    part, oil = make.block(session, sku="P-1"), make.block(session, sku="P-2")
    seals = make.bundle(session, items=[(part, 2), (oil, 1)], price_cents=1_000)
    account = make.main_account(session, account_number="D-77")
    with transaction(session):
        customer = session.get_one(Customer, person.customer_id)
        make.cart_line(session, of=customer, bundle=seals, quantity=2)
        for days in EVERY_THREE_WEEKS:
            for sku, units, when in (
                ("P-1", 5, now - timedelta(days=days)),
                ("P-2", 9, now - timedelta(days=days)),
            ):
                make.saved(
                    session,
                    Purchase(
                        import_key=f"{sku}{days}", account_number="D-77", invoice_number=f"R{days}", sku=sku,
                        quantity_milli=units * 1_000, net_cents=1, currency="EUR", purchased_at=when,
                    ),
                )  # fmt: skip
    alone = coached(session, person, now)
    with transaction(session):
        session.get_one(Customer, person.customer_id).main_account_id = account.id

    linked = coached(session, person, now)

    assert alone is not None
    assert alone.advice.silence is Silence.FEW_ORDERS
    assert linked is not None
    # Two of the bundle could be made of each purchase: as if they had been bought here every three weeks.
    assert linked.advice.rhythm is not None
    assert linked.advice.rhythm.size_before_cents == 2_000


def test_the_history_is_a_year_of_accepted_orders_and_the_effort_fee_counts(
    session: Session, person: Contact, now: datetime
) -> None:
    seals = make.bundle(session, price_cents=6_000)
    orders_of(session, person, [(seals, 1)], days_ago=[400, 366, 300, 200, 100, 10], now=now)
    orders_of(session, person, [(seals, 1)], days_ago=[90], now=now, state=OrderState.RECEIVED)
    with transaction(session):
        session.get_one(Customer, person.customer_id).effort_level = EffortLevel.FEE

    history = read_history(session, person.customer_id, calendar=CALENDAR, now=now)

    assert [(history.today - order.on).days for order in history.orders] == [300, 200, 100, 10]
    assert history.advice().silence is Silence.RATIONAL  # nothing falls into one order within twelve weeks
    charges = history.terms.charges_of({seals.id or 0: 1}, "normal")
    assert [one.kind for one in charges] == [ChargeKind.EFFORT_FEE]
