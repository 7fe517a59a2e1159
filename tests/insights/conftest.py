"""A shop in which everything is as it must be, and a hand that breaks one thing at a time."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Connection, text
from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import SYSTEM, Actor, record
from app.catalogue.models import Block
from app.catalogue.rules.kinds import BundleState
from app.catalogue.rules.stock import Need, Wanted
from app.catalogue.service_stock import reserve
from app.core.db import Database
from app.core.transaction import transaction
from app.customers.models import Contact, Customer, Objection, Screening
from app.customers.rules.admission import ScreeningState
from app.flows.answer_objection import answer_objection
from app.flows.change_policy import change_policy
from app.flows.change_segment import change_segment
from app.flows.change_standing import suspend
from app.flows.decide_screening import decide
from app.flows.dispatch_order import Parcel, dispatch_orders
from app.flows.issue_invoice import issue_invoice
from app.flows.publish_bundle import publish_bundle
from app.invoices.models import InvoiceDraft
from app.jobs import queue
from app.mail.models import Mail, MailState
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Order
from app.ordering.rules.promise import Promise
from app.ordering.rules.states import CancelReason
from app.ordering.service import accept, add_event, cancel, mail_order
from app.payments.models import Payment, StripeEvent
from app.payments.rules.holding import Sharer, ShutOut
from app.payments.rules.ledger import MoneyKind
from app.payments.rules.states import PaymentState
from app.payments.service_holds import hold_back
from app.payments.service_ledger import note_money, notes_of_payment
from app.policy.rules.policy import Policy
from app.settings import Settings
from tests import make
from tests.databases import Databases, opened
from tests.fakes import FakeChecker
from tests.invoices.books import plain_pdf
from tests.make import NOW

STAFF = Actor(ActorKind.STAFF, "Ole Brandt", 1)


@dataclass(frozen=True)
class CleanShop:
    """A database with one order of each state, and the ids of what a test wants to break."""

    db: Database
    now: datetime
    received: int
    accepted: int
    dispatched: int
    cancelled: int
    captured_payment: int
    released_payment: int
    held_payment: int
    bundle: int
    block: int
    suspended: int
    policy: int
    screening: int


class Hand:
    """One open transaction that is rolled back in the end; what the database forbids is allowed in it."""

    def __init__(self, connection: Connection, shop: CleanShop) -> None:
        self.connection = connection
        self.shop = shop
        self.is_sqlite = connection.dialect.name == "sqlite"
        self.run(
            "PRAGMA defer_foreign_keys=ON" if self.is_sqlite else "SET session_replication_role = replica"
        )

    def run(self, sql: str, **values: Any) -> None:
        """Executes one statement; names of CleanShop in it are filled in with their ids."""
        known = {name: getattr(self.shop, name) for name in CleanShop.__annotations__ if f":{name}" in sql}
        self.connection.execute(text(sql), {**known, **values})

    def forget_constraints(self, table: str, *, unique: str) -> None:
        """Takes a table's uniqueness away: a named constraint, or all of them on SQLite."""
        if not self.is_sqlite:
            self.run(f"ALTER TABLE {table} DROP CONSTRAINT {unique}")
            return
        self.run(f"CREATE TABLE without AS SELECT * FROM {table}")
        self.run(f"DROP TABLE {table}")
        self.run(f"ALTER TABLE without RENAME TO {table}")

    def drop_triggers(self, table: str) -> None:
        """Takes all triggers of a table away on SQLite; on PostgreSQL this transaction fires none."""
        if self.is_sqlite:
            names = self.connection.execute(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"),
                {"table": table},
            ).scalars()
            for name in names.all():
                self.run(f"DROP TRIGGER {name}")


@pytest.fixture(scope="session")
def clean_shop(databases: Databases) -> Iterator[CleanShop]:
    """Made once: no test changes it for good."""
    with opened(databases.new()) as database:
        # Closed before the tests begin: the server ends whoever keeps a transaction open for a minute.
        with database.session() as session:
            shop = _fill(database, session)
        yield shop


