"""Reading which papers have been kept for as long as the law asks, and when the others will have been."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, SQLModel, col, exists

from app.books.rules.retention import LETTER_YEARS, VOUCHER_YEARS
from app.invoices.models import Invoice
from app.mail.models import Mail, MailState
from app.payments.models import MoneyEvent

ON_THEIR_WAY = (MailState.QUEUED, MailState.SENDING)


@dataclass(frozen=True, slots=True)
class Due:
    """How many papers may go; the numbers of the first and last document among them, "" without one."""

    document_count: int = 0
    first_number: str = ""
    last_number: str = ""
    money_count: int = 0
    mail_count: int = 0

    @property
    def is_nothing(self) -> bool:
        return not (self.document_count or self.money_count or self.mail_count)


@dataclass(frozen=True, slots=True)
class Kept:
    """How many documents are kept until a day."""

    retain_until: date
    document_count: int


def count_due(session: Session, *, today: date) -> Due:
    """What would go today."""
    documents = session.execute(
        select(func.count(), func.min(Invoice.number), func.max(Invoice.number)).where(
            is_document_over(today), is_free(Invoice)
        )
    ).one()
    money = session.execute(select(func.count()).select_from(MoneyEvent).where(is_money_over(today)))
    mails = session.execute(select(func.count()).select_from(Mail).where(is_mail_over(today), is_free(Mail)))
    return Due(documents[0], documents[1] or "", documents[2] or "", money.scalar_one(), mails.scalar_one())


def list_kept(session: Session) -> list[Kept]:
    """All documents by the day until which they are kept, the next first."""
    rows = session.execute(
        select(col(Invoice.retain_until), func.count())
        .group_by(col(Invoice.retain_until))
        .order_by(col(Invoice.retain_until))
    )
    return [Kept(day, count) for day, count in rows]


def is_document_over(today: date) -> ColumnElement[bool]:
    """A document whose time is over, and that of all its corrections too."""
    correction = aliased(Invoice)
    is_needed = exists().where(
        col(correction.corrects_id) == col(Invoice.id), col(correction.retain_until) >= today
    )
    return and_(col(Invoice.retain_until) < today, ~is_needed)


def is_money_over(today: date) -> ColumnElement[bool]:
    """An event of the ledger whose time is over; one of a year's last day waits a year longer, for the time zones."""
    first_kept = datetime(today.year - VOUCHER_YEARS, 1, 1, tzinfo=UTC) - timedelta(days=1)
    return col(MoneyEvent.at) < first_kept


def is_mail_over(today: date) -> ColumnElement[bool]:
    """An e-mail whose time is over, and that is not on its way."""
    first_kept = datetime(today.year - LETTER_YEARS, 1, 1, tzinfo=UTC) - timedelta(days=1)
    return and_(col(Mail.created_at) < first_kept, col(Mail.state).not_in(ON_THEIR_WAY))


GOES_ALONG = frozenset({"invoices", "invoice_taxes", "invoice_drafts"})
"""What refers to a document and goes with it or before it, or (its draft) stays and forgets it."""


def is_free(model: type[SQLModel]) -> ColumnElement[bool]:
    """Whether no row of another table needs this one; what goes along does not count."""
    target = SQLModel.metadata.tables[str(model.__tablename__)]
    needed = [
        exists().where(key.parent == key.column)
        for table in SQLModel.metadata.sorted_tables
        if table.name not in GOES_ALONG
        for key in table.foreign_keys
        if key.column.table is target
    ]
    return and_(True, *(~one for one in needed))
