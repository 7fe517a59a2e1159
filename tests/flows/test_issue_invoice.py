"""Drafts become documents: once, numbered without a gap, or not at all."""

import hashlib
import threading
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.audit.service import SYSTEM
from app.core.db import Database, open_database
from app.core.errors import Unavailable
from app.core.transaction import transaction
from app.customers.rules.vat_answers import VatOutcome
from app.flows import issue_invoice as flow
from app.flows.issue_invoice import give_up_issuing, try_again
from app.invoices.models import Invoice, InvoiceTax
from app.invoices.paper import invoice_pdf
from app.invoices.rules.document import DraftState, from_json
from app.invoices.xml import write_xml
from app.jobs.models import Job
from app.ordering.models import OrderTax
from app.ordering.rules.pricing import ChargeKind, PricedCharge
from app.ordering.rules.states import OrderState
from app.ordering.rules.vat import VatCase
from app.ordering.service_freeze import freeze_sales, open_sales
from app.settings import Settings
from tests.fakes import FakeChecker
from tests.flows.test_stock_race import run_at_once
from tests.invoices.amounts import check_amounts
from tests.invoices.books import NOW, Books, open_books
from tests.races import around_transaction

BROKEN = {"rule": "BR-CO-15", "flag": "fatal", "text": "the sum is wrong"}
MODULE = "app.flows.issue_invoice"


@pytest.fixture
def books(session: Session, database: Database, settings: Settings) -> Books:
    return open_books(session, database, settings)


def test_a_dispatched_order_gets_its_invoice_with_all_its_amounts_its_bytes_and_one_mail(
    books: Books,
) -> None:
    surcharge = PricedCharge(ChargeKind.LOW_QUANTITY, 990)
    order = books.order((2, 3), (0, 1), charges=(surcharge,))
    (draft_id,) = books.draft(order)

    number = books.issue(draft_id)

    (invoice,) = books.invoices(order)
    document = from_json(invoice.document)
    assert number == invoice.number == document.number == "RE-2026-000001"
    check_amounts(document)
    assert (invoice.gross_cents, document.gross_cents) == (order.gross_cents, order.gross_cents)
    assert (document.supplied_on, invoice.supplied_on, document.paid and document.paid.paid_on) == (
        date(2026, 3, 10),
        date(2026, 3, 10),
        date(2026, 3, 2),
    )
    assert document.lines[0].description == "2 × " + document.lines[0].description.removeprefix("2 × ")
    assert invoice.xml == write_xml(document)
    assert hashlib.sha256(invoice.xml).hexdigest() == invoice.xml_sha256
    assert hashlib.sha256(invoice.pdf).hexdigest() == invoice.pdf_sha256
    assert invoice.retain_until == date(2034, 12, 31)
    (mail,) = books.mails()
    assert (mail.kind, mail.attachments) == ("invoice", [{"kind": "invoice_pdf", "id": invoice.id}])
    with books.database.read_session() as session:
        taxes = session.exec(select(InvoiceTax).where(col(InvoiceTax.invoice_id) == invoice.id)).all()
        of_order = session.exec(select(OrderTax).where(col(OrderTax.order_id) == order.id)).all()
        entry = session.exec(select(AuditEntry).where(col(AuditEntry.action) == "invoice.issued")).one()
    assert {(tax.vat_rate_bp, tax.net_cents, tax.vat_cents) for tax in taxes} == {
        (tax.vat_rate_bp, tax.net_cents, tax.vat_cents) for tax in of_order
    }
    assert (entry.object_id, (entry.new or {})["number"]) == (order.id, number)


def test_issued_twice_is_issued_once(books: Books) -> None:
    (draft_id,) = books.draft(books.order((0, 1)))

    assert [books.issue(draft_id), books.issue(draft_id)] == ["RE-2026-000001", None]

    assert books.numbers() == ["RE-2026-000001"]
    assert len(books.mails()) == 1


