"""A company loses its admission at each of the ten points of a checkout, just before and just after its commit."""

import itertools
import random
import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import update
from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import BlockedAttempt, Customer
from app.customers.rules.admission import Admission
from app.flows.change_segment import change_segment
from app.flows.change_standing import suspend
from app.insights.invariants import check_invariants
from app.mail.models import Mail
from app.mail.rendering import render
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Order
from app.ordering.rules.states import CancelReason, OrderState
from app.payments.rules.facts import IntentStatus
from app.shop import Shop
from app.worker import run_until_idle
from tests import make
from tests.flows.till import Till, open_till
from tests.races import Act, Gap, around_call, around_transaction
from tests.web.conftest import Browser
from tests.web.storefront.test_checkout import filled

STAFF = Actor(ActorKind.STAFF, "Ole Brandt", 1)
TELLING = re.compile(
    r"segment|main brand|refus|block|admi(t|ss)|rating|customer group|suspend|same card", re.IGNORECASE
)


@dataclass
class Buyer:
    """A person with a browser, the shop in this process, and the card service that is watched."""

    shop: Shop
    till: Till
    browser: Browser
    statuses: list[int] = field(default_factory=list)

    def buy(self, *, at_authorisation: tuple[Act | None, Act | None] = (None, None)) -> None:
        """Goes through the whole checkout as far as the shop lets it; a refusal is met and noted."""
        self._add()
        form = self._form()
        if form is None:
            return
        answer = self._ask("POST", "/checkout", form)
        number = next((order.number for order in self.orders()), None)
        if number is None:
            return
        if "cs_" not in answer.headers.get("location", ""):
            return
        session_id = answer.headers["location"].rsplit("/", 1)[-1]
        self.till.stripe.decline(session_id)
        self._told("payment_intent.payment_failed", self._intent(session_id))
        before, after = at_authorisation
        if before:
            before()
        self.till.stripe.pay(session_id)
        if after:
            after()
        self._told("checkout.session.completed", session_id)

    def orders(self) -> list[Order]:
        with self.shop.db.read_session() as session:
            return list(session.exec(select(Order)))

    def turn(self, *, is_open: bool) -> None:
        """Staff change the segment, in a transaction of their own."""
        with self.shop.db.session() as session:
            segment = Segment.C if is_open else Segment.A
            reason = f"looked at it {random.random()}"
            change_segment(
                session,
                self.till.customer.id or 0,
                segment=segment,
                reason=reason,
                actor=STAFF,
                now=utc_now(),
            )

    def _add(self) -> None:
        with self.shop.db.read_session() as session:
            bundle_id = session.exec(select(make.Bundle.id)).first()
        self._ask("POST", "/cart/lines", {"bundle_id": str(bundle_id), "quantity": "1", "csrf": self._csrf()})

    def _form(self) -> dict[str, str] | None:
        page = self.browser.get("/checkout")
        self.statuses.append(page.status_code)
        return filled(self.browser) if page.status_code == 200 and self._is_let_in() else None

    def _is_let_in(self) -> bool:
        return self.browser.get("/checkout").status_code == 200

    def _csrf(self) -> str:
        return self.browser.csrf("/imprint")

    def _told(self, kind: str, object_id: str) -> None:
        """The card service tells, and the worker does what follows."""
        body = f"evt_{kind}_{object_id} {kind} {object_id}".encode()
        self.browser.post("/hooks/stripe", content=body, headers={"stripe-signature": "genuine"})
        run_until_idle(self.shop)

    def _intent(self, session_id: str) -> str:
        intent = self.till.stripe.sessions[session_id].intent
        assert intent is not None
        return intent.id

    def _ask(self, method: str, path: str, values: dict[str, str]) -> Any:
        answer = self.browser.request(method, path, data=values)
        self.statuses.append(answer.status_code)
        return answer


@pytest.fixture
def buyer(session: Session, shop: Shop, browser: Callable[..., Browser]) -> Buyer:
    till = open_till(session, shop.db, now=utc_now())
    shop.stripe = till.stripe  # type: ignore[assignment]
    return Buyer(shop, till, browser(till.contact))


Place = Callable[[pytest.MonkeyPatch, dict[str, Act]], Gap]


def _transaction(module: str, number: int = 1) -> Place:
    return lambda patch, act: around_transaction(patch, module, number=number, **act)


def _call(module: str, name: str) -> Place:
    return lambda patch, act: around_call(patch, module, name, **act)


