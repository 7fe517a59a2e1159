"""Builders of money and paper for tests: a paid order, its ledger, and documents as if they had been issued."""

import hashlib
import itertools
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.core.money import share_bp
from app.core.transaction import is_in_transaction, transaction
from app.customers.models import Contact, Customer
from app.invoices.models import Invoice, InvoiceTax
from app.invoices.rules.document import (
    PREFIXES,
    Document,
    DocumentKind,
    DocumentLine,
    DocumentTax,
    Original,
    PaidByCard,
    Party,
    SellerFacts,
    to_json,
)
from app.ordering.models import Order, OrderTax
from app.ordering.rules.states import OrderState
from app.ordering.rules.vat import VatCase, category
from app.payments.models import MoneyEvent, Payment, Refund
from app.payments.rules.ledger import MoneyKind
from app.payments.rules.states import PaymentState, RefundState
from tests import make
from tests.make import NOW, saved

BERLIN = ZoneInfo("Europe/Berlin")
SELLER = Party(
    "Kessler Industriebedarf GmbH",
    "Werkhof 4",
    "04177",
    "Leipzig",
    "DE",
    vat_id="DE000000000",
    contact_name="Ada Kessler",
    email="kontakt@schlicht.example",
    phone="+49 30 23125 100",
)
FACTS = SellerFacts("schlicht.", "GmbH", "231/100/00000", "Amtsgericht Leipzig", "HRB 00000", "Ada Kessler")
_count = itertools.count(1)

Rates = Sequence[tuple[int, int]]
"""(rate in basis points, net cents) of an order or a document."""


def paid_order(
    session: Session,
    *,
    of: Customer | None = None,
    by: Contact | None = None,
    rates: Rates = ((1900, 10_000),),
    paid_at: datetime = NOW,
    dispatched_at: datetime | None = None,
    **values: Any,
) -> Order:
    """An accepted order (dispatched, with a moment for it) whose card payment was taken; the ledger says so."""
    if not is_in_transaction(session):
        with transaction(session):
            return paid_order(
                session, of=of, by=by, rates=rates, paid_at=paid_at, dispatched_at=dispatched_at, **values
            )
    of = of or make.customer(session)
    by = by or make.contact(session, of=of)
    net_cents = sum(net for _, net in rates)
    vat_cents = sum(share_bp(net, rate_bp) for rate_bp, net in rates)
    order = make.order(
        session,
        of=of,
        by=by,
        bundle=None,
        **{
            "goods_net_cents": net_cents,
            "vat_cents": vat_cents,
            "gross_cents": net_cents + vat_cents,
            "state": OrderState.ACCEPTED if dispatched_at is None else OrderState.DISPATCHED,
            "placed_at": paid_at,
            "accepted_at": paid_at,
            "dispatched_at": dispatched_at,
            **values,
        },
    )
    saved(
        session,
        *(
            OrderTax(order_id=order.id, vat_rate_bp=rate, net_cents=net, vat_cents=share_bp(net, rate))
            for rate, net in rates
        ),
    )
    payment = captured(session, order, at=paid_at)
    for kind in (MoneyKind.AUTHORISED, MoneyKind.CAPTURED):
        money(session, order, kind, order.gross_cents, at=paid_at, payment=payment)
    return order


def captured(session: Session, order: Order, *, at: datetime) -> Payment:
    """The captured payment of an order, without its ledger."""
    n = next(_count)
    return saved(
        session,
        Payment(
            order_id=order.id,
            state=PaymentState.CAPTURED,
            token=f"token-{n}",
            amount_cents=order.gross_cents,
            session_id=f"cs_made_{n}",
            intent_id=f"pi_made_{n}",
            expires_at=at + timedelta(hours=1),
            capture_before_at=at + timedelta(days=7),
            card_brand="visa",
            card_last4="4242",
            card_fingerprint=f"fp_{n}",
            created_at=at,
            changed_at=at,
            checked_at=at,
            authorised_at=at,
            settled_at=at,
        ),
    )


def money(
    session: Session,
    order: Order,
    kind: MoneyKind,
    cents: int,
    *,
    at: datetime = NOW,
    payment: Payment | None = None,
    key: str = "",
) -> MoneyEvent:
    """One event of an order's ledger."""
    n = next(_count)
    return saved(
        session,
        MoneyEvent(
            order_id=order.id,
            payment_id=payment.id if payment else None,
            kind=kind,
            amount_cents=cents,
            key=f"{kind.value}:{key or (payment.id if payment else f'made-{n}')}",
            stripe_id=payment.intent_id or "" if payment else f"made_{n}",
            at=at,
        ),
    )


def refund(session: Session, order: Order, cents: int, *, at: datetime = NOW) -> Refund:
    """A refund of a paid order that is done, with its event in the ledger."""
    if not is_in_transaction(session):
        with transaction(session):
            return refund(session, order, cents, at=at)
    n = next(_count)
    payment = session.exec(
        select(Payment).where(col(Payment.order_id) == order.id, col(Payment.state) == PaymentState.CAPTURED)
    ).one()
    made = saved(
        session,
        Refund(
            payment_id=payment.id,
            order_id=order.id,
            amount_cents=cents,
            cause=f"made:{n}",
            state=RefundState.DONE,
            token=f"refund-{n}",
            refund_id=f"re_made_{n}",
            asked_by="Robin",
            asked_at=at,
            done_at=at,
        ),
    )
    saved(
        session,
        MoneyEvent(
            order_id=order.id,
            payment_id=payment.id,
            kind=MoneyKind.REFUNDED,
            amount_cents=cents,
            key=f"refunded:{made.id}-{made.retry_count}",
            stripe_id=made.refund_id,
            at=at,
        ),
    )
    return made


