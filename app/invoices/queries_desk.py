"""Reading documents and drafts for the staff's pages, without the bytes."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.core.errors import N_, NotFound
from app.core.paging import Slice, read_page
from app.invoices.models import Invoice, InvoiceDraft, InvoiceTax
from app.invoices.queries_documents import DocumentRow, documents_of_order, no_document
from app.invoices.rules.document import DraftState
from app.mail.models import Mail
from app.ordering.models import Order


@dataclass(frozen=True, slots=True)
class DraftRow:
    """What waits to become a document, with the order that it is of."""

    draft: InvoiceDraft
    order: Order


@dataclass(frozen=True, slots=True)
class OrderPapers:
    """The documents of an order, and its drafts that are not issued."""

    documents: list[DocumentRow]
    drafts: list[InvoiceDraft]


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """What a document's page shows beside its row; `findings` are those of the check before it got its number."""

    id: int
    issued_at: datetime
    supplied_on: date | None
    paid_on: date | None
    buyer_vat_id: str
    xml_sha256: str
    pdf_sha256: str
    retain_until: date
    report: dict[str, Any]
    taxes: list[InvoiceTax]
    mails: list[Mail]

    @property
    def findings(self) -> list[dict[str, Any]]:
        return list(self.report.get("findings", []))


def facts_of_document(session: Session, document_id: int) -> DocumentFacts:
    """The facts of a document, its VAT by rate, and the e-mails that brought it. Raises NotFound."""
    row = session.execute(
        select_columns(
            col(Invoice.issued_at),
            col(Invoice.supplied_on),
            col(Invoice.paid_on),
            col(Invoice.buyer_vat_id),
            col(Invoice.xml_sha256),
            col(Invoice.pdf_sha256),
            col(Invoice.retain_until),
            col(Invoice.report),
        ).where(col(Invoice.id) == document_id)
    ).first()
    if row is None:
        raise no_document()
    taxes = session.exec(
        select(InvoiceTax)
        .where(col(InvoiceTax.invoice_id) == document_id)
        .order_by(col(InvoiceTax.vat_rate_bp).desc(), col(InvoiceTax.category))
    ).all()
    key = f"document:{document_id}"
    is_of_it = (col(Mail.key) == key) | col(Mail.key).startswith(f"{key}#", autoescape=True)
    mails = session.exec(select(Mail).where(is_of_it).order_by(col(Mail.id))).all()
    values: list[Any] = [document_id, *row, list(taxes), list(mails)]
    return DocumentFacts(*values)


def papers_of_order(session: Session, order_id: int) -> OrderPapers:
    """What the page of an order shows of its invoice: two queries."""
    is_waiting = col(InvoiceDraft.state) != DraftState.ISSUED
    drafts = session.exec(
        select(InvoiceDraft)
        .where(col(InvoiceDraft.order_id) == order_id, is_waiting)
        .order_by(col(InvoiceDraft.id))
    ).all()
    return OrderPapers(documents_of_order(session, order_id), list(drafts))


def list_drafts(session: Session, *, state: DraftState, text: str, page: int) -> Slice[DraftRow]:
    """One page of drafts in a state, the oldest first, by order or company."""
    query = _drafts().where(col(InvoiceDraft.state) == state).order_by(col(InvoiceDraft.id))
    if text:
        query = query.where(
            col(Order.number).icontains(text, autoescape=True)
            | col(Order.company_name).icontains(text, autoescape=True)
        )
    found = read_page(session, query, page=page)
    return Slice([DraftRow(*row) for row in found.rows], found.page, found.has_next)


def find_draft(session: Session, draft_id: int) -> DraftRow:
    """One draft with its order. Raises NotFound."""
    row = session.execute(_drafts().where(col(InvoiceDraft.id) == draft_id)).first()
    if row is None:
        raise NotFound(N_("There is no such draft."), code="invoice.no_draft")
    return DraftRow(*row)


def _drafts() -> Any:
    return select_columns(InvoiceDraft, Order).join(Order, col(Order.id) == col(InvoiceDraft.order_id))
