"""Papers go when their time is over; before that the database itself keeps them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, select

from app.audit.models import AuditEntry
from app.audit.service import SYSTEM
from app.books.queries_retention import Due, Kept, list_kept
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.flows.delete_old_papers import delete_old_papers
from app.flows.write_drafts import write_drafts
from app.insights.invariants_invoices import INVOICES
from app.invoices.models import Invoice, InvoiceDraft, InvoiceTax, OrderBilling
from app.invoices.rules.document import DocumentKind, DraftState
from app.mail.models import Mail, MailState
from app.ordering.models import Order
from app.payments.models import MoneyEvent
from tests.make import saved
from tests.make_invoices import BERLIN, issued, paid_order, refund

NOW = utc_now()
THIS_YEAR = NOW.year
OVER = THIS_YEAR - 9
"""The year of the newest vouchers that may go."""


def in_year(year: int, month: int = 6) -> datetime:
    return datetime(year, month, 15, 9, tzinfo=UTC)


def old_order(session: Session, year: int) -> Invoice:
    order = paid_order(session, paid_at=in_year(year), dispatched_at=in_year(year))
    return issued(session, order, issued_at=in_year(year))


def mail(session: Session, at: datetime, *, state: MailState = MailState.SENT) -> Mail:
    key = f"{at.isoformat()}-{state}"
    return saved(
        session,
        Mail(
            kind="order_accepted",
            key=key,
            message_id=f"<{key}@schlicht>",
            to_address="a@firma.example",
            language="de",
            object_kind="order",
            object_id=1,
            state=state,
            created_at=at,
        ),
    )


def run(session: Session, *, is_dry_run: bool = False) -> Due:
    return delete_old_papers(session, is_dry_run=is_dry_run, actor=SYSTEM, now=NOW)


def counts(session: Session) -> tuple[int, int, int, int]:
    session.rollback()
    models = (Invoice, InvoiceTax, MoneyEvent, Mail)
    first, second, third, fourth = (len(session.exec(select(model)).all()) for model in models)
    return first, second, third, fourth


def test_what_was_kept_long_enough_goes_and_the_rest_stays(session: Session) -> None:
    gone, kept = old_order(session, OVER).number, old_order(session, OVER + 1).number
    mail(session, in_year(THIS_YEAR - 7))
    mail(session, in_year(THIS_YEAR - 6))
    mail(session, in_year(THIS_YEAR - 7), state=MailState.QUEUED)

    done = run(session)

    assert done == Due(1, gone, gone, money_count=2, mail_count=1)
    assert counts(session) == (1, 1, 2, 2)
    assert session.exec(select(Invoice)).one().number == kept
    entry = session.exec(select(AuditEntry).where(AuditEntry.action == "papers.deleted")).one()
    assert entry.new == {"documents": 1, "money_events": 2, "mails": 1, "until": NOW.date().isoformat()}
    assert len(session.exec(select(Order)).all()) == 2


def test_a_dry_run_tells_and_deletes_nothing(session: Session) -> None:
    gone = old_order(session, OVER)
    mail(session, in_year(THIS_YEAR - 7))
    before = counts(session)

    told = run(session, is_dry_run=True)

    assert told == Due(1, gone.number, gone.number, money_count=2, mail_count=1)
    assert counts(session) == before
    assert session.exec(select(AuditEntry)).all() == []


def test_a_second_run_finds_nothing_and_writes_nothing_down(session: Session) -> None:
    old_order(session, OVER)
    run(session)

    assert run(session).is_nothing
    assert len(session.exec(select(AuditEntry)).all()) == 1


def test_the_database_keeps_what_is_not_over_whoever_asks(session: Session) -> None:
    old_order(session, OVER + 1)
    before = counts(session)

    for statement in (
        "DELETE FROM invoice_taxes",
        "DELETE FROM invoices",
        "DELETE FROM money_events",
        "UPDATE money_events SET at = at",
        "UPDATE invoices SET retain_until = '2000-12-31'",
    ):
        with pytest.raises(DatabaseError, match=r"kept longer|append-only"), transaction(session):
            session.execute(text(statement))

    assert counts(session) == before


def test_the_last_day_of_keeping_is_kept(session: Session) -> None:
    order = paid_order(session, paid_at=in_year(OVER + 1), dispatched_at=in_year(OVER + 1))
    issued(session, order, issued_at=in_year(OVER), retain_until=NOW.date())

    assert run(session).is_nothing
    with pytest.raises(DatabaseError), transaction(session):
        session.execute(text("DELETE FROM invoices"))
    assert counts(session)[0] == 1


def test_a_document_stays_as_long_as_its_correction_is_kept(session: Session) -> None:
    original = old_order(session, OVER)
    order = session.get_one(Order, original.order_id)
    correction = issued(
        session,
        order,
        kind=DocumentKind.CORRECTION,
        issued_at=in_year(OVER + 1),
        rates=((1900, 100),),
        corrects=original,
    )
    number = correction.number

    assert run(session).document_count == 0
    session.rollback()
    assert {one.number for one in session.exec(select(Invoice))} == {original.number, number}


def draft_of(session: Session, document: Invoice, *, refund_id: int | None = None) -> InvoiceDraft:
    return saved(
        session,
        InvoiceDraft(
            order_id=document.order_id,
            refund_id=refund_id,
            kind=document.kind,
            state=DraftState.ISSUED,
            invoice_id=document.id,
            created_at=document.issued_at,
            changed_at=document.issued_at,
        ),
    )


def test_what_was_invoiced_is_not_invoiced_again_after_its_documents_went(session: Session) -> None:
    original = old_order(session, OVER - 1)
    order = session.get_one(Order, original.order_id)
    back = refund(session, order, 119, at=in_year(OVER))
    correction = issued(
        session,
        order,
        kind=DocumentKind.CORRECTION,
        issued_at=in_year(OVER),
        rates=((1900, 100),),
        corrects=original,
        of_refund=back,
    )
    draft_of(session, original)
    draft_of(session, correction, refund_id=back.id)
    saved(session, OrderBilling(order_id=order.id or 0, name="Firma Nord GmbH", changed_at=NOW))

    assert run(session).document_count == 2

    assert counts(session)[:2] == (0, 0)
    assert write_drafts(session, zone=BERLIN, now=NOW, is_whole=True) == 0
    session.rollback()
    drafts = session.exec(select(InvoiceDraft)).all()
    assert [(one.state, one.invoice_id) for one in drafts] == [(DraftState.ISSUED, None)] * 2
    assert session.exec(select(OrderBilling)).all() == []
    found = {one.name: list(one.check(session, NOW)) for one in INVOICES}
    assert found["what_is_delivered_is_invoiced"] == found["a_document_has_its_draft"] == []


def test_a_draft_whose_document_is_gone_too_early_is_found(session: Session) -> None:
    document = old_order(session, OVER + 1)
    draft = draft_of(session, document)
    with transaction(session):
        session.execute(text("UPDATE invoice_drafts SET invoice_id = NULL"))

    (check,) = (one for one in INVOICES if one.name == "a_document_has_its_draft")
    assert sorted(row_id for row_id, _ in check.check(session, NOW)) == sorted([document.id, draft.id])


def test_money_of_a_years_last_evening_waits_a_year_longer(session: Session) -> None:
    evening = datetime(OVER, 12, 31, 22, 30, tzinfo=UTC)
    paid_order(session, paid_at=evening)
    paid_order(session, paid_at=evening - timedelta(days=1))

    assert run(session).money_count == 2
    session.rollback()
    assert {event.at for event in session.exec(select(MoneyEvent))} == {evening}


def test_the_page_can_say_when_the_others_go(session: Session) -> None:
    old_order(session, THIS_YEAR - 1)
    old_order(session, THIS_YEAR)
    old_order(session, THIS_YEAR)

    assert list_kept(session) == [
        Kept(date(THIS_YEAR + 7, 12, 31), 1),
        Kept(date(THIS_YEAR + 8, 12, 31), 2),
    ]
