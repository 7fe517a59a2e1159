"""A paper goes with its e-mail, unchanged, and no e-mail leaves without the paper it names."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor
from app.core.db import Database
from app.core.rendering import make_environments
from app.core.transaction import transaction
from app.flows.retry_mail import send_again
from app.flows.send_mail import give_up, send_mail
from app.invoices.models import Invoice
from app.mail.models import Mail, MailState
from app.mail.service import put_mail
from app.mail.transport import open_transport
from app.settings import Settings
from tests import make
from tests.flows.letterbox import Sink, served

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40 + b"\n.\r\n.\n%%EOF"
ENVIRONMENTS = make_environments(timezone="Europe/Berlin")
ACTOR = Actor(ActorKind.STAFF, "Robin", 7)


@pytest.fixture
def sink() -> Iterator[tuple[Sink, str]]:
    handler = Sink()
    with served(handler) as url:
        yield handler, url


def invoice(session: Session, *, number: str = "RE-2026-000001") -> Invoice:
    buyer = make.customer(session)
    order = make.order(session, of=buyer, by=make.contact(session, of=buyer), bundle=None)
    values: dict[str, Any] = {
        "number": number, "kind": "invoice", "order_id": order.id, "customer_id": buyer.id, "issued_at": make.NOW,
        "issued_on": date(2026, 3, 2), "language": "en", "vat_case": order.vat_case, "net_cents": 2_500,
        "vat_cents": 475, "gross_cents": 2_975, "buyer_name": buyer.company_name, "buyer_country": "DE",
        "document": {}, "report": {}, "xml": b"<x/>", "xml_sha256": "0", "pdf": PDF, "pdf_sha256": "0",
        "retain_until": date(2034, 12, 31),
    }  # fmt: skip
    return make.saved(session, Invoice(**values))


def put(session: Session, now: datetime, *, papers: list[dict[str, Any]]) -> int:
    with transaction(session):
        put_mail(
            session, "order_being_checked", key="k", to="a@b.example", language="en", object_kind="order",
            object_id=1, now=now, attachments=papers, contact_name="Kim", number="S-1", amount_cents=2_975,
        )  # fmt: skip
    return session.exec(select(Mail)).one().id or 0


def send(session: Session, url: str, mail_id: int, settings: Settings, now: datetime) -> None:
    transport = open_transport(url)
    send_mail(session, transport, mail_id=mail_id, environments=ENVIRONMENTS, settings=settings, now=now)


def test_a_paper_arrives_byte_for_byte_under_its_number(
    session: Session, sink: tuple[Sink, str], settings: Settings, now: datetime
) -> None:
    server, url = sink
    paper = invoice(session)
    mail_id = put(session, now, papers=[{"kind": "invoice_pdf", "id": paper.id}])

    send(session, url, mail_id, settings, now)

    [file] = server.last().iter_attachments()
    assert (file.get_content_type(), file.get_filename()) == ("application/pdf", "RE-2026-000001.pdf")
    assert file.get_payload(decode=True) == PDF
    text = server.last().get_body()
    assert text is not None
    assert settings.seller_register_number in text.get_content()
    assert session.get_one(Mail, mail_id).state is MailState.SENT


def test_the_name_of_a_paper_can_be_no_folder_and_no_second_header(
    session: Session, sink: tuple[Sink, str], settings: Settings, now: datetime
) -> None:
    server, url = sink
    paper = invoice(session, number="../../RE 1\r\nX: y")
    mail_id = put(session, now, papers=[{"kind": "invoice_pdf", "id": paper.id}])

    send(session, url, mail_id, settings, now)

    [file] = server.last().iter_attachments()
    assert file.get_filename() == "RE-1-X-y.pdf"
    assert file["X"] is None


@pytest.mark.parametrize("paper", [{"kind": "invoice_pdf", "id": 4711}, {"kind": "unknown", "id": 1}, {}])
def test_an_e_mail_never_leaves_without_the_paper_that_it_names(
    session: Session, sink: tuple[Sink, str], settings: Settings, now: datetime, paper: dict[str, Any]
) -> None:
    server, url = sink
    mail_id = put(session, now, papers=[paper])

    with pytest.raises(LookupError):
        send(session, url, mail_id, settings, now)
    waiting = session.get_one(Mail, mail_id, populate_existing=True)
    assert (waiting.state, (waiting.error or "").partition(":")[0]) == (MailState.QUEUED, "LookupError")
    session.rollback()
    give_up(session, mail_id=mail_id, error="LookupError: no paper")

    assert session.get_one(Mail, mail_id, populate_existing=True).state is MailState.FAILED
    assert server.messages == []


def test_an_e_mail_that_is_sent_once_more_takes_its_paper_along(
    session: Session, database: Database, sink: tuple[Sink, str], settings: Settings, now: datetime
) -> None:
    server, url = sink
    paper = invoice(session)
    mail_id = put(session, now, papers=[{"kind": "invoice_pdf", "id": paper.id}])
    send(session, url, mail_id, settings, now)

    send_again(
        session,
        mail_id,
        request_key="once",
        environments=ENVIRONMENTS,
        settings=settings,
        actor=ACTOR,
        now=now,
    )
    session.rollback()
    copy = session.exec(select(Mail).order_by(col(Mail.id).desc())).first()
    assert copy is not None
    send(session, url, copy.id or 0, settings, now)

    assert len(server.messages) == 2
    assert [file.get_payload(decode=True) for file in server.last().iter_attachments()] == [PDF]
