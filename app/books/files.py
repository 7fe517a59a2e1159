"""The tables of the books as CSV, read and written in batches: a month is never held as a whole."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from app.audit.models import AuditEntry
from app.books.models import MonthClose
from app.books.queries_month import booked_in, issued_in
from app.books.queries_postings import booked_on, each_paper
from app.books.rules.gdpdu import Table
from app.books.rules.months import Month
from app.books.rules.tables import euros
from app.customers.models import Customer
from app.invoices.models import Invoice, InvoiceTax
from app.mainbrand.rejects import defuse
from app.ordering.models import Order
from app.payments.models import MoneyEvent
from app.payments.rules.ledger import held_cents

BATCH = 500
CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
MARK = b"\xef\xbb\xbf"
"""How a file begins that spreadsheet programs take for UTF-8."""

Row = Sequence[object]


def csv_lines(table: Table, rows: Iterable[Row]) -> Iterator[bytes]:
    """The table as CSV in pieces: UTF-8, semicolons, CRLF, titles first; no cell begins a formula (CWE-1236)."""
    piece = io.StringIO()
    writer = csv.writer(piece, delimiter=";", lineterminator="\r\n")
    writer.writerow(table.titles)
    for count, row in enumerate(rows, start=1):
        writer.writerow([_cell(value) for value in row])
        if count % BATCH == 0:
            yield piece.getvalue().encode()
            piece.seek(0)
            piece.truncate()
    yield piece.getvalue().encode()


def document_rows(session: Session, months: Sequence[Month]) -> Iterator[Row]:
    """Rows of DOCUMENTS."""
    for month in months:
        stored: dict[str, Any] = {}
        for paper in each_paper(session, month):
            if paper.number not in stored:
                stored = _stored_with(session, month, paper.number)
            country, xml_sha256, pdf_sha256, retain_until = stored[paper.number]
            yield (
                paper.number,
                paper.kind.value,
                paper.issued_on,
                paper.supplied_on,
                paper.paid_on,
                paper.taxed_on,
                paper.order_number,
                paper.corrects,
                paper.company_name,
                paper.vat_id,
                country,
                paper.vat_case.value,
                euros(paper.net_cents),
                euros(paper.vat_cents),
                euros(paper.gross_cents),
                xml_sha256,
                pdf_sha256,
                retain_until,
            )


def tax_rows(session: Session, months: Sequence[Month]) -> Iterator[Row]:
    """Rows of TAXES."""
    query = (
        select(
            col(InvoiceTax.id),
            col(Invoice.number),
            col(InvoiceTax.category),
            col(InvoiceTax.vat_rate_bp),
            col(InvoiceTax.net_cents),
            col(InvoiceTax.vat_cents),
        )
        .join(Invoice, col(Invoice.id) == col(InvoiceTax.invoice_id))
        .where(or_(*(issued_in(month) for month in months)))
    )
    for _, number, category, rate_bp, net_cents, vat_cents in _batches(
        session, query, col(InvoiceTax.id), first=0
    ):
        yield number, category, euros(rate_bp), euros(net_cents), euros(vat_cents)


def money_rows(session: Session, months: Sequence[Month], zone: ZoneInfo) -> Iterator[Row]:
    """Rows of MONEY."""
    for month in months:
        query = (
            select(
                col(MoneyEvent.id),
                col(MoneyEvent.at),
                col(MoneyEvent.kind),
                col(MoneyEvent.amount_cents),
                col(Order.number),
                col(MoneyEvent.stripe_id),
            )
            .join(Order, col(Order.id) == col(MoneyEvent.order_id))
            .where(booked_in(session, month, zone))
        )
        for row_id, at, kind, cents, number, stripe_id in _batches(
            session, query, col(MoneyEvent.id), first=0
        ):
            on = booked_on(at.astimezone(zone).date(), month)
            held = held_cents(kind, cents)
            yield row_id, at, on, kind.value, euros(cents), euros(held), number, stripe_id


def order_rows(session: Session, months: Sequence[Month], zone: ZoneInfo) -> Iterator[Row]:
    """Rows of ORDERS."""
    papers = select(col(Invoice.order_id)).where(or_(*(issued_in(month) for month in months)))
    money = select(col(MoneyEvent.order_id)).where(
        or_(*(booked_in(session, month, zone) for month in months))
    )
    query = (
        select(
            col(Order.number),
            col(Customer.number),
            col(Order.company_name),
            col(Order.country),
            col(Order.kind),
            col(Order.state),
            col(Order.placed_at),
            col(Order.accepted_at),
            col(Order.dispatched_at),
            col(Order.cancelled_at),
            col(Order.vat_case),
            col(Order.goods_net_cents),
            col(Order.charges_net_cents),
            col(Order.vat_cents),
            col(Order.gross_cents),
            col(Order.purchase_reference),
        )
        .join(Customer, col(Customer.id) == col(Order.customer_id))
        .where(or_(col(Order.id).in_(papers), col(Order.id).in_(money)))
    )
    for row in _batches(session, query, col(Order.number), first=""):
        (
            number,
            customer,
            company,
            country,
            kind,
            state,
            *moments,
            case,
            goods,
            charges,
            vat,
            gross,
            reference,
        ) = row
        words = (number, customer, company, country, kind.value, state.value, *moments, case.value)
        yield (*words, euros(goods), euros(charges), euros(vat), euros(gross), reference)


def audit_rows(session: Session, months: Sequence[Month], zone: ZoneInfo) -> Iterator[Row]:
    """Rows of AUDIT: all that was written down from the first month's beginning to the last one's end."""
    query = select(
        col(AuditEntry.id),
        col(AuditEntry.at),
        col(AuditEntry.actor_kind),
        col(AuditEntry.actor_name),
        col(AuditEntry.action),
        col(AuditEntry.object_kind),
        col(AuditEntry.object_name),
        col(AuditEntry.reason),
        col(AuditEntry.old),
        col(AuditEntry.new),
    ).where(
        col(AuditEntry.at) >= months[0].begins_at(zone),
        col(AuditEntry.at) < months[-1].ends_at(zone),
    )
    for row_id, at, actor_kind, *words, old, new in _batches(session, query, col(AuditEntry.id), first=0):
        yield row_id, at, actor_kind.value, *words, _json(old), _json(new)


def close_rows(session: Session, months: Sequence[Month]) -> Iterator[Row]:
    """Rows of CLOSES."""
    query = (
        select(MonthClose)
        .where(col(MonthClose.month).between(months[0].first_on, months[-1].first_on))
        .order_by(col(MonthClose.month))
    )
    for close in session.execute(query).scalars():
        yield (
            Month.of(close.month),
            close.closed_at,
            close.closed_by,
            close.document_count,
            close.open_count,
            close.reason,
            close.sha256,
        )


def _stored_with(session: Session, month: Month, number: str) -> dict[str, Any]:
    """What is stored with a document and those that follow it in its month, by number."""
    rows = session.execute(
        select(
            col(Invoice.number),
            col(Invoice.buyer_country),
            col(Invoice.xml_sha256),
            col(Invoice.pdf_sha256),
            col(Invoice.retain_until),
        )
        .where(issued_in(month), col(Invoice.number) >= number)
        .order_by(col(Invoice.number))
        .limit(BATCH)
    )
    return {number: tuple(facts) for number, *facts in rows}


def _batches(
    session: Session, query: Select[*tuple[Any, ...]], key: Mapped[Any], *, first: Any
) -> Iterator[Any]:
    """The rows of a query in the order of its first column, which is a key; a few hundred at a time."""
    ordered = query.order_by(key).limit(BATCH)
    last = first
    while rows := session.execute(ordered.where(key > last)).all():
        yield from rows
        last = rows[-1][0]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    # Sums may begin with a minus; they are numbers, and nothing else than what `euros` wrote.
    text = CONTROLS.sub(" ", str(value))
    return text if AMOUNT.fullmatch(text) else defuse(text)


AMOUNT = re.compile(r"-?\d+(,\d\d)?")


def _json(values: dict[str, Any] | None) -> str:
    return "" if values is None else json.dumps(values, ensure_ascii=False, sort_keys=True)
