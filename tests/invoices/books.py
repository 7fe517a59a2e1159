"""A company with paid orders: what the tests of issuing documents start from."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.catalogue.models import Bundle, BundleItem
from app.core.db import Database
from app.core.transaction import transaction
from app.customers.models import Contact, Customer, VatCheck
from app.customers.rules.vat_answers import VatOutcome, VatPurpose, VatService
from app.flows.issue_invoice import issue_invoice
from app.flows.write_drafts import write_drafts
from app.invoices.checking import Checker
from app.invoices.making import Render
from app.invoices.models import Invoice, InvoiceDraft, OrderBilling
from app.invoices.rules.document import Document, DocumentKind, DraftState
from app.invoices.service_drafts import put_drafts
from app.mail.models import Mail
from app.ordering.models import Order, OrderLine
from app.ordering.rules.pricing import ChargeKind, PricedCharge, PricedLine, RatePart, price_order
from app.ordering.rules.states import OrderKind, OrderState
from app.ordering.rules.vat import VatCase
from app.ordering.service_placing import store_parts
from app.payments.models import Payment, Refund, RefundLine
from app.payments.rules.states import PaymentState, RefundState
from app.settings import Settings
from tests import make
from tests.fakes import FakeChecker

PAID_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SENT_AT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
NOW = datetime(2026, 3, 10, 10, 0, tzinfo=UTC)


def plain_pdf(document: Document, xml: bytes) -> bytes:
    """Stands for the printing where a test is about something else; the same input gives the same bytes."""
    return b"%PDF " + document.number.encode() + b" " + xml


@dataclass
class Books:
    """One company, its bundles, and all that staff and worker do with documents, by name."""

    database: Database
    settings: Settings
    customer: Customer
    contact: Contact
    bundles: list[Bundle]
    now: datetime = NOW
    checker: Checker = field(default_factory=FakeChecker)
    render: Render = plain_pdf
    count: int = 0

    def order(
        self,
        *wanted: tuple[int, int],
        charges: tuple[PricedCharge, ...] = (),
        case: VatCase = VatCase.DOMESTIC,
        state: OrderState = OrderState.DISPATCHED,
        paid_at: datetime = PAID_AT,
        **values: Any,
    ) -> Order:
        """A paid order of so many (count) of each bundle (its place in `bundles`)."""
        self.count += 1
        with self.database.session() as session, transaction(session):
            lines = [self._line(session, *one) for one in wanted]
            totals = price_order([line for line, _ in lines], charges=charges, vat_case=case)
            order = make.order(
                session,
                of=self.customer,
                by=self.contact,
                bundle=None,
                **{
                    "state": state,
                    "vat_case": case,
                    "placed_at": paid_at,
                    "accepted_at": paid_at,
                    "dispatched_at": SENT_AT if state is OrderState.DISPATCHED else None,
                    "goods_net_cents": totals.goods_net_cents,
                    "charges_net_cents": totals.charges_net_cents,
                    "vat_cents": totals.vat_cents,
                    "gross_cents": totals.gross_cents,
                    "kind": OrderKind.GOODS if wanted else OrderKind.SERVICE,
                    **values,
                },
            )
            store_parts(
                session, order.id or 0, lines=[row for _, row in lines], charges=charges, taxes=totals.taxes
            )
            make.saved(session, self._payment(order, paid_at))
            session.expunge_all()
        return order

    def service(self, **values: Any) -> Order:
        """A paid order of two units of a special service at 12.50."""
        charge = PricedCharge(
            ChargeKind.SPECIAL_SERVICE, 2_500, name="Telefonhilfe", quantity=2, vat_rate_bp=1900
        )
        return self.order(charges=(charge,), **values)

    def refund(
        self,
        order: Order,
        cents: int,
        *,
        pieces: int = 0,
        state: RefundState = RefundState.DONE,
    ) -> Refund:
        """Money of an order that went back, of so many pieces of its first line or just so."""
        self.count += 1
        with self.database.session() as session, transaction(session):
            payment = session.exec(select(Payment).where(col(Payment.order_id) == order.id)).one()
            refund = make.saved(
                session,
                Refund(
                    payment_id=payment.id,
                    order_id=order.id,
                    amount_cents=cents,
                    cause=f"complaint:{self.count}",
                    state=state,
                    token=f"t{self.count}",
                    asked_by="Robin",
                    asked_at=NOW,
                    done_at=NOW if state is RefundState.DONE else None,
                ),
            )
            if pieces:
                line = session.exec(
                    select(OrderLine).where(col(OrderLine.order_id) == order.id).order_by(col(OrderLine.id))
                ).first()
                assert line is not None
                make.saved(
                    session,
                    RefundLine(
                        refund_id=refund.id, order_line_id=line.id, quantity=pieces, amount_cents=cents
                    ),
                )
            session.expunge_all()
        return refund

    def draft(self, *orders: Order, kind: DocumentKind = DocumentKind.INVOICE) -> list[int]:
        """Drafts of these orders, as their dispatch writes them; all drafts that wait."""
        with self.database.session() as session, transaction(session):
            put_drafts(session, [order.id or 0 for order in orders], kind=kind, now=self.now)
        return self.waiting()

    def sweep(self, *, is_whole: bool = True) -> int:
        """The recurring look for what has no draft."""
        with self.database.session() as session:
            return write_drafts(session, zone=ZoneInfo("Europe/Berlin"), now=self.now, is_whole=is_whole)

    def issue(self, draft_id: int, *, database: Database | None = None) -> str | None:
        """What the worker does with one draft."""
        with (database or self.database).session() as session:
            return issue_invoice(
                session,
                self.checker,
                self.render,
                draft_id=draft_id,
                settings=self.settings,
                clock=lambda: self.now,
            )

    def issue_all(self) -> list[str | None]:
        """The worker's round: the numbers, oldest draft first."""
        return [self.issue(draft_id) for draft_id in self.waiting()]

    def invoiced(self, order: Order) -> Invoice:
        """The invoice of a dispatched order, issued now."""
        self.draft(order)
        self.issue_all()
        return self.invoices(order)[0]

    def prove(self, vat_id: str, outcome: VatOutcome) -> None:
        """What a service answers now when it is asked about the company's VAT id."""
        with self.database.session() as session, transaction(session):
            make.saved(
                session,
                VatCheck(
                    customer_id=self.customer.id,
                    vat_id=vat_id,
                    service=VatService.VIES,
                    outcome=outcome,
                    answer={},
                    matched={},
                    purpose=VatPurpose.INVOICE,
                    at=self.now,
                ),
            )

    def waiting(self) -> list[int]:
        with self.database.read_session() as session:
            query = select(InvoiceDraft.id).where(col(InvoiceDraft.state) == DraftState.WAITING)
            return [draft_id or 0 for draft_id in session.exec(query.order_by(col(InvoiceDraft.id)))]

    def drafts(self) -> list[InvoiceDraft]:
        with self.database.read_session() as session:
            return list(session.exec(select(InvoiceDraft).order_by(col(InvoiceDraft.id))))

    def invoices(self, order: Order | None = None) -> list[Invoice]:
        with self.database.read_session() as session:
            query = select(Invoice).order_by(col(Invoice.id))
            if order is not None:
                query = query.where(col(Invoice.order_id) == order.id)
            return list(session.exec(query))

    def numbers(self) -> list[str]:
        return [invoice.number for invoice in self.invoices()]

    def mails(self) -> list[Mail]:
        with self.database.read_session() as session:
            return list(session.exec(select(Mail).order_by(col(Mail.id))))

    def change(self, row: Any, **values: Any) -> None:
        """Another process changes a row and commits."""
        with self.database.session() as session, transaction(session):
            there = session.get_one(type(row), row.id)
            for name, value in values.items():
                setattr(there, name, value)

    def say(self, order: Order, **texts: str) -> None:
        """Somebody says what shall stand on the invoice of an order."""
        with self.database.session() as session, transaction(session):
            session.add(OrderBilling(order_id=order.id or 0, changed_at=self.now, **texts))

    def _line(self, session: Session, place: int, quantity: int) -> tuple[PricedLine, dict[str, Any]]:
        bundle = self.bundles[place]
        items = session.exec(
            select(BundleItem)
            .where(col(BundleItem.bundle_version_id) == bundle.current_version_id)
            .order_by(col(BundleItem.id))
        ).all()
        price = PRICES[place]
        parts = tuple(
            RatePart(item.vat_rate_bp, item.quantity_milli * item.reference_price_cents) for item in items
        )
        row = {
            "bundle_version_id": bundle.current_version_id,
            "name": f"Paket {place}",
            "quantity": quantity,
            "unit_price_cents": price,
            "net_cents": quantity * price,
        }
        return PricedLine(quantity, price, parts), row

    def _payment(self, order: Order, paid_at: datetime) -> Payment:
        return Payment(
            order_id=order.id,
            state=PaymentState.CAPTURED,
            token=f"p{self.count}",
            amount_cents=order.gross_cents,
            intent_id=f"pi_{self.count}",
            card_brand="visa",
            card_last4="4242",
            expires_at=paid_at + timedelta(hours=1),
            created_at=paid_at,
            changed_at=paid_at,
            checked_at=paid_at,
            authorised_at=paid_at,
            settled_at=paid_at,
        )


