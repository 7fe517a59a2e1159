"""Reading a month of the books in sums: documents, money, and what is open between the two."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlmodel import Session, col

from app.books.queries_closing import close_of
from app.books.rules.months import Month
from app.books.rules.totals import FOR_DOCUMENTS, MonthRow, MonthSums, RateSum, money_sums, rate_sums
from app.invoices.models import Invoice, InvoiceTax
from app.invoices.queries_taxed import may_be_taxed_in
from app.invoices.rules.document import DocumentKind
from app.invoices.rules.taxed_on import taxed_on
from app.payments.models import MoneyEvent
from app.payments.rules.ledger import SIGNS, MoneyKind

SIGN = case((col(Invoice.kind) == DocumentKind.CORRECTION, -1), else_=1)
"""A document's amounts count down where it is a correction."""
HELD = case(
    *((col(MoneyEvent.kind) == kind, sign * col(MoneyEvent.amount_cents)) for kind, sign in SIGNS.items()),
    else_=0,
)


def issued_in(month: Month) -> ColumnElement[bool]:
    """Documents that are dated to a month."""
    return col(Invoice.issued_on).between(month.first_on, month.last_on)


def booked_in(session: Session, month: Month, zone: ZoneInfo) -> ColumnElement[bool]:
    """Events of the ledger that belong to a month: those that happened in it, and were heard of before it was closed;
    and those that were heard of too late for the month before.
    """
    own, before = close_of(session, month), close_of(session, month.previous)
    happened = at_between(month.begins_at(zone), month.ends_at(zone))
    if before is not None:
        late = and_(
            col(MoneyEvent.at) < month.begins_at(zone), col(MoneyEvent.id) > before.last_money_event_id
        )
        happened = or_(happened, late)
    return happened if own is None else and_(happened, col(MoneyEvent.id) <= own.last_money_event_id)


def at_between(begin: datetime, end: datetime) -> ColumnElement[bool]:
    """Events from a moment on, and before another."""
    return and_(col(MoneyEvent.at) >= begin, col(MoneyEvent.at) < end)


def sum_month(session: Session, month: Month, zone: ZoneInfo) -> MonthSums:
    """The month in sums."""
    counts = session.execute(
        select(
            func.count(),
            func.coalesce(func.sum(case((col(Invoice.kind) == DocumentKind.CORRECTION, 1), else_=0)), 0),
        ).where(issued_in(month))
    ).one()
    return MonthSums(
        rates=sum_rates(session, issued_in(month)),
        money=money_sums(sum_money(session, booked_in(session, month, zone))),
        document_count=counts[0],
        correction_count=int(counts[1]),
        opening_cents=open_cents(session, month.previous, zone),
        closing_cents=open_cents(session, month, zone),
    )


def sum_year(session: Session, months: Sequence[Month], zone: ZoneInfo) -> list[MonthRow]:
    """Months of one year in sums, without rates and open items."""
    if not months:
        return []
    net, vat, count = defaultdict[Month, int](int), defaultdict[Month, int](int), defaultdict[Month, int](int)
    days = session.execute(
        select(
            col(Invoice.issued_on),
            func.sum(SIGN * col(Invoice.net_cents)),
            func.sum(SIGN * col(Invoice.vat_cents)),
            func.count(),
        )
        .where(col(Invoice.issued_on).between(months[0].first_on, months[-1].last_on))
        .group_by(col(Invoice.issued_on))
    )
    for day, net_cents, vat_cents, papers in days:
        month = Month.of(day)
        net[month] += int(net_cents)
        vat[month] += int(vat_cents)
        count[month] += papers
    return [
        MonthRow(
            month,
            count[month],
            net[month],
            vat[month],
            money_sums(sum_money(session, booked_in(session, month, zone))),
        )
        for month in months
    ]


def sum_rates(session: Session, condition: ColumnElement[bool]) -> tuple[RateSum, ...]:
    """Documents by VAT case and rate."""
    is_correction = col(Invoice.kind) == DocumentKind.CORRECTION
    rows = session.execute(
        select(
            col(Invoice.vat_case),
            col(InvoiceTax.vat_rate_bp),
            is_correction,
            func.sum(InvoiceTax.net_cents),
            func.sum(InvoiceTax.vat_cents),
        )
        .join(InvoiceTax, col(InvoiceTax.invoice_id) == col(Invoice.id))
        .where(condition)
        .group_by(col(Invoice.vat_case), col(InvoiceTax.vat_rate_bp), is_correction)
    )
    return rate_sums((kind, rate, bool(back), int(net), int(vat)) for kind, rate, back, net, vat in rows)