SETTLE = "app.flows.settle_payment"
POINTS: dict[str, tuple[Place | None, bool]] = {
    "1 cart": (_transaction("app.flows.fill_cart"), False),
    "2 checkout page": (_call("app.web.storefront.checkout", "read_checkout"), False),
    "3 order placed": (_transaction("app.flows.place_order"), False),
    "4 payment started": (_transaction("app.flows.start_payment"), False),
    "5 card declined on the card page": (_transaction(SETTLE, 1), False),
    "6 card authorised": (None, False),
    "7 webhook": (_transaction("app.flows.receive_stripe_event", 2), False),
    # Of the settling transactions the first two belong to the declined card: its note, and its event's.
    "8 decision": (_transaction(SETTLE, 3), True),
    "9 capture call": (_call(SETTLE, "_capture"), True),
    "10 order accepted": (_transaction(SETTLE, 4), True),
}
"""Each point with the gap around it, and whether a flip after its commit comes too late to stop the charge."""
ALWAYS_CHARGED = {"9 capture call", "10 order accepted"}


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("point", POINTS)
def test_a_company_that_loses_its_admission_at_any_point_is_charged_only_if_that_was_decided_before(
    buyer: Buyer, session: Session, monkeypatch: pytest.MonkeyPatch, point: str, when: str
) -> None:
    place, is_too_late_after = POINTS[point]
    cart_before = buyer.till.cart()
    with monkeypatch.context() as patch:
        if place is None:
            flip = Gap(acts=[lambda: buyer.turn(is_open=False)])
            acts = (flip.reached, None) if when == "before" else (None, flip.reached)
            buyer.buy(at_authorisation=acts)
        else:
            flip = place(patch, {when: lambda: buyer.turn(is_open=False)})
            buyer.buy()
    run_until_idle(buyer.shop)

    assert flip.count >= 1, "the checkout never came to this point"
    assert flip.acts == []
    is_charged = point in ALWAYS_CHARGED or (is_too_late_after and when == "after")
    if is_charged:
        _assert_charged_once(buyer)
    else:
        _assert_never_charged(buyer, session, cart_before)
    assert buyer.browser.get("/cart").status_code == 403
    _assert_no_telling_word(buyer)
    with buyer.shop.db.read_session() as reading:
        assert check_invariants(reading, now=utc_now()) == []


def _assert_charged_once(buyer: Buyer) -> None:
    assert [order.state for order in buyer.orders()] == [OrderState.ACCEPTED]
    assert list(buyer.till.stripe.books().values()) == [IntentStatus.CAPTURED]
    assert buyer.till.stripe.calls.count("capture") == 1
    assert buyer.till.mails() == ["order_received", "payment_failed", "order_accepted"]
    assert buyer.till.cart() == {}


def _assert_never_charged(buyer: Buyer, session: Session, cart_before: dict[int, int]) -> None:
    books = buyer.till.stripe.books()
    orders = buyer.orders()
    assert "capture" not in buyer.till.stripe.calls
    assert set(books.values()) <= {IntentStatus.CANCELED}
    # What was in the cart before is there; the one bundle that was added may be, too.
    added = {bundle: count - cart_before[bundle] for bundle, count in buyer.till.cart().items()}
    assert set(added) == set(cart_before)
    assert sorted(added.values()) in ([0, 0], [0, 1])
    entries = session.exec(select(AuditEntry).where(col(AuditEntry.action) == "payment.released")).all()
    # Requests that the gate refused on the way are counted under their own paths.
    attempts = [place for place in session.exec(select(BlockedAttempt.place)) if not place.startswith("/")]
    if books:
        assert [(one.state, one.cancel_reason) for one in orders] == [
            (OrderState.CANCELLED, CancelReason.NOT_ADMITTED)
        ]
        assert buyer.till.mails() == ["order_received", "payment_failed", "authorisation_released"]
        assert [(one.reason, (one.new or {})["needs_staff"]) for one in entries] == [("not_admitted", True)]
        assert attempts == ["payment"]
    else:
        # The customer never came to a card page: at most an order that ends unpaid by itself.
        assert [one.state for one in orders] in ([], [OrderState.RECEIVED])
        assert buyer.till.mails() == ["order_received"][: len(orders)]
        assert (list(entries), attempts) == ([], [])
        assert buyer.till.stripe.sessions == {}


def _assert_no_telling_word(buyer: Buyer) -> None:
    with buyer.shop.db.read_session() as session:
        mails = session.exec(select(Mail)).all()
    texts = [
        render(mail, buyer.shop.environments[mail.language], settings=buyer.shop.settings) for mail in mails
    ]
    # The footer is the seller's, on every mail alike.
    found = [TELLING.findall(f"{text.subject}\n{text.body.partition('-- ')[0]}") for text in texts]
    assert found == [[] for _ in texts]


def test_a_page_that_was_opened_before_and_a_suspension_are_no_way_round(
    buyer: Buyer, session: Session
) -> None:
    form = filled(buyer.browser)
    with buyer.shop.db.session() as other:
        suspend(other, buyer.till.customer.id or 0, reason="effort", actor=STAFF, now=utc_now())

    answer = buyer.browser.post("/checkout", data=form)

    assert answer.status_code == 403
    assert buyer.orders() == []


FLAPPING = ("authorised", "webhook", "decision", "capture")


