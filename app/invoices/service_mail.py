"""The e-mail with a document, put into the outbox inside the caller's transaction."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.customers.models import Contact
from app.invoices.models import BillingProfile, Invoice
from app.invoices.queries_papers import INVOICE_PDF, XRECHNUNG
from app.invoices.rules.document import DocumentKind
from app.mail.service import put_mail
from app.ordering.models import Order

INVOICE_MAIL, CORRECTION_MAIL = "invoice", "credit_note"
"""The kinds of e-mail that bring a document: an invoice or prepayment, and a correction."""


def mail_invoice(session: Session, invoice: Invoice, *, now: datetime, again: str = "") -> str:
    """Puts the e-mail that brings a stored document as PDF, once a document; comes back with its address.

    It goes to the company's address for invoices, else to the person who ordered, in the document's language, with
    the XRechnung file beside the PDF where the company wants that. `again` names a reason to send one more, such as
    a click: the same one only once.
    """
    order = session.get_one(Order, invoice.order_id)
    profile = session.get(BillingProfile, order.customer_id)
    to = (profile.email if profile else "") or session.get_one(Contact, order.contact_id).email
    kinds = (INVOICE_PDF, XRECHNUNG) if profile is not None and profile.wants_xrechnung else (INVOICE_PDF,)
    put_mail(
        session,
        CORRECTION_MAIL if invoice.kind is DocumentKind.CORRECTION else INVOICE_MAIL,
        key=f"document:{invoice.id}#{again[:120]}" if again else f"document:{invoice.id}",
        to=to,
        language=invoice.language,
        object_kind="order",
        object_id=order.id or 0,
        now=now,
        attachments=[{"kind": kind, "id": invoice.id} for kind in kinds],
        number=invoice.number,
        order_number=order.number,
        contact_name=order.contact_name,
        purchase_reference=order.purchase_reference,
        gross_cents=invoice.gross_cents,
        corrected_number=_corrected(session, invoice),
        is_prepayment=invoice.kind is DocumentKind.PREPAYMENT,
        is_again=bool(again),
    )
    return to


def _corrected(session: Session, invoice: Invoice) -> str:
    if invoice.corrects_id is None:
        return ""
    return session.exec(select(Invoice.number).where(col(Invoice.id) == invoice.corrects_id)).one()
