"""Our books are compared with the stand-in's, page by page: what differs is told, mended and closed."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import stripe
from sqlmodel import Session, col, select

from app.audit.models import ActorKind, AuditEntry
from app.audit.service import Actor
from app.core.clock import utc_now
from app.core.db import Database
from app.core.errors import NotFound, Refused
from app.core.transaction import transaction
from app.flows.reconcile import (
    Outcome,
    mend_all,
    mend_difference,
    put_nightly_reconciliation,
    reconcile,
)
from app.handlers.registry import HANDLERS
from app.jobs.models import Job
from app.ordering.rules.states import OrderState
from app.ordering.service_freeze import freeze_sales
from app.payments import stripe_books
from app.payments.models import BookDifference, MoneyEvent, Payment, Reconciliation, StripeEvent
from app.payments.queries_books import open_differences
from app.payments.rules.books import Difference, Mend
from app.payments.rules.ledger import MoneyKind
from app.payments.rules.states import PaymentState
from app.payments.stripe_gateway import StripeGateway, StripeUnavailable
from app.shop import Shop
from app.worker import run_next
from dev.stripe_standin.server import API_KEY, DEFAULT_SECRET, StandinProcess
from tests.flows.till import Till, open_till

STAFF = Actor(ActorKind.STAFF, "Ole Brandt", 1)
SOON = timedelta(minutes=1)


@pytest.fixture(scope="module")
def standin() -> Iterator[StandinProcess]:
    with StandinProcess() as process:
        yield process


@pytest.fixture
def till(session: Session, database: Database, standin: StandinProcess) -> Till:
    standin.reset()
    opened = open_till(session, database, now=utc_now())
    opened.stripe = StripeGateway(  # type: ignore[assignment]
        api_key=API_KEY, webhook_secret=DEFAULT_SECRET, api_base=standin.url, answer_seconds=4.0
    )
    return opened


@pytest.fixture
def client(standin: StandinProcess) -> stripe.StripeClient:
    """Somebody at work in Stripe's dashboard."""
    return stripe.StripeClient(API_KEY, base_addresses={"api": standin.url}, max_network_retries=0)


def paid(till: Till, standin: StandinProcess) -> str:
    """An order whose card page was paid and that is not settled; the intent's id."""
    placed = till.place()
    till.start(placed.number)
    standin.pay(till.payments()[-1].session_id or "")
    return str(standin.books()["intents"][-1]["id"])


def run(till: Till, **values: Any) -> Outcome:
    """A comparison of all until this very moment."""
    now = utc_now()
    with till.database.session() as session:
        arguments: dict[str, Any] = {"by": "Ole Brandt", "now": now, "until": now + SOON}
        return reconcile(session, till.stripe, **{**arguments, **values})  # type: ignore[arg-type]


def kinds(found: Outcome) -> list[Difference]:
    return [one.kind for one in found.found]


def waiting(till: Till, kind: str) -> list[dict[str, Any]]:
    with till.database.read_session() as session:
        rows = session.exec(select(Job).where(col(Job.kind) == kind, col(Job.key).startswith("mend:")))
        return [job.args for job in rows]


def test_books_that_are_equal_have_no_difference_and_the_fee_is_noted_once(
    session: Session, standin: StandinProcess, till: Till
) -> None:
    paid(till, standin)
    till.settle(payment_id=till.payments()[0].id)

    assert (kinds(run(till)), kinds(run(till))) == ([], [])

    fees = session.exec(select(MoneyEvent).where(col(MoneyEvent.kind) == MoneyKind.FEE)).all()
    # 1.5 % of 110.65 and 25 cents.
    assert [(fee.amount_cents, fee.order_id) for fee in fees] == [(190, till.payments()[0].order_id)]
    runs = session.exec(select(Reconciliation).order_by(col(Reconciliation.id))).all()
    assert [(one.object_count, one.finding_count, one.fee_count) for one in runs] == [(3, 0, 1), (3, 0, 0)]


def test_a_payment_that_nobody_settled_is_found_mended_by_settling_and_closed_by_the_next_run(
    session: Session, standin: StandinProcess, till: Till
) -> None:
    intent_id = paid(till, standin)

    assert kinds(run(till)) == [Difference.LEFT_OPEN]
    (row,) = open_differences(session)
    assert (row.object_id, row.theirs_cents, row.mend) == (intent_id, 11_065, Mend.SETTLE)
    session.rollback()
    mend_difference(session, row.id or 0, actor=STAFF, now=utc_now())
    (args,) = waiting(till, "settle_payment")
    till.settle(**args)

    assert kinds(run(till)) == []
    assert open_differences(session) == []
    assert [payment.state for payment in till.payments()] == [PaymentState.CAPTURED]
    entry = session.exec(select(AuditEntry).where(col(AuditEntry.action) == "books.mending_asked")).one()
    assert entry.actor_name == "Ole Brandt"


