"""A company with a cart at the till: what the tests of ordering and paying start from."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, select

from app.catalogue.models import Bundle, BundleItem, BundleVersion
from app.core.db import Database
from app.core.transaction import transaction
from app.customers.models import Contact, Customer
from app.flows.place_order import place_order
from app.flows.settle_payment import settle_payment
from app.flows.start_payment import start_payment
from app.fulfilment.calendar import work_calendar
from app.jobs.models import Job
from app.mail.models import Mail
from app.mainbrand.rules.segments import Segment
from app.ordering.models import CartLine, Order, OrderEvent
from app.ordering.queries_checkout import Wish, read_checkout
from app.ordering.rules.offer import write_offer
from app.ordering.rules.rhythm import Place
from app.ordering.service_placing import DeliveryAddress, PlacedOrder
from app.payments.models import MoneyEvent, Payment
from app.payments.rules.ledger import MoneyKind
from app.payments.rules.states import PaymentState
from tests import make
from tests.fakes import FakeStripe

CALENDAR = work_calendar("SN", "Europe/Berlin")
BASE_URL = "https://shop.example"
ADDRESS = DeliveryAddress("Probst Werkstatt GmbH", "Kim Probst", "Gartenweg 3", "04109", "Leipzig", "DE")
HERE = Place(ADDRESS.company_name, ADDRESS.street, ADDRESS.postal_code, ADDRESS.city, ADDRESS.country)


@dataclass
class Till:
    """One company, its cart of two bundles, and everything a customer can do, by name."""

    database: Database
    now: datetime
    customer: Customer
    contact: Contact
    stripe: FakeStripe = field(default_factory=FakeStripe)

    def place(self, *, key: str = "key-1", shown: str | None = None, **values: Any) -> PlacedOrder:
        """The order button, pressed on a page shown just now."""
        arguments: dict[str, Any] = {
            "customer_id": self.customer.id,
            "contact_id": self.contact.id,
            "checkout_key": key,
            "shown": self.shown() if shown is None else shown,
            "address": ADDRESS,
            "purchase_reference": "",
            "language": "en",
            "calendar": CALENDAR,
            "now": self.now,
        }
        with self.database.session() as session:
            return place_order(session, **{**arguments, **values})

    def shown(self) -> str:
        """What the checkout page carries at this moment."""
        with self.database.read_session() as session:
            checkout = read_checkout(
                session,
                self.customer.id or 0,
                calendar=CALENDAR,
                now=self.now,
                wish=Wish(place=HERE),
            )
            return write_offer(*checkout.offers)

    def start(self, number: str, *, customer_id: int | None = None, contact_id: int | None = None) -> str:
        """The pay button: the card page's address."""
        with self.database.session() as session:
            return start_payment(
                session,
                self.stripe,  # type: ignore[arg-type]
                order_number=number,
                customer_id=customer_id or self.customer.id or 0,
                contact_id=contact_id or self.contact.id or 0,
                base_url=BASE_URL,
                now=self.now,
            )

    def session_at(self, url: str) -> str:
        """The session behind a card page's address."""
        return url.rsplit("/", 1)[-1]

    def settle(self, **which: Any) -> PaymentState | None:
        """What worker, return page and sweep do."""
        with self.database.session() as session:
            return settle_payment(
                session,
                self.stripe,  # type: ignore[arg-type]
                calendar=CALENDAR,
                now=self.now,
                **which,
            )

    def placed_and_open(self, **values: Any) -> tuple[PlacedOrder, str]:
        """An order with its open card page: the order and the session's id."""
        placed = self.place(**values)
        return placed, self.session_at(self.start(placed.number))

    def turn_into_a(self) -> None:
        """The main brand rates the company A at this very moment, in another process."""
        with self.database.session() as session, transaction(session):
            session.get_one(Customer, self.customer.id).segment = Segment.A

    def order(self, number: str) -> Order:
        with self.database.read_session() as session:
            return session.exec(select(Order).where(col(Order.number) == number)).one()

    def payments(self) -> list[Payment]:
        with self.database.read_session() as session:
            return list(session.exec(select(Payment).order_by(col(Payment.id))))

    def ledger(self) -> list[MoneyKind]:
        """The kinds of all money events, in the order of their writing."""
        with self.database.read_session() as session:
            return [event.kind for event in session.exec(select(MoneyEvent).order_by(col(MoneyEvent.id)))]

    def mails(self) -> list[str]:
        """The kinds of all mails in the outbox, in the order of their making."""
        with self.database.read_session() as session:
            return [mail.kind for mail in session.exec(select(Mail).order_by(col(Mail.id)))]

    def events(self, number: str) -> list[str]:
        with self.database.read_session() as session:
            query = select(OrderEvent).join(Order, col(Order.id) == col(OrderEvent.order_id))
            found = session.exec(query.where(col(Order.number) == number).order_by(col(OrderEvent.id)))
            return [event.kind for event in found]

    def jobs(self, kind: str = "settle_payment") -> list[dict[str, Any]]:
        with self.database.read_session() as session:
            rows = session.exec(select(Job).where(col(Job.kind) == kind).order_by(col(Job.id)))
            return [job.args for job in rows]

    def cart(self) -> dict[int, int]:
        """Quantity by bundle."""
        with self.database.read_session() as session:
            lines = session.exec(select(CartLine).where(col(CartLine.customer_id) == self.customer.id))
            return {line.bundle_id: line.quantity for line in lines}

    def at(self, now: datetime) -> "Till":
        """The same till at another time."""
        return replace(self, now=now)


def open_till(session: Session, database: Database, *, now: datetime) -> Till:
    """A company with 3 × 25.00 at 19 % and 2 × 10.00 at 7 % in its cart."""
    with transaction(session):
        customer = make.customer(session)
        contact = make.contact(session, of=customer)
        make.terms(session)
        food = make.block(session, vat_rate_bp=700, main_brand_price_cents=1_000)
        for bundle, quantity in (
            (make.bundle(session, price_cents=2_500), 3),
            (make.bundle(session, price_cents=1_000, items=[(food, 1)]), 2),
        ):
            make.cart_line(session, of=customer, bundle=bundle, quantity=quantity)
        session.expunge_all()
    return Till(database, now, customer, contact)


def reprice_first_bundle(session: Session, *, price_cents: int) -> None:
    """Publishes a new version of the first bundle at another price, with the same blocks."""
    with transaction(session):
        bundle = session.exec(select(Bundle).order_by(col(Bundle.id)).limit(1)).one()
        old = session.get_one(BundleVersion, bundle.current_version_id)
        changed = {"id": None, "version_number": 2, "price_cents": price_cents, "published_at": None}
        new = make.saved(session, BundleVersion(**{**old.model_dump(), **changed}))
        for item in session.exec(select(BundleItem).where(col(BundleItem.bundle_version_id) == old.id)).all():
            make.saved(session, BundleItem(**{**item.model_dump(), "id": None, "bundle_version_id": new.id}))
        new.published_at = make.NOW
        bundle.current_version_id = new.id