PRICES = (2_500, 999, 3_333, 12_345, 1)


def open_books(session: Session, database: Database, settings: Settings, **company: Any) -> Books:
    """A company and five bundles: at 19 %, at 7 %, mixed, mixed of three rates, and one of a cent."""
    with transaction(session):
        customer = make.customer(session, **company)
        contact = make.contact(session, of=customer)
        make.terms(session)
        part = make.block(session, main_brand_price_cents=711)
        food = make.block(session, vat_rate_bp=700, main_brand_price_cents=289, unit_code="KGM")
        free = make.block(session, vat_rate_bp=0, main_brand_price_cents=100)
        contents = (
            [(part, 3)],
            [(food, 2)],
            [(part, 2), (food, 3)],
            [(food, 1), (part, 1), (free, 7)],
            [(part, 1)],
        )
        bundles = [
            make.bundle(session, price_cents=price, items=items)
            for price, items in zip(PRICES, contents, strict=True)
        ]
        session.expunge_all()
    return Books(database, settings, customer, contact, bundles)


def random_order(books: Books, random: Random) -> Order:
    """Any order of the company that can be invoiced: goods of one or more rates with charges, or a service."""
    if random.random() < 0.2:
        return books.service()
    wanted = [(random.randrange(5), random.randint(1, 40)) for _ in range(random.randint(1, 5))]
    kinds = (ChargeKind.LOW_QUANTITY, ChargeKind.INTERIM_ORDER, ChargeKind.EFFORT_FEE)
    charges = tuple(PricedCharge(kind, random.randint(1, 2_000)) for kind in kinds if random.random() < 0.3)
    return books.order(*wanted, charges=charges)