def test_a_comparison_changes_no_payment(standin: StandinProcess, till: Till) -> None:
    paid(till, standin)
    before = [(payment.state, payment.changed_at) for payment in till.payments()]

    run(till)

    assert [(payment.state, payment.changed_at) for payment in till.payments()] == before
    assert standin.books()["totals"]["captured"] == 0


def test_money_taken_in_the_dashboard_is_found_and_the_order_accepted(
    standin: StandinProcess, till: Till, client: stripe.StripeClient
) -> None:
    client.v1.payment_intents.capture(paid(till, standin))

    assert kinds(run(till)) == [Difference.CAPTURED_THERE]
    with till.database.session() as session:
        assert mend_all(session, actor=STAFF, now=utc_now()) == 1
    till.settle(**waiting(till, "settle_payment")[0])

    assert kinds(run(till)) == []
    (payment,) = till.payments()
    with till.database.read_session() as session:
        assert session.get_one(Payment, payment.id).state is PaymentState.CAPTURED


def test_a_payment_of_ours_that_stripe_does_not_know_is_found(
    session: Session, standin: StandinProcess, till: Till
) -> None:
    paid(till, standin)
    till.settle(payment_id=till.payments()[0].id)
    with transaction(session):
        session.exec(select(Payment)).one().intent_id = "pi_of_nobody"

    found = run(till)

    # The money is there under our mark; what our row names is nowhere.
    assert kinds(found) == [Difference.NOT_CAPTURED_THERE]
    assert (found.found[0].object_id, found.found[0].ours_cents) == ("pi_of_nobody", 11_065)


def test_a_payment_just_outside_of_the_lists_is_read_by_itself(
    session: Session, standin: StandinProcess, till: Till
) -> None:
    paid(till, standin)
    till.settle(payment_id=till.payments()[0].id)
    made_at = till.payments()[0].created_at

    found = run(till, since=made_at - SOON, until=made_at)

    assert kinds(found) == []


def test_refunds_and_disputes_of_the_dashboard_are_found_followed_and_closed(
    session: Session, standin: StandinProcess, till: Till, client: stripe.StripeClient, shop: Shop
) -> None:
    shop.stripe = till.stripe  # type: ignore[assignment]
    intent_id = paid(till, standin)
    till.settle(payment_id=till.payments()[0].id)
    refund = client.v1.refunds.create({"payment_intent": intent_id, "amount": 500})
    dispute = standin.dispute(intent_id)

    found = {one.kind: (one.object_id, one.mend) for one in run(till).found}

    assert found == {
        Difference.REFUND_UNKNOWN: (refund.id, Mend.FOLLOW_REFUND),
        Difference.DISPUTE_UNKNOWN: (dispute["id"], Mend.FOLLOW_DISPUTE),
    }
    with till.database.session() as writing:
        assert mend_all(writing, actor=STAFF, now=utc_now()) == 2
    while run_next(shop, kinds=("look_at_refund", "follow_dispute")):
        pass
    assert kinds(run(till)) == []
    assert open_differences(session) == []


def test_a_dispute_that_was_lost_unseen_is_found_and_followed(
    standin: StandinProcess, till: Till, shop: Shop
) -> None:
    shop.stripe = till.stripe  # type: ignore[assignment]
    intent_id = paid(till, standin)
    till.settle(payment_id=till.payments()[0].id)
    dispute = standin.dispute(intent_id)
    run(till)
    with till.database.session() as writing:
        mend_all(writing, actor=STAFF, now=utc_now())
    while run_next(shop, kinds=("follow_dispute",)):
        pass
    standin.close_dispute(dispute["id"], is_won=False)

    found = {one.kind: (one.object_id, one.mend) for one in run(till).found}

    assert found == {Difference.DISPUTE_DIFFERS: (dispute["id"], Mend.FOLLOW_DISPUTE)}
    with till.database.session() as writing:
        mend_all(writing, actor=STAFF, now=utc_now())
    while run_next(shop, kinds=("follow_dispute",)):
        pass
    assert kinds(run(till)) == []