def sum_taxed(session: Session, month: Month) -> tuple[RateSum, ...]:
    """Documents by VAT case and rate whose VAT the month owes, whenever they were issued: see rules/taxed_on.py."""
    days = (col(Invoice.issued_on), col(Invoice.supplied_on), col(Invoice.paid_on))
    marks = (col(Invoice.kind), col(Invoice.vat_case), col(InvoiceTax.vat_rate_bp))
    rows = session.execute(
        select(*marks, *days, func.sum(InvoiceTax.net_cents), func.sum(InvoiceTax.vat_cents))
        .join(InvoiceTax, col(InvoiceTax.invoice_id) == col(Invoice.id))
        .where(may_be_taxed_in(month.first_on, month.last_on))
        .group_by(*marks, *days)
    )
    return rate_sums(
        (vat_case, rate_bp, kind is DocumentKind.CORRECTION, int(net), int(vat))
        for kind, vat_case, rate_bp, issued, supplied, paid, net, vat in rows
        if month == Month.of(taxed_on(kind, vat_case, issued_on=issued, supplied_on=supplied, paid_on=paid))
    )


def sum_money(session: Session, condition: ColumnElement[bool]) -> dict[MoneyKind, int]:
    """The amounts of the ledger by kind."""
    rows = session.execute(
        select(col(MoneyEvent.kind), func.sum(MoneyEvent.amount_cents))
        .where(condition)
        .group_by(col(MoneyEvent.kind))
    )
    return {kind: int(cents) for kind, cents in rows}


def open_cents(session: Session, month: Month, zone: ZoneInfo) -> int:
    """What is open at the end of a month: money for documents less documents, over all time."""
    taken = session.execute(
        select(func.coalesce(func.sum(HELD), 0)).where(*is_for_documents_until(session, month, zone))
    ).scalar_one()
    written = session.execute(
        select(func.coalesce(func.sum(SIGN * col(Invoice.gross_cents)), 0)).where(
            col(Invoice.issued_on) <= month.last_on
        )
    ).scalar_one()
    return int(taken) - int(written)


def is_for_documents_until(session: Session, month: Month, zone: ZoneInfo) -> tuple[ColumnElement[bool], ...]:
    """Money that documents are about, booked in a month or before; all conditions hold together."""
    own = close_of(session, month)
    happened = (col(MoneyEvent.at) < month.ends_at(zone), col(MoneyEvent.kind).in_(FOR_DOCUMENTS))
    return happened if own is None else (*happened, col(MoneyEvent.id) <= own.last_money_event_id)


def sum_days(session: Session, month: Month, zone: ZoneInfo) -> list[tuple[date, int, int]]:
    """Each day of a month with the gross of its documents and the money taken on it, paid back already taken off."""
    documents: dict[date, int] = dict(
        session.execute(
            select(col(Invoice.issued_on), func.sum(SIGN * col(Invoice.gross_cents)))
            .where(issued_in(month))
            .group_by(col(Invoice.issued_on))
        ).all()
    )
    money: defaultdict[date, int] = defaultdict(int)
    hour = _hour(session)
    rows = session.execute(
        select(hour, func.sum(HELD))
        .where(booked_in(session, month, zone), col(MoneyEvent.kind).in_(FOR_DOCUMENTS))
        .group_by(hour)
    )
    for written, cents in rows:
        on = datetime.fromisoformat(f"{written}:00:00+00:00").astimezone(zone).date()
        money[max(on, month.first_on)] += int(cents)
    days = [
        date.fromordinal(number)
        for number in range(month.first_on.toordinal(), month.last_on.toordinal() + 1)
    ]
    return [(day, int(documents.get(day, 0)), money[day]) for day in days]


def _hour(session: Session) -> ColumnElement[str]:
    """The hour (UTC) of an event, as `2026-11-26 07`."""
    if session.get_bind().dialect.name == "sqlite":
        return func.strftime("%Y-%m-%d %H", col(MoneyEvent.at))
    return func.to_char(func.timezone("UTC", col(MoneyEvent.at)), "YYYY-MM-DD HH24")