def test_what_the_rules_refuse_gets_no_number_and_waits_for_a_person_who_has_it_tried_again(
    books: Books,
) -> None:
    (draft_id,) = books.draft(books.order((0, 1)))
    books.checker = FakeChecker(BROKEN)

    assert books.issue(draft_id) is None

    (draft,) = books.drafts()
    assert (draft.state, books.invoices(), books.mails()) == (DraftState.BLOCKED, [], [])
    assert draft.problem is not None
    assert (draft.problem["code"], draft.problem["findings"]) == ("invoice.not_valid", [BROKEN])
    books.checker = FakeChecker()
    assert books.issue(draft_id) is None
    with books.database.session() as session:
        assert try_again(session, draft_id=draft_id, actor=SYSTEM, now=NOW)
        assert not try_again(session, draft_id=draft_id, actor=SYSTEM, now=NOW)
    assert books.issue(draft_id) == "RE-2026-000001"


def test_a_warning_of_the_rules_is_kept_with_the_invoice_and_refuses_nothing(books: Books) -> None:
    warning = {"rule": "R-1", "flag": "warning", "text": "unusual"}
    books.checker = FakeChecker(warning)

    invoice = books.invoiced(books.order((0, 1)))

    assert invoice.report["findings"] == [warning]


def test_while_the_check_does_not_answer_the_draft_waits(books: Books) -> None:
    (draft_id,) = books.draft(books.order((0, 1)))
    silent = FakeChecker()
    silent.failure = Unavailable("no answer", code="invoice.check_unavailable")
    books.checker = silent

    with pytest.raises(Unavailable):
        books.issue(draft_id)

    assert (books.waiting(), books.invoices()) == ([draft_id], [])


def test_a_program_error_to_the_last_try_blocks_the_draft_with_the_error(books: Books) -> None:
    (draft_id,) = books.draft(books.order((0, 1)))

    with books.database.session() as session:
        give_up_issuing(session, draft_id=draft_id, error="KeyError: x", now=NOW)

    (draft,) = books.drafts()
    assert draft.state is DraftState.BLOCKED
    assert draft.problem is not None
    assert draft.problem["detail"] == "KeyError: x"


def test_what_does_not_add_up_is_blocked(books: Books) -> None:
    order = books.order((0, 1))
    with books.database.session() as session, transaction(session):
        tax = session.exec(select(OrderTax).where(col(OrderTax.order_id) == order.id)).one()
        tax.net_cents -= 1
    (draft_id,) = books.draft(order)

    assert books.issue(draft_id) is None

    (draft,) = books.drafts()
    assert draft.problem is not None
    assert (draft.state, draft.problem["code"]) == (DraftState.BLOCKED, "invoice.sums")
    assert books.invoices() == []


def test_the_vat_id_of_an_invoice_without_vat_is_asked_about_first(
    session: Session, database: Database, settings: Settings
) -> None:
    books = open_books(session, database, settings, country="AT", vat_id="ATU13585627")
    (draft_id,) = books.draft(books.order((0, 1), case=VatCase.INTRA_COMMUNITY, vat_id="ATU13585627"))

    assert books.issue(draft_id) is None

    assert (books.waiting(), books.invoices()) == ([draft_id], [])
    with database.read_session() as reading:
        jobs = reading.exec(select(Job).where(col(Job.key).is_not(None)).order_by(col(Job.id))).all()
    asked, again = jobs[-2:]
    assert (asked.kind, asked.args["vat_id"], asked.args["purpose"]) == (
        "check_vat_id",
        "ATU13585627",
        "invoice",
    )
    assert (again.kind, again.args, again.run_at) == (
        "issue_invoice",
        {"draft_id": draft_id},
        NOW + timedelta(seconds=30),
    )
    books.prove("ATU13585627", VatOutcome.VALID)
    assert books.issue(draft_id) == "RE-2026-000001"
    document = from_json(books.invoices()[0].document)
    assert (document.buyer.vat_id, document.taxes[0].exemption_code) == ("ATU13585627", "VATEX-EU-IC")


def test_no_invoice_without_vat_whose_vat_id_is_not_valid_any_more(
    session: Session, database: Database, settings: Settings
) -> None:
    books = open_books(session, database, settings, country="AT", vat_id="ATU13585627")
    (draft_id,) = books.draft(books.order((0, 1), case=VatCase.INTRA_COMMUNITY))
    books.prove("ATU13585627", VatOutcome.INVALID)

    assert books.issue(draft_id) is None

    (draft,) = books.drafts()
    assert (draft.state, (draft.problem or {})["code"]) == (
        DraftState.BLOCKED,
        "invoice.vat_id_not_confirmed",
    )
    assert books.invoices() == []