def test_lists_longer_than_a_page_are_read_to_their_end(
    monkeypatch: pytest.MonkeyPatch, standin: StandinProcess, till: Till, client: stripe.StripeClient
) -> None:
    monkeypatch.setattr(stripe_books, "PAGE_LENGTH", 2)
    payer = client.v1.customers.create({"email": "kim@demo.example"}).id
    for _ in range(5):
        client.v1.payment_intents.create(
            {
                "amount": 700,
                "currency": "eur",
                "customer": payer,
                "payment_method": "pm_card_visa",
                "allowed_payment_method_types": ["card"],
                "confirm": True,
                "off_session": True,
            }
        )

    found = run(till)

    assert kinds(found) == [Difference.WITHOUT_MARK] * 5
    assert len({one.object_id for one in found.found}) == 5


def test_a_span_that_does_not_reach_a_difference_leaves_it_open(
    session: Session, standin: StandinProcess, till: Till
) -> None:
    paid(till, standin)
    run(till)

    now = utc_now()
    run(till, since=now - timedelta(days=3), until=now - timedelta(days=2))

    assert [row.kind for row in open_differences(session)] == [Difference.LEFT_OPEN]


def test_a_difference_that_comes_back_is_open_again_in_its_own_row(
    session: Session, standin: StandinProcess, till: Till
) -> None:
    paid(till, standin)
    run(till)
    with transaction(session):
        row = session.exec(select(BookDifference)).one()
        row.resolved_at, row.asked_at, row.asked_by = utc_now(), utc_now(), "Ole Brandt"

    run(till)

    session.expire_all()
    rows = session.exec(select(BookDifference)).all()
    assert [(one.resolved_at, one.asked_at, one.asked_by) for one in rows] == [(None, None, "")]


def test_without_an_answer_of_stripe_nothing_is_written_or_closed(
    session: Session, standin: StandinProcess, till: Till
) -> None:
    paid(till, standin)
    run(till)
    standin.fail_next("GET /v1/refunds*", "500")

    with pytest.raises(StripeUnavailable):
        run(till)

    assert len(session.exec(select(Reconciliation)).all()) == 1
    assert [row.kind for row in open_differences(session)] == [Difference.LEFT_OPEN]


def test_what_only_a_person_can_mend_or_is_mended_is_not_asked_for(
    session: Session, standin: StandinProcess, till: Till
) -> None:
    paid(till, standin)
    run(till)
    with transaction(session):
        session.exec(select(BookDifference)).one().mend = Mend.NONE
    row_id = session.exec(select(BookDifference.id)).one() or 0
    session.rollback()

    with pytest.raises(Refused):
        mend_difference(session, row_id, actor=STAFF, now=utc_now())
    with pytest.raises(NotFound):
        mend_difference(session, 4711, actor=STAFF, now=utc_now())

    assert waiting(till, "settle_payment") == []


def test_one_comparison_is_put_for_each_night_once_its_hour_has_come(session: Session, now: datetime) -> None:
    evening = now.replace(hour=2)
    night = now.replace(hour=3)

    assert not put_nightly_reconciliation(session, local=evening, now=evening)
    assert put_nightly_reconciliation(session, local=night, now=night)
    assert put_nightly_reconciliation(session, local=night + SOON, now=night + SOON)

    jobs = session.exec(select(Job).where(col(Job.kind) == "reconcile")).all()
    assert [job.args for job in jobs] == [{"is_nightly": True}]
    assert "reconcile" in HANDLERS


def test_nothing_is_sold_from_a_restored_database_until_its_books_were_compared(
    session: Session, standin: StandinProcess, till: Till
) -> None:
    with transaction(session):
        freeze_sales(session, backup_made_at=utc_now() - timedelta(days=60), now=utc_now())
    with pytest.raises(Refused) as refused:
        till.place()
    assert refused.value.code == "order.sales_frozen"
    assert till.mails() == []

    # A span that begins after the backup has not seen what was paid since.
    assert not run(till, since=utc_now() - timedelta(days=2)).has_opened_sales
    with pytest.raises(Refused):
        till.place()
    assert run(till).has_opened_sales

    assert till.order(till.place().number).state is OrderState.RECEIVED


def test_an_order_of_before_gets_no_new_card_page_while_sales_are_frozen(
    session: Session, standin: StandinProcess, till: Till
) -> None:
    placed = till.place()
    with transaction(session):
        freeze_sales(session, backup_made_at=utc_now(), now=utc_now())

    with pytest.raises(Refused) as refused:
        till.start(placed.number)

    assert refused.value.code == "order.sales_frozen"
    assert till.payments() == []
    assert session.exec(select(StripeEvent)).all() == []