@pytest.fixture
def hand(clean_shop: CleanShop) -> Iterator[Hand]:
    """A hand that breaks the clean shop for the length of one test."""
    with clean_shop.db.writing.connect() as connection:
        try:
            yield Hand(connection, clean_shop)
        finally:
            connection.rollback()


def _fill(database: Database, session: Session) -> CleanShop:
    customer = make.customer(session)
    contact = make.contact(session, of=customer)
    with transaction(session):
        block = make.block(session, stock_milli=12_000)
        bundle = make.bundle(session, items=[(block, 3)])
        make.bundle(session)
    orders = {
        name: _received(session, customer, contact, bundle) for name in ("received", "accepted", "dispatched")
    }
    captured = [_paid(session, orders[name]) for name in ("accepted", "dispatched")]
    dispatch_orders(
        session,
        [Parcel(orders["dispatched"].number, "LR1")],
        carrier="Spedition Lindenrode",
        today=date(2026, 3, 3),
        actor=STAFF,
        now=_later(20),
    )
    _invoiced(session)
    cancelled, released = _released(session, customer, contact, bundle)
    _send_first_mail(session)
    return CleanShop(
        db=database,
        now=_later(25),
        received=_id(orders["received"]),
        accepted=_id(orders["accepted"]),
        dispatched=_id(orders["dispatched"]),
        cancelled=_id(cancelled),
        captured_payment=captured[0],
        released_payment=released,
        held_payment=_held(session, customer, contact, bundle),
        bundle=_id(bundle),
        block=_id(block),
        **_acts(session),
    )


def _invoiced(session: Session) -> None:
    """What the worker makes of the draft that the dispatch left."""
    draft = session.exec(select(InvoiceDraft)).one()
    session.rollback()
    settings = Settings(
        _env_file=None,  # type: ignore[call-arg]
        secret_key=SecretStr("test-" * 10),
        stripe_api_key=SecretStr("sk_test_0"),
        stripe_webhook_secret=SecretStr("whsec_0"),
    )
    number = issue_invoice(
        session, FakeChecker(), plain_pdf, draft_id=_id(draft), settings=settings, clock=lambda: _later(21)
    )
    assert number == "RE-2026-000001"


def _received(session: Session, customer: Customer, contact: Contact, bundle: Any) -> Order:
    with transaction(session):
        order = make.order(session, of=customer, by=contact, bundle=bundle)
        block = session.exec(select(Block).where(col(Block.is_made_to_order).is_(False))).one()
        reserve(session, _id(order), [Wanted("", 1, (Need(_id(block), 3_000),))])
        add_event(session, _id(order), "placed", now=_later(10), actor_name=contact.name)
        mail_order(session, order, "order_received", now=_later(10), terms_name="2026-01")
        _payment(session, order, PaymentState.OPEN)
    return order


def _payment(session: Session, order: Order, state: PaymentState, **values: Any) -> Payment:
    number = order.number
    return make.saved(
        session,
        Payment(
            order_id=_id(order),
            state=state,
            token=f"token{number}",
            amount_cents=order.gross_cents,
            session_id=f"cs_test_{number}",
            session_url="https://cards.example/1",
            expires_at=_later(60),
            created_at=_later(10),
            changed_at=_later(10),
            checked_at=_later(10),
            **values,
        ),
    )


def _paid(session: Session, order: Order) -> int:
    with transaction(session):
        order = session.get_one(Order, order.id)
        payment = session.exec(select(Payment).where(col(Payment.order_id) == order.id)).one()
        payment.state = PaymentState.CAPTURED
        payment.intent_id = f"pi_{order.number}"
        payment.authorised_at = payment.settled_at = _later(12)
        note_money(
            session, *notes_of_payment(payment, MoneyKind.AUTHORISED, MoneyKind.CAPTURED, at=_later(12))
        )
        promise = Promise(date(2026, 3, 10), date(2026, 3, 12), cut_off_at=_later(600))
        accept(session, order, cart=[], promise=promise, now=_later(12))
        return _id(payment)


