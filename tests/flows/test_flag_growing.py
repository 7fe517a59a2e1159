"""Customers whose own purchases here grow past the policy are flagged, once, and unflagged when they fall."""

from datetime import datetime, timedelta

from sqlmodel import Session, select

from app.audit.models import AuditEntry
from app.core.transaction import transaction
from app.customers.models import Customer
from app.customers.queries_desk import count_growing
from app.flows.flag_growing import flag_growing
from app.ordering.models import Order
from app.ordering.rules.states import OrderState
from tests import make


def grown(session: Session, cents: int, *, state: OrderState, now: datetime) -> tuple[Customer, Order]:
    customer = make.customer(session)
    person = make.contact(session, of=customer)
    bundle = make.bundle(session, items=[(make.block(session), 1)])
    order = make.order(session, of=customer, by=person, bundle=bundle, state=state)
    with transaction(session):
        kept = session.get_one(Order, order.id)
        kept.gross_cents += cents - kept.goods_net_cents
        kept.goods_net_cents, kept.placed_at = cents, now
    return customer, order


def test_who_buys_for_the_policys_amount_is_flagged_once(session: Session, now: datetime) -> None:
    big, _ = grown(session, 500_000, state=OrderState.DISPATCHED, now=now)
    small, _ = grown(session, 499_999, state=OrderState.DISPATCHED, now=now)
    unpaid, _ = grown(session, 900_000, state=OrderState.RECEIVED, now=now)

    assert flag_growing(session, now=now) == (1, 0)
    assert flag_growing(session, now=now + timedelta(hours=6)) == (0, 0)

    session.expire_all()
    since = [session.get_one(Customer, one.id).growing_since for one in (big, small, unpaid)]
    assert since == [now, None, None]
    assert count_growing(session) == 1
    assert [entry.action for entry in session.exec(select(AuditEntry))] == ["customer.growing"]


def test_a_year_later_or_after_moving_up_the_flag_is_gone(session: Session, now: datetime) -> None:
    grown(session, 600_000, state=OrderState.ACCEPTED, now=now)
    mover, _ = grown(session, 600_000, state=OrderState.ACCEPTED, now=now)
    flag_growing(session, now=now)
    with transaction(session):
        session.get_one(Customer, mover.id).moved_up_at = now

    assert flag_growing(session, now=now + timedelta(days=1)) == (0, 1)
    assert flag_growing(session, now=now + timedelta(days=367)) == (0, 1)