def issued(
    session: Session,
    order: Order,
    *,
    kind: DocumentKind = DocumentKind.INVOICE,
    issued_at: datetime = NOW,
    rates: Rates = ((1900, 10_000),),
    corrects: Invoice | None = None,
    of_refund: Refund | None = None,
    vat_case: VatCase = VatCase.DOMESTIC,
    vat_id: str = "",
    **values: Any,
) -> Invoice:
    """A document about an order as if it had been issued; its XML and PDF are only marks, not the real things."""
    if not is_in_transaction(session):
        with transaction(session):
            return issued(
                session,
                order,
                kind=kind,
                issued_at=issued_at,
                rates=rates,
                corrects=corrects,
                of_refund=of_refund,
                vat_case=vat_case,
                vat_id=vat_id,
                **values,
            )
    taxes = [(rate_bp, net, share_bp(net, rate_bp)) for rate_bp, net in rates]
    facts = {
        **_facts(order, kind, issued_at, taxes),
        "corrects_id": corrects.id if corrects else None,
        "refund_id": of_refund.id if of_refund else None,
        "vat_case": vat_case,
        "buyer_vat_id": vat_id,
        **values,
    }
    document = to_json(_document(order, facts, taxes, corrects))
    xml = f"<made>{facts['number']}</made>".encode()
    pdf = facts.pop("pdf", f"%PDF-made {facts['number']}".encode())
    made = saved(
        session,
        Invoice(
            **facts,
            document=document,
            xml=xml,
            xml_sha256=hashlib.sha256(xml).hexdigest(),
            pdf=pdf,
            pdf_sha256=hashlib.sha256(pdf).hexdigest(),
        ),
    )
    for rate_bp, net, vat in taxes:
        word = category(vat_case, rate_bp)
        saved(
            session,
            InvoiceTax(invoice_id=made.id, category=word, vat_rate_bp=rate_bp, net_cents=net, vat_cents=vat),
        )
    return made


def _facts(
    order: Order, kind: DocumentKind, issued_at: datetime, taxes: Sequence[tuple[int, int, int]]
) -> dict[str, Any]:
    issued_on = issued_at.astimezone(BERLIN).date()
    return {
        "number": f"{PREFIXES[kind]}-{issued_on.year}-{next(_count):06d}",
        "kind": kind,
        "order_id": order.id,
        "customer_id": order.customer_id,
        "issued_at": issued_at,
        "issued_on": issued_on,
        "supplied_on": _supplied_on(order, kind),
        "paid_on": order.accepted_at.astimezone(BERLIN).date() if order.accepted_at else None,
        "language": order.language,
        "net_cents": sum(net for _, net, _ in taxes),
        "vat_cents": sum(vat for _, _, vat in taxes),
        "gross_cents": sum(net + vat for _, net, vat in taxes),
        "buyer_name": order.company_name,
        "buyer_country": order.country,
        "report": {"made": "by a test"},
        "retain_until": date(issued_on.year + 8, 12, 31),
    }


def _supplied_on(order: Order, kind: DocumentKind) -> date | None:
    if kind is DocumentKind.PREPAYMENT or order.dispatched_at is None:
        return None
    return order.dispatched_at.astimezone(BERLIN).date()


def _document(
    order: Order, facts: dict[str, Any], taxes: Sequence[tuple[int, int, int]], corrects: Invoice | None
) -> Document:
    case = facts["vat_case"]
    return Document(
        kind=facts["kind"],
        number=facts["number"],
        language=facts["language"],
        currency="EUR",
        issued_on=facts["issued_on"],
        supplied_on=facts["supplied_on"],
        expected_on=order.promised_on if facts["kind"] is DocumentKind.PREPAYMENT else None,
        vat_case=case,
        order_number=order.number,
        ordered_on=order.placed_at.astimezone(BERLIN).date(),
        purchase_reference=order.purchase_reference,
        buyer_reference="",
        seller=SELLER,
        seller_facts=FACTS,
        buyer=Party(
            order.company_name,
            order.street,
            order.postal_code,
            order.city,
            order.country,
            vat_id=facts["buyer_vat_id"],
        ),
        ship_to=None,
        lines=tuple(
            DocumentLine("Seal pack", "10 seals", 1, "SET", net, 1, net, category(case, rate_bp), rate_bp)
            for rate_bp, net, _ in taxes
        ),
        charges=(),
        taxes=tuple(DocumentTax(category(case, rate_bp), rate_bp, net, vat) for rate_bp, net, vat in taxes),
        paid=PaidByCard(facts["paid_on"], facts["gross_cents"], "visa", "4242") if facts["paid_on"] else None,
        original=Original(corrects.number, corrects.issued_on) if corrects else None,
    )