def test_a_service_that_is_done_gets_an_invoice_of_one_line(books: Books) -> None:
    invoice = books.invoiced(books.service())

    (line,) = from_json(invoice.document).lines
    assert (line.name, line.quantity, line.unit_code, line.price_cents) == ("Telefonhilfe", 2, "C62", 1_250)
    assert from_json(invoice.document).ship_to is None


def test_the_order_says_whose_name_and_reference_stand_on_the_invoice(books: Books) -> None:
    order = books.order((0, 1))
    books.say(
        order,
        name="Probst Holding SE",
        street="Ring 1",
        postal_code="10115",
        city="Berlin",
        country="DE",
        buyer_reference="04011000-12345-34",
    )
    books.draft(order)

    books.issue_all()

    document = from_json(books.invoices()[0].document)
    assert (document.buyer.name, document.buyer.city, document.buyer_reference) == (
        "Probst Holding SE",
        "Berlin",
        "04011000-12345-34",
    )


def test_numbers_begin_anew_with_the_local_year(books: Books) -> None:
    orders = [books.order((0, 1)) for _ in range(3)]
    ids = books.draft(*orders)
    found = []
    for draft_id, now in zip(
        ids,
        (
            datetime(2026, 12, 31, 22, 59, tzinfo=UTC),
            datetime(2026, 12, 31, 23, 0, tzinfo=UTC),
            datetime(2027, 1, 1, 12, 0, tzinfo=UTC),
        ),
        strict=True,
    ):
        books.now = now
        found.append(books.issue(draft_id))

    assert found == ["RE-2026-000001", "RE-2027-000001", "RE-2027-000002"]
    assert [invoice.issued_on for invoice in books.invoices()] == [
        date(2026, 12, 31),
        date(2027, 1, 1),
        date(2027, 1, 1),
    ]


@pytest.mark.parametrize("back", [timedelta(minutes=1), timedelta(hours=2), timedelta(days=400)])
def test_while_the_clock_stands_before_the_last_invoice_none_is_issued(books: Books, back: timedelta) -> None:
    first, second = books.draft(books.order((0, 1)), books.order((0, 1)))
    books.issue(first)
    books.now -= back

    with pytest.raises(Unavailable) as held:
        books.issue(second)

    assert held.value.code == "invoice.clock"
    assert (books.numbers(), books.waiting()) == (["RE-2026-000001"], [second])
    books.now = NOW + timedelta(seconds=1)
    assert books.issue(second) == "RE-2026-000002"


def test_two_clocks_that_are_seconds_apart_make_no_invoice_earlier_than_the_one_before(books: Books) -> None:
    first, second = books.draft(books.order((0, 1)), books.order((0, 1)))
    books.issue(first)
    books.now -= timedelta(seconds=3)

    assert books.issue(second) == "RE-2026-000002"
    assert [invoice.issued_at for invoice in books.invoices()] == [NOW, NOW]


