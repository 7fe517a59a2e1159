"""The papers that e-mails take along."""

from collections.abc import Sequence
from typing import Any

from sqlmodel import Session, col, select

from app.invoices.models import Invoice
from app.mail.rendering import Attached


def attached(session: Session, attachments: Sequence[dict[str, Any]]) -> list[Attached]:
    """The files that an e-mail names, in its order. Raises LookupError for one that does not exist."""
    found = []
    for one in attachments:
        if one.get("kind") != "invoice_pdf":
            raise LookupError(f"no paper of kind {one.get('kind')}")
        query = select(Invoice.number, Invoice.pdf).where(col(Invoice.id) == one.get("id"))
        row = session.exec(query).first()
        if row is None:
            raise LookupError(f"there is no invoice {one.get('id')}")
        number, pdf = row
        found.append(Attached(name=f"{number}.pdf", content=pdf, media_type="application/pdf"))
    return found
