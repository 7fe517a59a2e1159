"""Documents at the desk: found, read, sent once more and downloaded; drafts changed before they are issued."""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from sqlmodel import Session, select

from app.audit.models import AuditEntry
from app.core.transaction import transaction
from app.customers.models import Customer
from app.invoices.models import BillingProfile, Invoice, InvoiceDraft, OrderBilling
from app.invoices.queries_documents import amounts_in
from app.invoices.rules.document import DraftState
from app.invoices.service_mail import mail_invoice
from app.jobs.models import Job
from app.mail.models import Mail
from app.ordering.models import Order
from app.ordering.rules.states import OrderState
from app.staff.rules.roles import Role
from tests import make, make_invoice
from tests.web.admin.conftest import fresh


@pytest.fixture
def order(session: Session) -> Order:
    company = make.customer(session, company_name="Brunner GmbH")
    return make.order(
        session,
        of=company,
        by=make.contact(session, of=company),
        bundle=None,
        state=OrderState.ACCEPTED,
        accepted_at=make.NOW,
    )


@pytest.fixture
def desk(session: Session, browser: Callable[..., Any]) -> Any:
    return browser(make.staff_member(session, role=Role.FINANCE))


def numbers(text: str, *documents: Invoice) -> list[bool]:
    return [f'href="/admin/invoices/{one.number}"' in text for one in documents]


def test_documents_are_found_by_number_company_order_amount_kind_and_month(
    session: Session, desk: Any, order: Order
) -> None:
    first = make_invoice.invoice(session, of=order, issued_on=date(2026, 10, 31))
    fixed = make_invoice.correction_of(session, first, of=order)

    for query, found in (
        ("", [True, True]),
        (f"q={first.number[-9:].lower()}", [True, False]),
        (f"q={order.number}", [True, True]),
        ("q=brunner", [True, True]),
        ("q=411,53", [False, True]),
        ("q=1.359,06", [True, False]),
        ("q=1,359.06", [True, False]),
        ("q=nothing", [False, False]),
        ("kind=correction", [False, True]),
        ("month=2026-10", [True, False]),
        ("month=2026-12", [False, True]),
        ("month=soon", [True, True]),
    ):
        assert numbers(desk.get(f"/admin/invoices?{query}").text, first, fixed) == found, query


@pytest.mark.parametrize(
    ("text", "cents"),
    [
        ("1359", [135_900]), ("1.359,06", [135_906]), ("1,359.06", [135_906]), ("1359,06 €", [135_906]), ("0.50", [50]),
        ("RE-2026", []), ("1.2.3", []), ("99999999999", []),
    ],
)  # fmt: skip
def test_an_amount_is_understood_as_people_write_it(text: str, cents: list[int]) -> None:
    assert list(amounts_in(text)) == cents


def test_a_document_shows_its_hashes_files_and_emails(session: Session, desk: Any, order: Order) -> None:
    invoice = make_invoice.invoice(session, of=order)
    with transaction(session):
        mail_invoice(session, session.get_one(Invoice, invoice.id), now=make.NOW)
    mail = session.exec(select(Mail)).one()

    text = desk.get(f"/admin/invoices/{invoice.number}").text

    for said in (
        invoice.pdf_sha256,
        invoice.xml_sha256,
        "€1,359.06",
        "Brunner Werkstatt GmbH",
        mail.to_address,
    ):
        assert said in text, said
    assert desk.get(f"/admin/invoices/{invoice.number}.pdf").content == make_invoice.PDF
    assert desk.get(f"/admin/invoices/{invoice.number}.xml").content == make_invoice.XML
    assert b"xrechnung_3.0" in desk.get(f"/admin/invoices/{invoice.number}.xml?format=xrechnung").content
    assert desk.get("/admin/invoices/RE-2026-999999.pdf").status_code == 404


def test_two_clicks_send_it_once_more_and_a_new_page_again(session: Session, desk: Any, order: Order) -> None:
    invoice = make_invoice.invoice(session, of=order)

    done = [
        desk.submit(f"/admin/invoices/{invoice.number}/resend", {"request_key": key}).headers["location"]
        for key in ("a", "a", "b")
    ]

    assert [one.rpartition("=")[2] for one in done] == ["sent_again", "unchanged", "sent_again"]
    assert [mail.values["is_again"] for mail in session.exec(select(Mail)).all()] == [True, True]
    actions = [entry.action for entry in session.exec(select(AuditEntry)).all()]
    assert actions.count("invoice.sent_again") == 2


def test_papers_of_a_month_or_those_ticked_come_as_one_file(
    session: Session, desk: Any, order: Order
) -> None:
    first = make_invoice.invoice(session, of=order, pdf=b"%PDF first")
    fixed = make_invoice.correction_of(session, first, of=order, pdf=b"%PDF second")

    def papers(query: str) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(desk.get(f"/admin/invoices/papers.zip?{query}").content)) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name) for name in archive.namelist()}

    assert papers("month=2026-11") == {f"{first.number}.pdf": b"%PDF first"}
    assert papers(f"id={first.id}&id={fixed.id}") == {
        f"{first.number}.pdf": b"%PDF first",
        f"{fixed.number}.pdf": b"%PDF second",
    }
    assert papers("id=x&id=99999999999999") == papers("") == papers("month=2020-01") == {}