def _released(session: Session, customer: Customer, contact: Contact, bundle: Any) -> tuple[Order, int]:
    order = _received(session, customer, contact, bundle)
    with transaction(session):
        order = session.get_one(Order, order.id)
        payment = session.exec(select(Payment).where(col(Payment.order_id) == order.id)).one()
        payment.state = PaymentState.RELEASED
        payment.intent_id = f"pi_{order.number}"
        payment.release_reason = "not_admitted"
        payment.settled_at = _later(13)
        note_money(session, *notes_of_payment(payment, MoneyKind.RELEASED, at=_later(13)))
        cancel(session, order, reason=CancelReason.NOT_ADMITTED, now=_later(13))
        record(
            session,
            SYSTEM,
            action="payment.released",
            object_kind="order",
            object_id=order.id,
            now=_later(13),
            new={"payment_id": payment.id},
        )
        session.add(
            StripeEvent(
                event_id="evt_1",
                event_type="payment_intent.canceled",
                stripe_object_id="pi_1",
                received_at=_later(13),
                handled_at=_later(13),
            )
        )
    return order, _id(payment)


def _held(session: Session, customer: Customer, contact: Contact, bundle: Any) -> int:
    """A payment that waits for a person, by the card of a company that is shut out."""
    sharer = make.customer(session, screening=ScreeningState.BLOCKED)
    order = _received(session, customer, contact, bundle)
    with transaction(session):
        payment = session.exec(select(Payment).where(col(Payment.order_id) == order.id)).one()
        payment.intent_id, payment.authorised_at = f"pi_{order.number}", _later(12)
        payment.capture_before_at = _later(12) + timedelta(days=7)
        share = Sharer(_id(sharer), sharer.number, sharer.company_name, ShutOut.BLOCKED)
        hold_back(session, session.get_one(Order, order.id), payment, [share], now=_later(12))
        return _id(payment)


def _send_first_mail(session: Session) -> None:
    with transaction(session):
        claim = queue.claim(session, now=_later(14), lease=timedelta(seconds=30))[0]
        mail = session.get_one(Mail, claim.args["mail_id"])
        mail.state, mail.sent_at, mail.provider_answer = MailState.SENT, _later(14), "250 accepted"
        queue.finish(session, claim, now=_later(14))


def _acts(session: Session) -> dict[str, int]:
    """What staff did: each act through its own flow, so that it left its entry."""
    draft = make.bundle(session, state=BundleState.DRAFT)
    publish_bundle(session, _id(draft), actor=STAFF, now=_later(15))
    suspended = make.customer(session)
    suspend(session, _id(suspended), reason="three chargebacks", actor=STAFF, now=_later(16))
    in_review = make.customer(session, screening=ScreeningState.REVIEW, segment=Segment.UNRATED)
    change_segment(session, _id(in_review), segment=Segment.B, reason="grows", actor=STAFF, now=_later(17))
    screening = make.saved(
        session,
        Screening(
            customer_id=_id(in_review),
            trigger="registration",
            outcome=ScreeningState.REVIEW,
            screened_at=_later(17),
        ),
    )
    decide(
        session,
        _id(screening),
        decision=ScreeningState.REFUSED,
        reason="a shell",
        actor=STAFF,
        now=_later(18),
    )
    _object(session, in_review)
    policy = Policy(minimum_order_value_cents=12_345)
    change_policy(session, policy, based_on=0, reason="costs rose", actor=STAFF, now=_later(19))
    return {"suspended": _id(suspended), "policy": 1, "screening": _id(screening)}


def _object(session: Session, refused: Customer) -> None:
    person = make.contact(session, of=refused)
    objection = make.saved(
        session,
        Objection(
            customer_id=_id(refused),
            contact_id=_id(person),
            against="refused",
            text="We are no shell.",
            created_at=_later(18),
        ),
    )
    answer_objection(
        session,
        _id(objection),
        outcome="dismissed",
        answer="We looked again: it stays.",
        actor=STAFF,
        now=_later(19),
    )


def _later(minutes: int) -> datetime:
    return NOW + timedelta(minutes=minutes)


def _id(row: Any) -> int:
    assert row.id is not None
    return int(row.id)