def test_a_number_that_another_worker_took_meanwhile_is_never_used_twice(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = books.draft(books.order((0, 1)), books.order((0, 2)))
    monkeypatch.setattr(flow, "_NUMBERING", nullcontext())
    checker = FakeChecker()
    slow = replace(books, checker=checker)
    around_transaction(monkeypatch, MODULE, before=lambda: books.issue(second))

    assert slow.issue(first) == "RE-2026-000002"

    by_draft = {draft.id: draft.invoice_id for draft in books.drafts()}
    rows = {invoice.id: invoice for invoice in books.invoices()}
    late = rows[by_draft[first] or 0]
    assert rows[by_draft[second] or 0].number == "RE-2026-000001"
    assert b"RE-2026-000002" in late.xml
    assert b"RE-2026-000002" in late.pdf
    assert b"RE-2026-000001" not in late.xml + late.pdf
    # Only the number differs from what was checked.
    assert checker.count == 1


def test_what_changed_between_check_and_number_is_made_and_checked_anew(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = books.order((0, 1))
    (draft_id,) = books.draft(order)
    checker = FakeChecker()
    books.checker = checker
    around_transaction(monkeypatch, MODULE, before=lambda: books.say(order, buyer_reference="late but right"))

    books.issue(draft_id)

    (invoice,) = books.invoices()
    assert from_json(invoice.document).buyer_reference == "late but right"
    assert (invoice.number, checker.count) == ("RE-2026-000001", 2)


def test_an_order_whose_money_goes_back_at_that_moment_gets_no_invoice_and_takes_no_number(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = books.order((0, 1))
    (draft_id,) = books.draft(order)
    around_transaction(monkeypatch, MODULE, before=lambda: books.refund(order, order.gross_cents) and None)

    assert books.issue(draft_id) is None
    assert books.invoices() == []
    assert books.invoiced(books.order((0, 1))).number == "RE-2026-000001"


def test_many_workers_at_once_number_without_gap_or_double(
    books: Books, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 12
    ids = books.draft(*[books.order((0, 1)) for _ in range(count)])
    monkeypatch.setattr(flow, "_NUMBERING", nullcontext())
    monkeypatch.setattr(flow, "MOST_TRIES", 500)
    twins = [open_database(database.url) for _ in range(4)]
    lock = threading.Lock()
    waiting = list(ids)

    def work(place: Database) -> None:
        while True:
            with lock:
                if not waiting:
                    return
                draft_id = waiting.pop()
            books.issue(draft_id, database=place)

    try:
        failures = run_at_once([lambda place=place: work(place) for place in twins])  # type: ignore[misc]
    finally:
        for place in twins:
            place.close()

    invoices = books.invoices()
    assert failures == []
    assert [invoice.number for invoice in invoices] == [f"RE-2026-{n:06d}" for n in range(1, count + 1)]
    assert all(invoice.number.encode() in invoice.xml for invoice in invoices)
    assert [invoice.issued_at for invoice in invoices] == sorted(invoice.issued_at for invoice in invoices)


def test_one_draft_in_two_hands_becomes_one_invoice(
    books: Books, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    (draft_id,) = books.draft(books.order((0, 1)))
    monkeypatch.setattr(flow, "_NUMBERING", nullcontext())
    around_transaction(monkeypatch, MODULE, before=lambda: books.issue(draft_id) and None)

    assert books.issue(draft_id) is None
    assert books.numbers() == ["RE-2026-000001"]


@pytest.mark.parametrize("model", [Invoice, InvoiceTax])
def test_nobody_changes_or_deletes_what_was_issued(
    books: Books, model: type[Invoice] | type[InvoiceTax]
) -> None:
    invoice = books.invoiced(books.order((0, 1)))

    for statement in (update(model).values(net_cents=1), delete(model)):
        with (
            books.database.session() as session,
            pytest.raises(DatabaseError, match=r"append-only|is kept"),
            transaction(session),
        ):
            session.execute(statement.execution_options(synchronize_session=False))

    assert books.invoices() == [invoice]


def test_the_printed_invoice_carries_its_xml_and_is_made_again_byte_by_byte(books: Books) -> None:
    books.render = invoice_pdf

    invoice = books.invoiced(books.order((2, 2)))

    document = from_json(invoice.document)
    assert invoice.pdf.startswith(b"%PDF")
    assert invoice_pdf(document, write_xml(document)) == invoice.pdf


def test_an_ordinary_invoice_waits_for_the_delivery(books: Books) -> None:
    order = books.order((0, 1), state=OrderState.ACCEPTED)
    (draft_id,) = books.draft(order)

    assert books.issue(draft_id) is None
    assert (books.drafts()[0].problem or {})["code"] == "invoice.no_delivery"


def test_no_document_is_numbered_while_sales_are_frozen_and_the_draft_waits(books: Books) -> None:
    (draft_id,) = books.draft(books.order((2, 3)))
    with books.database.session() as session, transaction(session):
        freeze_sales(session, backup_made_at=NOW, now=NOW)

    assert (books.issue(draft_id), books.waiting(), books.numbers()) == (None, [draft_id], [])
    with books.database.read_session() as session:
        again = session.exec(select(Job).where(col(Job.key).startswith("issue_invoice_frozen:"))).one()
    assert (again.args, again.run_at) == ({"draft_id": draft_id}, NOW + flow.LOOK_LATER)

    with books.database.session() as session, transaction(session):
        open_sales(session, by="drill", now=NOW)
    assert books.issue(draft_id) == "RE-2026-000001"
