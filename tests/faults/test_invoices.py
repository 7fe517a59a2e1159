"""A worker that is killed while it issues issues once, and takes no number that nobody bears."""

import random
import time

import pytest
from sqlmodel import col, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.core.clock import utc_now
from app.flows.dispatch_order import Parcel, dispatch_orders
from app.invoices.models import Invoice
from tests.faults.conftest import Buyer, World
from tests.faults.test_killed_at_each_point import BOUGHT, BY_ISSUING, _assert_killed

OLE = Actor(ActorKind.STAFF, "Ole", 1)


def buy_and_send(world: World) -> Buyer:
    """A company whose paid order leaves; nobody has worked on its invoice yet."""
    world.send_webhooks_to(world.survivor)
    buyer = world.new_buyer()
    buyer.fill_cart()
    buyer.ask("GET", buyer.pay(buyer.order(buyer.read_checkout())))
    now = utc_now()
    with world.db.session() as session:
        parcel = Parcel(buyer.orders()[0].number)
        dispatch_orders(session, [parcel], carrier="Post", today=now.date(), actor=OLE, now=now)
    return buyer


def numbers(world: World) -> list[str]:
    with world.db.read_session() as session:
        return list(session.exec(select(Invoice.number).order_by(col(Invoice.id))))


@pytest.mark.parametrize("name", BY_ISSUING)
def test_a_worker_killed_while_it_issues_an_invoice_issues_it_once(name: str, world: World) -> None:
    buyer = buy_and_send(world)
    before = len(numbers(world))

    armed = world.work(name)
    try:
        _assert_killed(armed)
    finally:
        armed.kill9()
    assert len(numbers(world)) - before == (1 if name == "issue_invoice.after_commit" else 0)
    world.let_time_pass()

    found = numbers(world)
    year = utc_now().year
    assert found == [f"RE-{year}-{count:06d}" for count in range(1, before + 2)]
    assert buyer.deliveries() == {**BOUGHT, "order_dispatched": 1, "invoice": 1}
    assert world.faults() == []
    buyer.http.close()


@pytest.mark.soak
def test_workers_killed_at_any_moment_leave_no_gap(world: World) -> None:
    buyers = [buy_and_send(world) for _ in range(30)]
    dice = random.Random(6)

    for _ in range(20):
        worker = world.work("issue_invoice.never")
        try:
            time.sleep(dice.uniform(0.3, 1.5))
        finally:
            worker.kill9()
        assert [fault for fault in world.faults() if "document" in fault] == []
    world.let_time_pass()

    assert world.faults() == []
    found = numbers(world)
    assert len(found) >= len(buyers)
    assert [number[-6:] for number in found] == [f"{count:06d}" for count in range(1, len(found) + 1)]
    for buyer in buyers:
        buyer.http.close()
