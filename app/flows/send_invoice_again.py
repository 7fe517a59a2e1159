"""Staff send a document once more, as it was issued."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.core.transaction import transaction
from app.invoices.models import Invoice
from app.invoices.queries_documents import no_document
from app.invoices.service_mail import mail_invoice
from app.mail.models import Mail
from app.ordering.service import lock_order


def send_invoice_again(
    session: Session, number: str, *, request_key: str, actor: Actor, now: datetime
) -> bool:
    """Puts one more e-mail with a document, to where the company wants its invoices now; one for each `request_key`.

    False for a key that was used before: two clicks are one e-mail. Raises NotFound.
    """
    with transaction(session):
        invoice = session.exec(select(Invoice).where(col(Invoice.number) == number)).first()
        if invoice is None:
            raise no_document()
        order = lock_order(session, invoice.order_id)
        again = f"click:{request_key[:64]}"
        key = f"document:{invoice.id}#{again}"
        if session.exec(select(Mail.id).where(col(Mail.key) == key)).first() is not None:
            return False
        to = mail_invoice(session, invoice, now=now, again=again)
        record(
            session,
            actor,
            action="invoice.sent_again",
            object_kind="order",
            object_id=order.id or 0,
            object_name=order.number,
            now=now,
            new={"number": invoice.number, "to": to},
        )
    return True
