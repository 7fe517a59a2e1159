"""Builders of documents as rows: issued ones with their bytes, and drafts that wait to become one."""

import hashlib
import itertools
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlmodel import Session

from app.invoices.models import Invoice, InvoiceDraft
from app.invoices.rules.document import Document, DocumentKind, DraftState, to_json
from app.ordering.models import Order
from app.payments.models import Payment
from app.payments.rules.states import PaymentState
from tests.make import NOW, saved
from tests.make_document import correction, document

PDF = b"%PDF-1.7 made by hand"
XML = b"<rsm:CrossIndustryInvoice xmlns:rsm='urn:x'/>"
PROBLEM = {
    "code": "invoice.paid_differs",
    "message": "The payment is not what the order costs.",
    "findings": [{"flag": "fatal", "rule": "BR-S-08", "text": "The sums differ."}],
    "detail": "",
}
"""Why a draft is blocked."""
_count = itertools.count(1)


def invoice(session: Session, *, of: Order, pdf: bytes = PDF, **values: Any) -> Invoice:
    """The invoice of an order; its document is made by hand, and so are its bytes."""
    number = f"RE-2026-{next(_count):06d}"
    return _row(session, of, document(number=number, order_number=of.number), pdf, values)


def correction_of(
    session: Session, original: Invoice, *, of: Order, pdf: bytes = PDF, **values: Any
) -> Invoice:
    """A correction of an invoice."""
    number = f"RK-2026-{next(_count):06d}"
    made = correction(number=number, order_number=of.number)
    return _row(session, of, made, pdf, {"corrects_id": original.id, **values})


def payment_of(session: Session, order: Order) -> Payment:
    """The card payment of an order, taken in full."""
    taken = Payment(
        order_id=order.id or 0,
        state=PaymentState.CAPTURED,
        token="t",
        amount_cents=order.gross_cents,
        expires_at=NOW + timedelta(hours=1),
        created_at=NOW,
        changed_at=NOW,
        checked_at=NOW,
    )
    return saved(session, taken)


def draft(session: Session, *, of: Order, **values: Any) -> InvoiceDraft:
    """What waits to become the invoice of an order."""
    defaults: dict[str, Any] = {
        "order_id": of.id,
        "kind": DocumentKind.INVOICE,
        "state": DraftState.WAITING,
        "created_at": NOW,
        "changed_at": NOW,
    }
    return saved(session, InvoiceDraft(**{**defaults, **values}))


def _row(session: Session, order: Order, made: Document, pdf: bytes, values: dict[str, Any]) -> Invoice:
    defaults: dict[str, Any] = {
        "number": made.number,
        "kind": made.kind,
        "order_id": order.id,
        "customer_id": order.customer_id,
        "issued_at": datetime.combine(made.issued_on, time(8), tzinfo=UTC),
        "issued_on": made.issued_on,
        "supplied_on": made.supplied_on,
        "paid_on": made.paid.paid_on if made.paid else None,
        "language": made.language,
        "vat_case": made.vat_case,
        "net_cents": made.net_cents,
        "vat_cents": made.vat_cents,
        "gross_cents": made.gross_cents,
        "buyer_name": made.buyer.name,
        "buyer_vat_id": made.buyer.vat_id,
        "buyer_country": made.buyer.country,
        "document": to_json(made),
        "report": {},
        "xml": XML,
        "xml_sha256": hashlib.sha256(XML).hexdigest(),
        "pdf": pdf,
        "pdf_sha256": hashlib.sha256(pdf).hexdigest(),
        "retain_until": date(made.issued_on.year + 8, 12, 31),
    }
    return saved(session, Invoice(**{**defaults, **values}))
