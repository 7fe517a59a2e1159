"""Reading what is booked in a month, row by row in batches: documents, money, and supplies of what was prepaid."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.books.queries_month import booked_in, issued_in
from app.books.rules.accounts import Accounts
from app.books.rules.months import Month
from app.books.rules.postings import (
    Money,
    Paper,
    Posting,
    Supply,
    Tax,
    book_money,
    book_paper,
    book_supply,
)
from app.invoices.models import Invoice, InvoiceTax
from app.invoices.rules.document import DocumentKind
from app.ordering.models import Order
from app.payments.models import MoneyEvent

BATCH = 500


def each_posting(session: Session, month: Month, zone: ZoneInfo, accounts: Accounts) -> Iterator[Posting]:
    """All that is booked in a month: documents, then supplies of what was prepaid, then money."""
    for paper in each_paper(session, month):
        yield from book_paper(paper, accounts)
    for supply in each_supply(session, month, zone):
        yield from book_supply(supply, accounts)
    for money in each_money(session, month, zone):
        yield from book_money(money, accounts)


def each_paper(session: Session, month: Month) -> Iterator[Paper]:
    """The documents that are dated to a month, by number."""
    original = aliased(Invoice)
    query = (
        select(
            col(Invoice.id),
            col(Invoice.number),
            col(Invoice.kind),
            col(Invoice.issued_on),
            col(Invoice.issued_at),
            col(Invoice.vat_case),
            col(Invoice.buyer_vat_id),
            col(Invoice.buyer_name),
            col(Invoice.supplied_on),
            col(Invoice.paid_on),
            col(Order.number).label("order_number"),
            col(Order.dispatched_at),
            col(original.number).label("corrects"),
            col(original.kind).label("corrected_kind"),
        )
        .join(Order, col(Order.id) == col(Invoice.order_id))
        .outerjoin(original, col(original.id) == col(Invoice.corrects_id))
        .where(issued_in(month))
        .order_by(col(Invoice.number))
        .limit(BATCH)
    )
    last = ""
    while rows := session.execute(query.where(col(Invoice.number) > last)).all():
        taxes = _taxes(session, [row.id for row in rows])
        for row in rows:
            is_waiting = row.dispatched_at is None or row.dispatched_at > row.issued_at
            yield Paper(
                number=row.number,
                kind=row.kind,
                issued_on=row.issued_on,
                order_number=row.order_number,
                company_name=row.buyer_name,
                vat_case=row.vat_case,
                vat_id=row.buyer_vat_id,
                taxes=tuple(taxes[row.id]),
                supplied_on=row.supplied_on,
                paid_on=row.paid_on,
                corrects=row.corrects or "",
                is_of_prepaid=row.corrected_kind is DocumentKind.PREPAYMENT and is_waiting,
            )
        last = rows[-1].number


def each_supply(session: Session, month: Month, zone: ZoneInfo) -> Iterator[Supply]:
    """What prepayment documents were about, and left (or was done) in a month; less what was corrected before.

    A document that was written after the supply counts on its own day.
    """
    begin, end = month.begins_at(zone), month.ends_at(zone)
    left = col(Order.dispatched_at)
    query: Select[*tuple[Any, ...]] = (
        select(
            col(Invoice.id),
            col(Invoice.number),
            col(Invoice.issued_on),
            col(Invoice.vat_case),
            col(Invoice.buyer_vat_id),
            left,
            col(Order.number).label("order_number"),
        )
        .join(Order, col(Order.id) == col(Invoice.order_id))
        .where(
            col(Invoice.kind) == DocumentKind.PREPAYMENT,
            or_(
                and_(left >= begin, left < end, col(Invoice.issued_on) <= month.last_on),
                and_(left < begin, issued_in(month)),
            ),
        )
        .order_by(col(Invoice.number))
        .limit(BATCH)
    )
    last = ""
    while rows := session.execute(query.where(col(Invoice.number) > last)).all():
        ids = [row.id for row in rows]
        taxes, back = _taxes(session, ids), _corrected_before(session, ids)
        for row in rows:
            on = max(row.dispatched_at.astimezone(zone).date(), row.issued_on)
            kept = tuple(_less(taxes[row.id], back[row.id]))
            yield Supply(on, row.number, row.order_number, row.vat_case, row.buyer_vat_id, kept)
        last = rows[-1].number


def each_money(session: Session, month: Month, zone: ZoneInfo) -> Iterator[Money]:
    """The events of the ledger that belong to a month, in the order in which they were written.

    Those that came too late for the month before are dated to the first day.
    """
    query = (
        select(
            col(MoneyEvent.id),
            col(MoneyEvent.at),
            col(MoneyEvent.kind),
            col(MoneyEvent.amount_cents),
            col(Order.number),
        )
        .join(Order, col(Order.id) == col(MoneyEvent.order_id))
        .where(booked_in(session, month, zone))
        .order_by(col(MoneyEvent.id))
        .limit(BATCH)
    )
    last = 0
    while rows := session.execute(query.where(col(MoneyEvent.id) > last)).all():
        for _, at, kind, cents, number in rows:
            yield Money(booked_on(at.astimezone(zone).date(), month), kind, cents, number)
        last = rows[-1][0]


def booked_on(day: date, month: Month) -> date:
    """The day of a month on which something of a day is booked."""
    return max(day, month.first_on)


def _taxes(session: Session, invoice_ids: Sequence[int]) -> defaultdict[int, list[Tax]]:
    rows = session.execute(
        select(
            col(InvoiceTax.invoice_id),
            col(InvoiceTax.vat_rate_bp),
            col(InvoiceTax.net_cents),
            col(InvoiceTax.vat_cents),
        )
        .where(col(InvoiceTax.invoice_id).in_(invoice_ids))
        .order_by(col(InvoiceTax.invoice_id), col(InvoiceTax.vat_rate_bp).desc(), col(InvoiceTax.category))
    )
    found: defaultdict[int, list[Tax]] = defaultdict(list)
    for invoice_id, rate_bp, net_cents, vat_cents in rows:
        found[invoice_id].append(Tax(rate_bp, net_cents, vat_cents))
    return found


def _corrected_before(session: Session, invoice_ids: Sequence[int]) -> defaultdict[int, list[Tax]]:
    """What corrections took from documents before their goods left."""
    rows = session.execute(
        select(
            col(Invoice.corrects_id),
            col(InvoiceTax.vat_rate_bp),
            col(InvoiceTax.net_cents),
            col(InvoiceTax.vat_cents),
        )
        .join(InvoiceTax, col(InvoiceTax.invoice_id) == col(Invoice.id))
        .join(Order, col(Order.id) == col(Invoice.order_id))
        .where(
            col(Invoice.corrects_id).in_(invoice_ids),
            col(Invoice.issued_at) < col(Order.dispatched_at),
        )
    )
    found: defaultdict[int, list[Tax]] = defaultdict(list)
    for invoice_id, rate_bp, net_cents, vat_cents in rows:
        found[invoice_id].append(Tax(rate_bp, net_cents, vat_cents))
    return found


def _less(taxes: Sequence[Tax], back: Sequence[Tax]) -> Iterator[Tax]:
    """Amounts by rate, less those that went back."""
    for tax in taxes:
        gone = [one for one in back if one.vat_rate_bp == tax.vat_rate_bp]
        net_cents = tax.net_cents - sum(one.net_cents for one in gone)
        yield Tax(tax.vat_rate_bp, net_cents, tax.vat_cents - sum(one.vat_cents for one in gone))