@pytest.mark.parametrize("turns", list(itertools.product([True, False], repeat=len(FLAPPING))))
def test_of_a_segment_that_flaps_the_one_at_the_decision_decides(
    buyer: Buyer, monkeypatch: pytest.MonkeyPatch, turns: tuple[bool, ...]
) -> None:
    acts: dict[str, Act] = {
        name: lambda is_open=is_open: buyer.turn(is_open=is_open)  # type: ignore[misc]
        for name, is_open in zip(FLAPPING, turns, strict=True)
    }
    with monkeypatch.context() as patch:
        around_transaction(patch, "app.flows.receive_stripe_event", before=acts["webhook"], number=2)
        around_transaction(patch, SETTLE, before=acts["decision"], number=3)
        if turns[FLAPPING.index("decision")]:
            around_call(patch, SETTLE, "_capture", before=acts["capture"])
        buyer.buy(at_authorisation=(acts["authorised"], None))
    run_until_idle(buyer.shop)

    is_charged = turns[FLAPPING.index("decision")]
    wanted = IntentStatus.CAPTURED if is_charged else IntentStatus.CANCELED
    assert list(buyer.till.stripe.books().values()) == [wanted]
    state = OrderState.ACCEPTED if is_charged else OrderState.CANCELLED
    assert [order.state for order in buyer.orders()] == [state]
    with buyer.shop.db.read_session() as reading:
        assert check_invariants(reading, now=utc_now()) == []


def test_accounts_that_are_rated_anew_in_bulk_while_their_companies_pay_are_charged_only_while_c(
    session: Session, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    tills = _tills(session, shop, count=12)
    sessions = [till.placed_and_open()[1] for till in tills]
    for till, session_id in zip(tills, sessions, strict=True):
        till.stripe.pay(session_id, card_fingerprint=f"fp-{till.customer.number}")
    decisions: dict[int, list[str]] = {}
    is_over = threading.Event()

    def rate_on() -> None:
        segment = Segment.B
        while not is_over.is_set():
            with shop.db.session() as other, transaction(other):
                other.execute(update(MainAccount).values(segment=segment))
            segment = Segment.C if segment is Segment.B else Segment.B
            is_over.wait(0.01)

    _watch_decisions(monkeypatch, decisions)
    rater = threading.Thread(target=rate_on)
    rater.start()
    with ThreadPoolExecutor(len(tills)) as pool:
        list(pool.map(lambda pair: _settle_late(*pair), zip(tills, sessions, range(len(tills)), strict=True)))
    is_over.set()
    rater.join(60)

    books = {
        facts.order_number: facts.status
        for till in tills
        for one in till.stripe.sessions.values()
        if (facts := one.intent)
    }
    assert len(books) == len(decisions) == len(tills)
    for till in tills:
        order = next(one for one in _orders(shop) if one.customer_id == till.customer.id)
        rated = decisions[till.customer.id or 0]
        # Read twice in the deciding transaction: no rating came in between.
        assert len(rated) == 2
        assert rated[0] == rated[1]
        wanted = IntentStatus.CAPTURED if rated[0] == "C" else IntentStatus.CANCELED
        assert books[order.number] is wanted
        ends = {IntentStatus.CAPTURED: OrderState.ACCEPTED, IntentStatus.CANCELED: OrderState.CANCELLED}
        assert order.state is ends[books[order.number]]
    with shop.db.read_session() as reading:
        assert check_invariants(reading, now=utc_now()) == []


def _tills(session: Session, shop: Shop, *, count: int) -> list[Till]:
    """Companies that are C through a main account each, with goods in their carts and one card service."""
    first = open_till(session, shop.db, now=utc_now())
    shop.stripe = first.stripe  # type: ignore[assignment]
    found = [first]
    with transaction(session):
        bundle = make.bundle(session)
        for _ in range(count - 1):
            company = make.customer(session)
            person = make.contact(session, of=company)
            make.cart_line(session, of=company, bundle=bundle, quantity=4)
            session.flush()
            found.append(Till(shop.db, first.now, company, person, first.stripe))
        for till in found:
            account = make.main_account(session, segment=Segment.C)
            session.get_one(Customer, till.customer.id).main_account_id = account.id
        session.flush()
        session.expunge_all()
    return found


def _settle_late(till: Till, session_id: str, number: int) -> None:
    time.sleep(number * 0.012)
    till.settle(session_id=session_id)


def _watch_decisions(monkeypatch: pytest.MonkeyPatch, decisions: dict[int, list[str]]) -> None:
    """Notes each company's rating as the deciding transaction sees it, when the gate was asked and at its end."""
    import app.flows.settle_payment as flow

    asked = flow.admission_now

    def rated(opened: Session, customer_id: int) -> str:
        query = select(MainAccount.segment).join(
            Customer, col(Customer.main_account_id) == col(MainAccount.id)
        )
        return str(opened.exec(query.where(col(Customer.id) == customer_id)).one())

    def admission_now(opened: Session, customer_id: int, *, contact_id: int) -> Admission:
        answer = asked(opened, customer_id, contact_id=contact_id)
        first = rated(opened, customer_id)
        # On PostgreSQL somebody who wanted to write has the time to: the lock makes them wait.
        time.sleep(0.02)
        decisions[customer_id] = [first, rated(opened, customer_id)]
        return answer

    monkeypatch.setattr(flow, "admission_now", admission_now)


def _orders(shop: Shop) -> list[Order]:
    with shop.db.read_session() as session:
        return list(session.exec(select(Order)))
