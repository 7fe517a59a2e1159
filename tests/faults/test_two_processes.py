import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
from sqlmodel import col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.clock import utc_now
from app.customers.models import BlockedAttempt
from app.flows.change_segment import change_segment
from app.mail.models import Mail
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Order
from app.ordering.rules.states import CancelReason, OrderState
from app.payments.models import Payment
from app.payments.rules.states import PaymentState
from tests.faults.conftest import Buyer, World
from tests.processes import ShopProcess

STAFF = Actor(ActorKind.COMMAND, "the test")
PATHS = ("/cart", "/catalogue", "/orders", "/checkout")


@pytest.fixture(scope="module")
def other(world: World) -> Iterator[ShopProcess]:
    """A second web process over the same database."""
    with world.serve() as started:
        yield started


@pytest.fixture
def buyer(world: World) -> Iterator[Buyer]:
    """A company with goods in its cart; the events of its payments wait until they are released."""
    world.send_webhooks_to(world.survivor)
    made = world.new_buyer()
    made.fill_cart()
    yield made
    made.http.close()


def test_the_next_request_after_a_flip_is_refused_by_both_processes(
    world: World, other: ShopProcess, buyer: Buyer
) -> None:
    processes = (world.survivor, other)
    open_statuses = [buyer.http.get(f"{one.url}{path}").status_code for one in processes for path in PATHS]

    _flip(world, buyer, Segment.A)
    closed_statuses = [buyer.http.get(f"{one.url}{path}").status_code for one in processes for path in PATHS]
    _flip(world, buyer, Segment.C)
    again_statuses = [buyer.http.get(f"{one.url}{path}").status_code for one in processes for path in PATHS]

    assert open_statuses == [200] * 8
    assert closed_statuses == [403] * 8
    assert again_statuses == [200] * 8


def test_the_same_order_sent_twenty_times_at_once_to_two_processes_is_one_order(
    world: World, other: ShopProcess, buyer: Buyer
) -> None:
    form = buyer.read_checkout()
    addresses = [one.url for one in (world.survivor, other)] * 10
    barrier = threading.Barrier(len(addresses))

    def send(address: str) -> httpx2.Response:
        with httpx2.Client(timeout=60, trust_env=False, headers=buyer.http.headers) as browser:
            barrier.wait(30)
            return browser.post(f"{address}/checkout", data=form)

    with ThreadPoolExecutor(len(addresses)) as pool:
        answers = list(pool.map(send, addresses))
    again = buyer.ask("POST", "/checkout", form)

    # While the first is asking for its card page, others may be told to try again; none makes a second order.
    orders = buyer.orders()
    pages = {buyer.page_id(one) for one in [*answers, again] if "/cs_" in one.headers["location"]}
    assert [one.state for one in orders] == [OrderState.RECEIVED]
    assert {one.status_code for one in [*answers, again]} == {303}
    assert {buyer.page_id(again)} == pages
    with world.db.read_session() as session:
        payments = session.exec(select(Payment).where(col(Payment.order_id) == orders[0].id)).all()
        received = session.exec(
            select(Mail).where(col(Mail.object_id) == orders[0].id, Mail.kind == "order_received")
        )
        assert [(one.state, one.session_id) for one in payments] == [
            (PaymentState.OPEN, buyer.page_id(again))
        ]
        assert len(received.all()) == 1

    path = buyer.pay(buyer.page_id(again))
    buyer.ask("GET", path)
    world.let_time_pass()
    assert buyer.captured_cents() == [orders[0].gross_cents]
    assert buyer.deliveries() == {"order_received": 1, "order_accepted": 1}
    assert world.faults() == []


def test_a_company_that_loses_its_admission_after_paying_is_never_charged(
    world: World, other: ShopProcess, buyer: Buyer
) -> None:
    world.standin.hold()
    path = buyer.pay(buyer.order(buyer.read_checkout()))
    held_cents = [one["capturable"] for one in buyer.intents()]

    _flip(world, buyer, Segment.B)
    returned = [buyer.http.get(f"{one.url}{path}").status_code for one in (world.survivor, other)]
    world.standin.release()
    world.standin.disturb()
    world.let_time_pass()

    order = buyer.orders()[0]
    assert held_cents == [order.gross_cents]
    assert returned == [403, 403]
    assert (order.state, order.cancel_reason) == (OrderState.CANCELLED, CancelReason.NOT_ADMITTED)
    assert [(one["status"], one["captured"], one["capturable"]) for one in buyer.intents()] == [
        ("canceled", 0, 0)
    ]
    assert buyer.deliveries() == {"order_received": 1, "authorisation_released": 1}
    assert _telling_words(world, buyer) == []
    assert _what_staff_see(world, buyer, order) == ("not_admitted", True, "payment")
    assert world.faults() == []


def test_an_order_is_not_even_placed_by_a_company_that_lost_its_admission_on_the_page(
    world: World, other: ShopProcess, buyer: Buyer
) -> None:
    form = buyer.read_checkout()

    _flip(world, buyer, Segment.B)
    answers = [buyer.http.post(f"{one.url}/checkout", data=form) for one in (world.survivor, other)]

    assert [one.status_code for one in answers] == [403, 403]
    assert buyer.orders() == []
    assert buyer.intents() == []


def _flip(world: World, buyer: Buyer, segment: Segment) -> None:
    reason = f"is {segment} now"
    with world.db.session() as session:
        change_segment(session, buyer.customer_id, segment=segment, reason=reason, actor=STAFF, now=utc_now())


def _telling_words(world: World, buyer: Buyer) -> list[str]:
    """Words in this person's mails that would tell a reason."""
    telling = re.compile(
        r"segment|main brand|refus|block|admi(t|ss)|rating|customer group|suspend", re.IGNORECASE
    )
    texts = [
        f"{one['subject']}\n{one['text']}"
        for one in world.mailbox.messages(to=buyer.email)
        if "released" in one["subject"].lower() or "charged" in one["text"].lower()
    ]
    return [found.group() for one in texts for found in telling.finditer(one)]


def _what_staff_see(world: World, buyer: Buyer, order: Order) -> tuple[str, bool, str]:
    """The release in the audit log with its mark for the inbox, and the counted attempt."""
    with world.db.read_session() as session:
        entry = session.exec(
            select(AuditEntry).where(
                col(AuditEntry.action) == "payment.released", col(AuditEntry.object_id) == order.id
            )
        ).one()
        attempt = session.exec(
            # Requests that the gate refuses are counted under their own paths.
            select(BlockedAttempt).where(
                col(BlockedAttempt.customer_id) == buyer.customer_id,
                col(BlockedAttempt.place).not_like("/%"),
            )
        ).one()
    return entry.reason, bool((entry.new or {})["needs_staff"]), attempt.place
