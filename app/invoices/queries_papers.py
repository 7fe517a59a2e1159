"""The papers that e-mails take along."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

from app.invoices.models import Invoice
from app.invoices.queries_documents import StoredFile, as_xrechnung
from app.mail.rendering import Attached

INVOICE_PDF, XRECHNUNG = "invoice_pdf", "xrechnung"


def attached(session: Session, attachments: Sequence[dict[str, Any]]) -> list[Attached]:
    """The files that an e-mail names, in its order: papers are the bytes of their rows, never made anew.

    Raises LookupError for one that does not exist.
    """
    return [_attached(session, str(one.get("kind")), one.get("id")) for one in attachments]


def _attached(session: Session, kind: str, document_id: int | None) -> Attached:
    is_it = col(Invoice.id) == document_id
    if kind == INVOICE_PDF:
        paper = session.exec(select(Invoice.number, Invoice.pdf).where(is_it)).first()
        if paper is not None:
            return Attached(f"{paper[0]}.pdf", paper[1], "application/pdf")
    elif kind == XRECHNUNG:
        stored = session.exec(select(Invoice.number, Invoice.document).where(is_it)).first()
        if stored is not None:
            written = as_xrechnung(StoredFile(stored[0], dict(stored[1])))
            return Attached(f"{written.number}-xrechnung.xml", written.content, "application/xml")
    else:
        raise LookupError(f"no paper of kind {kind}")
    raise LookupError(f"there is no invoice {document_id}")
