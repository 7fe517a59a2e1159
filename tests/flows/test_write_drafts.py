"""What shall become a document, and when: deliveries, month ends, refunds, and whatever was forgotten."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from app.core.db import Database
from app.core.transaction import transaction
from app.invoices.rules.document import DocumentKind, from_json
from app.ordering.rules.pricing import ChargeKind, PricedCharge
from app.ordering.rules.states import OrderKind, OrderState
from app.ordering.rules.vat import VatCase
from app.payments.rules.states import RefundState
from app.policy.models import PolicyVersion
from app.settings import Settings
from tests.invoices.amounts import check_amounts
from tests.invoices.books import NOW, Books, open_books


@pytest.fixture
def books(session: Session, database: Database, settings: Settings) -> Books:
    return open_books(session, database, settings)


def test_a_refund_of_an_invoiced_order_gets_its_correction_and_the_rest_goes_back_to_the_cent(
    books: Books,
) -> None:
    order = books.order((2, 3), charges=(PricedCharge(ChargeKind.LOW_QUANTITY, 777),))
    original = books.invoiced(order)
    books.refund(order, 1_234, pieces=1)
    books.refund(order, order.gross_cents - 1_234)

    assert books.sweep() == 2
    assert books.issue_all() == ["RK-2026-000001", "RK-2026-000002"]

    first, second = books.invoices(order)[1:]
    assert [one.corrects_id for one in (first, second)] == [original.id, original.id]
    assert (first.gross_cents, first.gross_cents + second.gross_cents) == (1_234, order.gross_cents)
    assert first.vat_cents + second.vat_cents == original.vat_cents
    for correction in (first, second):
        check_amounts(from_json(correction.document), is_vat_exact=False)
    assert [mail.kind for mail in books.mails()] == ["invoice", "credit_note", "credit_note"]
    assert books.sweep() == 0


def test_corrections_of_more_than_the_invoice_are_blocked(books: Books) -> None:
    order = books.order((0, 1))
    books.invoiced(order)
    books.refund(order, order.gross_cents)
    books.refund(order, 1)
    books.sweep()

    assert books.issue_all() == ["RK-2026-000001", None]

    assert (books.drafts()[-1].problem or {})["code"] == "invoice.over_corrected"


def test_an_order_that_was_paid_back_before_its_invoice_gets_none(books: Books) -> None:
    order = books.order((0, 1))
    (draft_id,) = books.draft(order)
    books.refund(order, order.gross_cents)

    assert books.issue(draft_id) is None
    assert (books.sweep(), books.drafts(), books.invoices()) == (0, [], [])


def test_a_refund_that_the_bank_refused_before_the_invoice_lets_it_be_written(books: Books) -> None:
    order = books.order((0, 1))
    refund = books.refund(order, order.gross_cents, state=RefundState.ASKED)
    assert books.sweep() == 0
    books.change(refund, state=RefundState.FAILED)

    assert books.sweep() == 1
    assert books.issue_all() == ["RE-2026-000001"]


def test_a_replacement_gets_no_invoice(books: Books) -> None:
    order = books.order((0, 1), kind=OrderKind.REPLACEMENT)
    (draft_id,) = books.draft(order)

    assert books.issue(draft_id) is None
    assert (books.sweep(), books.drafts()) == (0, [])


def test_an_order_paid_in_a_month_that_ended_gets_its_invoice_before_the_delivery_and_no_second_one(
    books: Books,
) -> None:
    order = books.order((0, 1), state=OrderState.ACCEPTED, paid_at=datetime(2026, 2, 28, 22, 30, tzinfo=UTC))
    books.order((0, 1), state=OrderState.ACCEPTED, paid_at=datetime(2026, 2, 28, 23, 30, tzinfo=UTC))

    assert books.sweep(is_whole=False) == 1
    books.issue_all()

    (invoice,) = books.invoices()
    document = from_json(invoice.document)
    assert (invoice.order_id, invoice.kind, invoice.number) == (
        order.id,
        DocumentKind.PREPAYMENT,
        "RE-2026-000001",
    )
    assert (document.supplied_on, document.expected_on) == (None, date(2026, 3, 12))
    books.change(order, state=OrderState.DISPATCHED, dispatched_at=NOW)
    assert (books.draft(order), books.sweep()) == ([], 0)


def test_goods_that_leave_the_country_are_not_invoiced_before_they_leave(
    session: Session, database: Database, settings: Settings
) -> None:
    books = open_books(session, database, settings, country="AT", vat_id="ATU13585627")
    long_ago = NOW - timedelta(days=60)
    books.order((0, 1), case=VatCase.INTRA_COMMUNITY, state=OrderState.ACCEPTED, paid_at=long_ago)

    assert books.sweep() == 0


def test_where_the_policy_wants_it_an_order_is_invoiced_when_it_is_paid(
    books: Books, session: Session
) -> None:
    books.order((0, 1), state=OrderState.ACCEPTED)
    assert books.sweep() == 0
    with transaction(session):
        row = session.exec(select(PolicyVersion).order_by(col(PolicyVersion.id).desc())).first()
        values = {**(row.values if row else {}), "invoice_at": "payment"}
        session.add(PolicyVersion(values=values, changed_by="Robin", created_at=NOW))

    assert books.sweep() == 1
    books.issue_all()

    assert [invoice.kind for invoice in books.invoices()] == [DocumentKind.PREPAYMENT]


def test_a_draft_from_before_the_delivery_that_is_issued_after_it_is_an_ordinary_invoice(
    books: Books,
) -> None:
    order = books.order((0, 1))
    books.draft(order, kind=DocumentKind.PREPAYMENT)

    books.issue_all()

    assert [invoice.kind for invoice in books.invoices()] == [DocumentKind.INVOICE]


def test_the_sweep_finds_orders_and_drafts_that_everything_else_forgot(books: Books) -> None:
    books.order((0, 1))
    assert books.sweep(is_whole=False) == 0
    assert books.sweep() == 1
    books.now += timedelta(minutes=11)
    assert books.sweep() == 0

    with books.database.read_session() as session:
        jobs = session.execute(text("SELECT count(*) FROM jobs WHERE kind = 'issue_invoice'")).scalar_one()
    assert jobs == 2
