from datetime import date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlmodel import Session, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.db import Database
from app.core.errors import Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.flows.dispatch_order import MOST_PARCELS, Parcel, dispatch_orders
from app.flows.pass_chargeback import pass_chargeback
from app.fulfilment.models import Shipment
from app.mail.models import Mail
from app.ordering.models import Order, OrderEvent
from app.ordering.rules.states import OrderState
from tests import make, make_money

ACTOR = Actor(ActorKind.STAFF, "Robin", 7)
RUN = date(2026, 3, 10)


@pytest.fixture
def orders(session: Session) -> list[Order]:
    customer = make.customer(session)
    contact = make.contact(session, of=customer, email="anna@probst.example")
    bundle = make.bundle(session)
    return [
        make.order(
            session, of=customer, by=contact, bundle=bundle, state=OrderState.ACCEPTED, dispatch_on=RUN
        )
        for _ in range(3)
    ]


def _dispatch(session: Session, now: datetime, *parcels: Parcel, today: date = RUN) -> list[str]:
    return dispatch_orders(session, parcels, carrier="Post", today=today, actor=ACTOR, now=now)


def _counts(session: Session) -> tuple[int, ...]:
    session.rollback()
    return tuple(len(session.exec(select(table)).all()) for table in (Shipment, OrderEvent, Mail, AuditEntry))


def test_a_dispatched_order_has_shipment_timeline_mail_and_audit_entry(
    session: Session, orders: list[Order], now: datetime
) -> None:
    number = orders[0].number

    assert _dispatch(session, now, Parcel(number, "T-1")) == [number]

    order = session.exec(select(Order).where(Order.number == number)).one()
    shipment = session.exec(select(Shipment)).one()
    mail = session.exec(select(Mail)).one()
    entry = session.exec(select(AuditEntry)).one()
    assert (order.state, order.dispatched_at) == (OrderState.DISPATCHED, now)
    assert (shipment.run_on, shipment.carrier, shipment.tracking_code) == (RUN, "Post", "T-1")
    assert (mail.kind, mail.to_address, mail.values["number"]) == (
        "order_dispatched",
        "anna@probst.example",
        number,
    )
    assert mail.values["is_late"] is False
    assert (entry.action, entry.object_id, entry.actor_name) == ("order.dispatched", order.id, "Robin")
    assert session.exec(select(OrderEvent.kind)).all() == ["dispatched"]


def test_dispatching_twice_is_dispatching_once(session: Session, orders: list[Order], now: datetime) -> None:
    parcel = Parcel(orders[0].number)

    _dispatch(session, now, parcel)

    assert _dispatch(session, now + timedelta(hours=1), parcel) == []
    assert _counts(session) == (1, 1, 1, 1)
    assert session.exec(select(Order.dispatched_at).where(Order.number == parcel.number)).one() == now


def test_eight_clicks_at_once_dispatch_once(
    database: Database, session: Session, orders: list[Order], now: datetime
) -> None:
    numbers = [order.number for order in orders]
    start, left = Barrier(8), []

    def click() -> None:
        with database.session() as own:
            start.wait()
            left.extend(_dispatch(own, now, *[Parcel(number) for number in numbers]))

    threads = [Thread(target=click) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(left) == sorted(numbers)
    assert _counts(session) == (3, 3, 3, 1)


def test_several_orders_leave_with_one_audit_entry_that_names_them(
    session: Session, orders: list[Order], now: datetime
) -> None:
    _dispatch(session, now, Parcel(orders[0].number), Parcel(orders[1].number, "T-2"))

    entry = session.exec(select(AuditEntry)).one()
    assert entry.object_name == f"{orders[0].number}, {orders[1].number}"
    assert entry.new == {"orders": {orders[0].number: "", orders[1].number: "T-2"}, "carrier": "Post"}
    assert _counts(session) == (2, 2, 2, 1)


@pytest.mark.parametrize("state", [OrderState.RECEIVED, OrderState.CANCELLED])
def test_one_order_that_is_not_accepted_holds_all_back(
    session: Session, orders: list[Order], now: datetime, state: OrderState
) -> None:
    with transaction(session):
        session.get_one(Order, orders[1].id).state = state

    with pytest.raises(Refused) as refusal:
        _dispatch(session, now, *[Parcel(order.number) for order in orders])

    assert refusal.value.code == "order.illegal_transition"
    assert refusal.value.values == {"number": orders[1].number}
    assert _counts(session) == (0, 0, 0, 0)


def test_an_unknown_number_nothing_and_too_many_are_refused(
    session: Session, orders: list[Order], now: datetime
) -> None:
    with pytest.raises(NotFound):
        _dispatch(session, now, Parcel(orders[0].number), Parcel("S-NOWHERE"))
    with pytest.raises(Invalid):
        _dispatch(session, now)
    with pytest.raises(Invalid):
        _dispatch(session, now, *[Parcel(f"S-{n}") for n in range(MOST_PARCELS + 1)])
    with pytest.raises(Invalid):
        _dispatch(session, now, Parcel(orders[0].number, "T" * 65))
    with pytest.raises(Invalid):
        _dispatch(session, now, Parcel(orders[0].number, "T-1\nPay here: evil.example"))

    assert _counts(session) == (0, 0, 0, 0)


def test_a_late_order_counts_to_todays_run_and_its_mail_says_so(
    session: Session, orders: list[Order], now: datetime
) -> None:
    _dispatch(session, now, Parcel(orders[0].number), today=date(2026, 3, 12))

    assert session.exec(select(Shipment.run_on)).one() == date(2026, 3, 12)
    assert session.exec(select(Mail)).one().values["is_late"] is True


def test_an_order_whose_payment_was_charged_back_stays_until_a_person_lets_it_go_and_again_after_the_next(
    session: Session, orders: list[Order], now: datetime
) -> None:
    held, other = orders[0].number, orders[1].number
    words = {"order_number": held, "actor": ACTOR, "now": now}
    _charge_back(session, orders[0], now)

    with pytest.raises(Refused) as refusal:
        _dispatch(session, now, Parcel(other), Parcel(held))
    with pytest.raises(Invalid):
        pass_chargeback(session, reason=" ", **words)  # type: ignore[arg-type]

    assert (refusal.value.code, refusal.value.values) == ("order.disputed", {"number": held})
    assert _counts(session) == (0, 0, 0, 0)
    assert [pass_chargeback(session, reason="paid by transfer", **words) for _ in range(2)] == [True, False]  # type: ignore[arg-type]
    _charge_back(session, orders[0], now)
    with pytest.raises(Refused):
        _dispatch(session, now, Parcel(held))
    pass_chargeback(session, reason="the bank found for us", **words)  # type: ignore[arg-type]
    assert _dispatch(session, now, Parcel(held)) == [held]


def _charge_back(session: Session, order: Order, now: datetime) -> None:
    make_money.dispute(session, about=order, taken_at=now)
