"""Papers that were kept for as long as the law asks are deleted; never one day earlier."""

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, select, update
from sqlmodel import Session, SQLModel, col

from app.audit.service import Actor, record
from app.books.queries_retention import (
    Due,
    count_due,
    is_document_over,
    is_free,
    is_mail_over,
    is_money_over,
)
from app.core.transaction import transaction
from app.invoices.models import Invoice, InvoiceDraft, InvoiceTax, OrderBilling
from app.mail.models import Mail
from app.payments.models import MoneyEvent

BATCH = 500


def delete_old_papers(session: Session, *, is_dry_run: bool, actor: Actor, now: datetime) -> Due:
    """Deletes documents and money after eight years and e-mails after six, counted from the end of their year; what
    it did, or in a dry run what it would do.

    The database itself refuses documents and money whose time is not over (migration `the_books`), by its own clock.
    """
    # The clock of the database is in UTC.
    today = now.astimezone(UTC).date()
    due = count_due(session, today=today)
    session.rollback()
    if is_dry_run or due.is_nothing:
        return due
    documents = 0
    while numbers := _delete_documents(session, now=now):
        documents += len(numbers)
    money = _delete_all(session, MoneyEvent, now=now)
    mails = _delete_all(session, Mail, now=now)
    done = Due(documents, due.first_number, due.last_number, money, mails)
    with transaction(session):
        record(
            session,
            actor,
            action="papers.deleted",
            object_kind="papers",
            object_id=None,
            object_name=f"{due.first_number} – {due.last_number}" if documents else "",
            now=now,
            reason="§ 147 AO, § 257 HGB",
            new={"documents": documents, "money_events": money, "mails": mails, "until": today.isoformat()},
        )
    return done


def _delete_documents(session: Session, *, now: datetime) -> Sequence[str]:
    """The numbers of some documents that went; corrections are newer than what they correct, and go first."""
    today = now.astimezone(UTC).date()
    with transaction(session):
        rows = session.execute(
            select(col(Invoice.id), col(Invoice.number))
            .where(is_document_over(today), is_free(Invoice))
            .order_by(col(Invoice.id).desc())
            .limit(BATCH)
        ).all()
        ids = [row_id for row_id, _ in rows]
        if ids:
            _delete(session, InvoiceTax, col(InvoiceTax.invoice_id).in_(ids))
            _leave_drafts_without(session, ids)
            _delete(session, Invoice, col(Invoice.id).in_(ids))
    return [number for _, number in rows]


def _leave_drafts_without(session: Session, invoice_ids: Sequence[int | None]) -> None:
    """What documents were made of stays as a note without names, so that nothing is invoiced a second time."""
    orders = select(col(InvoiceDraft.order_id)).where(col(InvoiceDraft.invoice_id).in_(invoice_ids))
    _delete(session, OrderBilling, col(OrderBilling.order_id).in_(orders))
    session.execute(
        update(InvoiceDraft)
        .where(col(InvoiceDraft.invoice_id).in_(invoice_ids))
        .values(invoice_id=None, problem=None)
        .execution_options(synchronize_session=False)
    )


def _delete_all(session: Session, model: type[MoneyEvent] | type[Mail], *, now: datetime) -> int:
    today = now.astimezone(UTC).date()
    is_over = is_money_over(today) if model is MoneyEvent else is_mail_over(today)
    count = 0
    while True:
        with transaction(session):
            ids = session.execute(
                select(col(model.id)).where(is_over, is_free(model)).order_by(col(model.id)).limit(BATCH)
            ).scalars()
            wanted = ids.all()
            if wanted:
                _delete(session, model, col(model.id).in_(wanted))
        count += len(wanted)
        if len(wanted) < BATCH:
            return count


def _delete(session: Session, model: type[SQLModel], condition: object) -> None:
    session.execute(delete(model).where(condition).execution_options(synchronize_session=False))  # type: ignore[arg-type]
