"""The e-mail with a document: to whom, with what, and only once."""

import email
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from app.core.rendering import make_environments
from app.core.transaction import transaction
from app.flows.send_mail import send_mail
from app.invoices.models import BillingProfile, Invoice
from app.invoices.queries_papers import attached
from app.invoices.service_mail import mail_invoice
from app.mail.models import Mail, MailState
from app.mail.transport import FolderTransport
from app.ordering.models import Order
from app.settings import Settings
from tests import make, make_invoice

pytestmark = pytest.mark.database


@pytest.fixture
def order(session: Session) -> Order:
    company = make.customer(session)
    person = make.contact(session, of=company, email="kim@brunner.example")
    return make.order(session, of=company, by=person, bundle=None, purchase_reference="PO-4711")


def put(session: Session, invoice: Invoice, **values: Any) -> list[Mail]:
    with transaction(session):
        mail_invoice(session, session.get_one(Invoice, invoice.id), now=make.NOW, **values)
    return list(session.exec(select(Mail).order_by(Mail.id)).all())  # type: ignore[arg-type]


def test_it_goes_to_who_ordered_once_with_the_paper_of_the_row(session: Session, order: Order) -> None:
    invoice = make_invoice.invoice(session, of=order)

    put(session, invoice)
    (mail,) = put(session, invoice)

    assert (mail.kind, mail.to_address, mail.language) == ("invoice", "kim@brunner.example", "de")
    assert mail.attachments == [{"kind": "invoice_pdf", "id": invoice.id}]
    assert (mail.object_kind, mail.object_id) == ("order", order.id)
    assert mail.values["number"] == invoice.number


def test_it_goes_to_the_address_for_invoices_where_the_company_named_one(
    session: Session, order: Order
) -> None:
    make.saved(
        session,
        BillingProfile(customer_id=order.customer_id, email="rechnung@brunner.example", changed_at=make.NOW),
    )
    invoice = make_invoice.invoice(session, of=order)
    fixed = make_invoice.correction_of(session, invoice, of=order)

    put(session, invoice)
    first, second = put(session, fixed)

    assert first.to_address == second.to_address == "rechnung@brunner.example"
    assert (second.kind, second.values["corrected_number"]) == ("credit_note", invoice.number)


def test_it_is_sent_once_more_for_each_reason(session: Session, order: Order) -> None:
    invoice = make_invoice.invoice(session, of=order)
    put(session, invoice)

    for _ in range(2):
        put(session, invoice, again="click:1")
    mails = put(session, invoice, again="click:2")

    assert [mail.values["is_again"] for mail in mails] == [False, True, True]


def test_who_wants_xrechnung_gets_it_beside_the_paper(session: Session, order: Order) -> None:
    profile = BillingProfile(customer_id=order.customer_id, wants_xrechnung=True, changed_at=make.NOW)
    make.saved(session, profile)
    invoice = make_invoice.invoice(session, of=order)
    (mail,) = put(session, invoice)

    paper, data = attached(session, mail.attachments)

    assert (paper.name, paper.content) == (f"{invoice.number}.pdf", make_invoice.PDF)
    assert (data.name, data.media_type) == (f"{invoice.number}-xrechnung.xml", "application/xml")
    assert b"xrechnung_3.0" in data.content
    for unknown in (
        {"kind": "invoice_pdf", "id": 0},
        {"kind": "xrechnung", "id": 0},
        {"kind": "x", "id": invoice.id},
    ):
        with pytest.raises(LookupError):
            attached(session, [unknown])


def test_what_leaves_carries_the_bytes_of_the_row(
    session: Session, order: Order, settings: Settings, tmp_path: Path
) -> None:
    invoice = make_invoice.invoice(session, of=order, pdf=b"%PDF the very bytes")
    (mail,) = put(session, invoice)

    send_mail(
        session,
        FolderTransport(tmp_path),
        mail_id=mail.id or 0,
        environments=make_environments(timezone="Europe/Berlin"),
        settings=settings,
        now=make.NOW + timedelta(minutes=1),
    )

    (file,) = tmp_path.iterdir()
    message = email.message_from_bytes(file.read_bytes())
    (paper,) = [part for part in message.walk() if part.get_content_type() == "application/pdf"]
    assert paper.get_filename() == f"{invoice.number}.pdf"
    assert paper.get_payload(decode=True) == b"%PDF the very bytes"
    session.expire_all()
    assert session.get_one(Mail, mail.id).state is MailState.SENT
