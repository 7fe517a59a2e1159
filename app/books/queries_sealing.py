"""The fingerprint of a month: a hash over its documents and money that changes when any of them does."""

import hashlib
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select
from sqlmodel import Session, col

from app.books.queries_closing import close_of
from app.books.queries_month import booked_in, issued_in
from app.books.rules.months import Month
from app.invoices.models import Invoice
from app.ordering.models import Order
from app.payments.models import MoneyEvent

BATCH = 1_000
FIRST = "0" * 64
"""What stands in place of a close before the first."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The hash (SHA-256, hex) of a month and of the close before it, and how many documents it covers."""

    sha256: str
    document_count: int


def seal_of(session: Session, month: Month, zone: ZoneInfo) -> Seal:
    """The seal of a month as its rows are now: each document with its sums and the hashes of its XML and PDF, each
    event of the ledger. It reads in batches, and neither XML nor PDF.
    """
    before = close_of(session, month.previous)
    digest = hashlib.sha256((before.sha256 if before else FIRST).encode())
    count = 0
    papers = (
        select(
            col(Invoice.number),
            col(Invoice.kind),
            col(Invoice.issued_on),
            col(Invoice.net_cents),
            col(Invoice.vat_cents),
            col(Invoice.xml_sha256),
            col(Invoice.pdf_sha256),
        )
        .where(issued_in(month))
        .order_by(col(Invoice.number))
        .limit(BATCH)
    )
    last = ""
    while rows := session.execute(papers.where(col(Invoice.number) > last)).all():
        for number, kind, issued_on, net_cents, vat_cents, xml_sha256, pdf_sha256 in rows:
            facts = (number, kind.value, issued_on.isoformat(), net_cents, vat_cents, xml_sha256, pdf_sha256)
            digest.update(("\t".join(map(str, facts)) + "\n").encode())
        count += len(rows)
        last = rows[-1][0]
    _add_money(session, digest, _money(session, month, zone))
    return Seal(digest.hexdigest(), count)


def last_event_id(session: Session) -> int:
    """The id of the newest event of the ledger; 0 without one."""
    return int(session.execute(select(func.coalesce(func.max(MoneyEvent.id), 0))).scalar_one())


def has_anything_before(session: Session, month: Month, zone: ZoneInfo) -> bool:
    """Whether there are documents or money of a time before a month."""
    paper = select(col(Invoice.id)).where(col(Invoice.issued_on) < month.first_on).limit(1)
    money = select(col(MoneyEvent.id)).where(col(MoneyEvent.at) < month.begins_at(zone)).limit(1)
    return any(session.execute(query).first() is not None for query in (paper, money))


def _money(session: Session, month: Month, zone: ZoneInfo) -> Select[*tuple[Any, ...]]:
    return (
        select(
            col(MoneyEvent.id),
            col(MoneyEvent.key),
            col(MoneyEvent.at),
            col(MoneyEvent.amount_cents),
            col(Order.number),
        )
        .join(Order, col(Order.id) == col(MoneyEvent.order_id))
        .where(booked_in(session, month, zone))
        .order_by(col(MoneyEvent.id))
        .limit(BATCH)
    )


def _add_money(session: Session, digest: "hashlib._Hash", query: Select[*tuple[Any, ...]]) -> None:
    last = 0
    while rows := session.execute(query.where(col(MoneyEvent.id) > last)).all():
        for _, key, at, cents, number in rows:
            digest.update(f"{key}\t{at.isoformat()}\t{cents}\t{number}\n".encode())
        last = rows[-1][0]