def test_many_papers_are_read_a_few_at_a_time(
    session: Session, desk: Any, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoice = make_invoice.invoice(session, of=order)
    for _ in range(6):
        make_invoice.correction_of(session, invoice, of=order)
    monkeypatch.setattr("app.invoices.queries_documents.BATCH", 2)

    answer = desk.get("/admin/invoices/papers.zip?month=2026-12")

    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert len(archive.namelist()) == 6


def test_who_may_only_look_downloads_no_month_and_sends_nothing(
    session: Session, browser: Callable[..., Any], order: Order
) -> None:
    viewer = browser(make.staff_member(session, role=Role.VIEWER))
    invoice = make_invoice.invoice(session, of=order)

    assert viewer.get(f"/admin/invoices/{invoice.number}").status_code == 200
    assert viewer.get("/admin/invoices/papers.zip?month=2026-11").status_code == 403
    assert viewer.submit(f"/admin/invoices/{invoice.number}/resend", {"request_key": "a"}).status_code == 403
    assert session.exec(select(Mail)).all() == []


def test_a_blocked_draft_says_why_and_what_stands_on_it_can_be_changed(
    session: Session, desk: Any, order: Order
) -> None:
    draft = make_invoice.draft(session, of=order, state=DraftState.BLOCKED, problem=make_invoice.PROBLEM)
    at = f"/admin/invoices/drafts/{draft.id}"

    assert order.number in desk.get("/admin/invoices?state=blocked").text
    assert order.number not in desk.get("/admin/invoices?state=waiting").text
    text = desk.get(at).text
    assert "BR-S-08" in text
    assert "The sums differ." in text
    wrong = desk.submit(at, {"buyer_reference": "4711", "street": "Ring 1"})
    assert (wrong.status_code, wrong.text.count("Please fill in name and address")) == (422, 8)
    assert 'value="4711"' in wrong.text
    whole = {"name": "Huber OG", "street": "Ring 1", "postal_code": "1010", "city": "Wien", "country": "AT"}
    for expected in ("draft_changed", "unchanged"):
        answer = desk.submit(at, {"buyer_reference": "4711", **whole})
        assert answer.headers["location"].endswith(f"done={expected}")

    session.rollback()
    kept = session.get_one(OrderBilling, order.id)
    assert (kept.buyer_reference, kept.name, kept.country) == ("4711", "Huber OG", "AT")


def test_what_stands_on_an_invoice_is_said_on_the_order_before_there_is_a_draft(
    session: Session, desk: Any, browser: Callable[..., Any], order: Order
) -> None:
    viewer = browser(make.staff_member(session, role=Role.VIEWER))
    at = f"/admin/orders/{order.number}"
    assert f'href="{at}/billing"' in desk.get(at).text
    wrong = desk.submit(f"{at}/billing", {"buyer_reference": "4711", "street": "Ring 1"})
    assert (wrong.status_code, 'value="4711"' in wrong.text) == (422, True)
    assert session.get(OrderBilling, order.id) is None

    assert viewer.submit(f"{at}/billing", {"buyer_reference": "4711"}).status_code == 403
    answer = desk.submit(f"{at}/billing", {"buyer_reference": "4711"})

    assert answer.headers["location"] == f"{at}?done=draft_changed"
    assert "4711" in desk.get(at).text
    assert 'value="4711"' in desk.get(f"{at}/billing").text
    assert session.exec(select(InvoiceDraft)).all() == []
    make_invoice.invoice(session, of=order)
    late = desk.submit(f"{at}/billing", {"buyer_reference": "4712"})
    session.rollback()
    assert (late.status_code, session.get_one(OrderBilling, order.id).buyer_reference) == (409, "4711")
    assert f'href="{at}/billing"' not in desk.get(at).text


def test_the_page_of_a_company_says_where_it_wants_its_invoices(
    session: Session, desk: Any, order: Order
) -> None:
    make.saved(
        session,
        BillingProfile(
            customer_id=order.customer_id,
            email="rechnung@probst.example",
            buyer_reference="K-77",
            changed_at=make.NOW,
        ),
    )

    number = session.get_one(Customer, order.customer_id).number
    text = desk.get(f"/admin/customers/{number}").text

    assert "rechnung@probst.example" in text
    assert "K-77" in text


def test_what_is_issued_is_changed_by_nobody(session: Session, desk: Any, order: Order) -> None:
    invoice = make_invoice.invoice(session, of=order)
    draft = make_invoice.draft(session, of=order, state=DraftState.ISSUED, invoice_id=invoice.id)

    answer = desk.submit(f"/admin/invoices/drafts/{draft.id}", {"buyer_reference": "4711"})

    assert answer.status_code == 409
    assert "This document is issued and stays as it is." in answer.text
    assert session.get(OrderBilling, order.id) is None


def test_trying_again_puts_the_work_once_and_the_reason_away(
    session: Session, desk: Any, order: Order
) -> None:
    draft = make_invoice.draft(session, of=order, state=DraftState.BLOCKED, problem=make_invoice.PROBLEM)
    at = f"/admin/invoices/drafts/{draft.id}"
    assert "Try again" in desk.get(at).text

    done = [desk.submit(f"{at}/retry").headers["location"].rpartition("=")[2] for _ in range(2)]

    assert done == ["draft_retried", "unchanged"]
    kept = fresh(session, draft)
    assert (kept.state, kept.problem) == (DraftState.WAITING, None)
    jobs = session.exec(select(Job).where(Job.kind == "issue_invoice")).all()
    assert [job.args for job in jobs] == [{"draft_id": draft.id}]
    assert "Try again" not in desk.get(at).text


def test_the_page_of_an_order_leads_to_its_documents_and_to_what_waits(
    session: Session, desk: Any, order: Order
) -> None:
    assert "/admin/invoices/RE-" not in desk.get(f"/admin/orders/{order.number}").text
    invoice = make_invoice.invoice(session, of=order)
    draft = make_invoice.draft(session, of=order, state=DraftState.BLOCKED, problem=make_invoice.PROBLEM)

    text = desk.get(f"/admin/orders/{order.number}").text

    assert f'href="/admin/invoices/{invoice.number}"' in text
    assert f'href="/admin/invoices/drafts/{draft.id}"' in text
