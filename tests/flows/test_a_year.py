"""A company lives through a year; its books are right after each Tuesday and each day on which something happened."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from app import worker
from app.care.rules.answering import Rejection
from app.care.rules.complaints import ComplaintOutcome, ComplaintReason
from app.care.rules.effort import EffortCause
from app.fulfilment.models import Shipment
from app.handlers.registry import ROOMS
from app.jobs.models import Job, JobState
from app.mail.models import Mail, MailState
from app.ordering.models import Charge, Order, StandingOrderRun, TermsVersion
from app.ordering.rules.pricing import ChargeKind
from app.ordering.rules.rhythm import RhythmChoice
from app.ordering.rules.states import CancelReason, OrderKind, OrderState
from app.payments.models import Payment, Refund
from app.payments.rules.facts import IntentStatus
from app.payments.rules.states import PaymentState, RefundState
from app.shop import Shop
from tests.conftest import Clock
from tests.flows.company_year import CompanyYear, open_company

FIRST_DAY = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
DAYS = 365


class Story:
    """What happens on which Tuesday of the year (days count from 0, a Monday); runs leave on Tuesdays."""

    def __init__(self, year: CompanyYear) -> None:
        self.year = year
        self.chance = random.Random(2026)
        self.last: dict[str, str] = {}
        self.answered: list[int | None] = []
        self.forgotten = ""

    def live(self, day: int) -> None:
        """One day: what comes regularly, what happens once, and what leaves the warehouse."""
        if day % 42 == 1:
            self.last["rational"] = self.year.buy("rational", {"filters": self.chance.randint(10, 14)})
        if day % 42 == 8:
            self.last["small"] = self.year.buy("small", {"paste": self.chance.randint(1, 3)})
        if day % 42 == 29:
            self.last["small"] = self.year.buy("small", {"set": self.chance.randint(2, 4)})
        if day % 35 == 15 and day < 330:
            self.last["complainer"] = self.year.buy("complainer", {"filters": 2})
        run = self.year.asked_run()
        if run is not None and run.id not in self.answered:
            self.answer(run)
        act: Callable[[], None] | None = getattr(self, f"on_{day}", None)
        if act is not None:
            act()
        left = self.year.dispatch(forgetting=self.forgotten)
        if self.forgotten and self.year.order(self.forgotten).dispatch_on == self.year.today:
            assert self.forgotten not in left
            assert self.year.close_run() == (self.forgotten,)
            self.forgotten = ""

    def answer(self, run: StandingOrderRun) -> None:
        """The second question is skipped, the third left to expire, all others are confirmed."""
        self.answered.append(run.id)
        if len(self.answered) == 2:
            self.year.skip("standing", run)
        elif len(self.answered) != 3:
            self.year.confirm("standing", run)

    def on_1(self) -> None:
        self.year.change_policy(standing_ask_days=9)
        first = self.year.today + timedelta(days=30)
        self.year.open_standing_order("standing", {"filters": 4}, every_days=42, run_on=first)

    def on_8(self) -> None:
        self.year.buy("small", {"set": 2}, choice=RhythmChoice.JOINED)

    def on_29(self) -> None:
        complaint = self.year.complain("complainer", self.last["complainer"], ComplaintReason.DAMAGED)
        self.year.answer(complaint, ComplaintOutcome.REJECTED, EffortCause.THEIRS, Rejection.NOT_OURS)
        self.year.phone(self.last["complainer"], 60)

    def on_36(self) -> None:
        self.year.buy("small", {"set": 2}, choice=RhythmChoice.INTERIM)

    def on_57(self) -> None:
        complaint = self.year.complain("rational", self.last["rational"], ComplaintReason.DAMAGED)
        self.year.answer(complaint, ComplaintOutcome.REFUND_LINES, EffortCause.OURS)

    def on_64(self) -> None:
        complaint = self.year.complain("small", self.last["small"], ComplaintReason.MISSING)
        self.year.answer(complaint, ComplaintOutcome.REPLACEMENT, EffortCause.OURS)
        self.year.phone(self.last["complainer"], 60)

    def on_99(self) -> None:
        self.year.order_service("rational", "phone-help", quantity=2)

    def on_106(self) -> None:
        self.year.buy("rational", {"set": 2}, card="declined")

    def on_127(self) -> None:
        self.forgotten = self.last["rational"]

    def on_148(self) -> None:
        self.year.reprice("filters", price_cents=4_700)

    def on_183(self) -> None:
        self.year.change_policy(minimum_order_value_cents=8_000, low_quantity_surcharge_cents=1_290)

    def on_190(self) -> None:
        self.year.buy("rational", {"set": 2}, card="none")

    def on_204(self) -> None:
        self.year.publish_terms("2026-07")

    def on_211(self) -> None:
        self.year.close_warehouse(date(2026, 8, 10), date(2026, 8, 14))

    def on_344(self) -> None:
        self.year.buy("complainer", {"filters": 2}, card="too late")


@pytest.fixture
def year(session: Session, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> CompanyYear:
    clock = Clock(FIRST_DAY)
    for module in (worker, *ROOMS):
        if hasattr(module, "utc_now"):
            monkeypatch.setattr(module, "utc_now", clock)
    return open_company(session, shop, clock, ("rational", "small", "complainer", "standing"))


def test_a_company_lives_through_a_year_and_its_books_are_right_after_each_day_with_news(
    year: CompanyYear,
) -> None:
    story = Story(year)

    for day in range(DAYS):
        year.clock.now = FIRST_DAY + timedelta(days=day, hours=story.chance.randint(0, 8))
        if day % 7 == 1:
            story.live(day)
        if year.has_news or day % 7 == 1:
            year.night(is_thorough=day % 56 == 50)

    assert year.nights >= 52
    assert_every_order_came_to_its_end(year)
    assert_the_money_is_the_same_in_all_books(year)
    assert_each_charge_was_asked_for_its_reason(year)
    assert_every_promise_was_kept_or_told(year)
    assert year.steps("complainer") == [
        ("normal", "warned"), ("warned", "fee"), ("fee", "warned"), ("warned", "normal"),
    ]  # fmt: skip
    assert [year.steps(name) for name in ("rational", "small", "standing")] == [[], [], []]


def assert_every_order_came_to_its_end(year: CompanyYear) -> None:
    with year.shop.db.read_session() as session:
        orders = session.exec(select(Order)).all()
        runs = Counter(run.state.value for run in session.exec(select(StandingOrderRun)))
        mails = Counter(mail.kind for mail in session.exec(select(Mail)))
        unsent = session.exec(select(Mail).where(col(Mail.state) != MailState.SENT)).all()
        undone = session.exec(select(Job).where(col(Job.state) == JobState.DEAD)).all()
        newest = session.exec(select(TermsVersion.id).order_by(col(TermsVersion.id).desc())).first()
    states = Counter((order.kind, order.state) for order in orders)
    assert states == {
        (OrderKind.GOODS, OrderState.DISPATCHED): 44,
        (OrderKind.GOODS, OrderState.CANCELLED): 2,
        (OrderKind.REPLACEMENT, OrderState.DISPATCHED): 1,
        (OrderKind.SERVICE, OrderState.ACCEPTED): 1,
    }
    assert {order.cancel_reason for order in orders} == {None, CancelReason.UNPAID, CancelReason.NOT_ADMITTED}
    assert Counter(order.rhythm for order in orders)[RhythmChoice.JOINED] == 1
    assert runs == {"confirmed": 6, "skipped": 1, "expired": 1, "asked": 1}
    assert (unsent, undone) == ([], [])
    assert (mails["order_received"], mails["order_accepted"], mails["order_dispatched"]) == (47, 45, 45)
    bought = [order for order in orders if order.kind is not OrderKind.REPLACEMENT]
    changed_at = FIRST_DAY + timedelta(days=205)
    assert all((order.terms_version_id == newest) == (order.placed_at > changed_at) for order in bought)


def assert_the_money_is_the_same_in_all_books(year: CompanyYear) -> None:
    with year.shop.db.read_session() as session:
        orders = session.exec(select(Order)).all()
        captured = session.exec(select(Payment).where(col(Payment.state) == PaymentState.CAPTURED)).all()
        refunds = session.exec(select(Refund)).all()
    ours = sum(order.gross_cents for order in orders if order.accepted_at is not None)
    taken = [one.intent for one in year.stripe.sessions.values() if one.intent]
    theirs = sum(intent.amount_cents for intent in taken if intent.status is IntentStatus.CAPTURED)
    assert ours == sum(payment.amount_cents for payment in captured) == theirs > 0
    assert [refund.state for refund in refunds] == [RefundState.DONE]
    assert (
        sum(refund.amount_cents for refund in refunds)
        == sum(one.amount_cents for one in year.stripe.refunds.values())
        > 0
    )


def assert_each_charge_was_asked_for_its_reason(year: CompanyYear) -> None:
    with year.shop.db.read_session() as session:
        charges = session.exec(select(Charge, Order).join(Order, col(Order.id) == col(Charge.order_id))).all()
    by_kind: dict[str, list[int]] = {}
    for charge, order in charges:
        by_kind.setdefault(charge.kind.value, []).append(charge.net_cents)
        if charge.kind is ChargeKind.LOW_QUANTITY:
            is_new = order.placed_at > FIRST_DAY + timedelta(days=183)
            assert order.goods_net_cents < (8_000 if is_new else 5_000)
            assert charge.net_cents == (1_290 if is_new else 990)
    assert {kind: len(amounts) for kind, amounts in by_kind.items()} == {
        "low_quantity": 11, "low_line": 9, "effort_fee": 2, "interim_order": 1, "special_service": 1,
    }  # fmt: skip
    assert (by_kind["effort_fee"], by_kind["interim_order"]) == ([990, 990], [690])


def assert_every_promise_was_kept_or_told(year: CompanyYear) -> None:
    """What left later than its run is what the customer was told of before; nothing left earlier."""
    with year.shop.db.read_session() as session:
        left = session.exec(
            select(Order, Shipment).join(Shipment, col(Shipment.order_id) == col(Order.id))
        ).all()
    late = [order for order, shipment in left if shipment.run_on > order.dispatch_on]
    assert all(order.expected_on is not None for order in late)
    assert len(late) == 2
    assert all(shipment.run_on >= order.dispatch_on for order, shipment in left)
    assert all(order.promised_on >= order.dispatch_on + timedelta(days=2) for order, _ in left)
