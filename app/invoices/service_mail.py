"""The e-mail with a document, put into the outbox inside the caller's transaction."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.customers.models import Contact
from app.invoices.models import BillingProfile, Invoice
from app.invoices.rules.document import DocumentKind
from app.mail.service import put_mail
from app.ordering.models import Order

INVOICE_MAIL, CORRECTION_MAIL = "invoice", "credit_note"
"""The kinds of e-mail that bring a document: an invoice or prepayment, and a correction."""


def mail_invoice(session: Session, invoice: Invoice, *, now: datetime, again: str = "") -> None:
    """Puts the e-mail that brings a stored document as PDF; the same document only once.

    It goes to the company's address for invoices, else to the person who ordered, in the document's language.
    `again` names a reason to send one more, such as a click: the same one only once.
    """
    order = session.get_one(Order, invoice.order_id)
    corrected = session.get(Invoice, invoice.corrects_id) if invoice.corrects_id is not None else None
    put_mail(
        session,
        CORRECTION_MAIL if invoice.kind is DocumentKind.CORRECTION else INVOICE_MAIL,
        key=f"document:{invoice.id}#{again[:120]}" if again else f"document:{invoice.id}",
        to=invoice_address(session, order),
        language=invoice.language,
        object_kind="order",
        object_id=order.id or 0,
        now=now,
        attachments=[{"kind": "invoice_pdf", "id": invoice.id}],
        number=invoice.number,
        order_number=order.number,
        contact_name=order.contact_name,
        purchase_reference=order.purchase_reference,
        gross_cents=invoice.gross_cents,
        corrected_number=corrected.number if corrected else "",
        is_prepayment=invoice.kind is DocumentKind.PREPAYMENT,
        is_again=bool(again),
    )


def invoice_address(session: Session, order: Order) -> str:
    """The e-mail address that the documents of an order go to, as it stands now."""
    wanted = session.exec(
        select(BillingProfile.email).where(col(BillingProfile.customer_id) == order.customer_id)
    ).first()
    return wanted or session.exec(select(Contact.email).where(col(Contact.id) == order.contact_id)).one()
