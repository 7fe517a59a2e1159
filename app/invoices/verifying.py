"""Making every issued document again from its stored data, and comparing byte by byte."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.invoices.making import Render
from app.invoices.models import Invoice
from app.invoices.rules.document import Document, from_json
from app.invoices.xml import write_xml

AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Verdict:
    """One document and what is wrong with it, as words of the program; empty where nothing is."""

    number: str
    faults: tuple[str, ...]


def verify_documents(session: Session, render: Render) -> Iterator[Verdict]:
    """Each issued document, oldest first: its hashes, its XML and PDF made again, its sums. Only reads."""
    last_id = 0
    while True:
        rows = session.exec(
            select(Invoice).where(col(Invoice.id) > last_id).order_by(col(Invoice.id)).limit(AT_ONCE)
        ).all()
        for row in rows:
            yield Verdict(row.number, tuple(_faults(row, render)))
        if len(rows) < AT_ONCE:
            return
        last_id = rows[-1].id or 0
        session.expunge_all()


def _faults(row: Invoice, render: Render) -> Iterator[str]:
    if hashlib.sha256(row.xml).hexdigest() != row.xml_sha256:
        yield "the stored XML does not have the hash that was noted"
    if hashlib.sha256(row.pdf).hexdigest() != row.pdf_sha256:
        yield "the stored PDF does not have the hash that was noted"
    try:
        document = from_json(row.document)
    except ValueError:
        yield "the stored data are no document"
        return
    if not _is_of(document, row):
        yield "the stored data are not those of the row"
    xml = write_xml(document)
    if xml != row.xml:
        yield "made again, the XML is another"
    if render(document, xml) != row.pdf:
        yield "made again, the PDF is another"


def _is_of(document: Document, row: Invoice) -> bool:
    said = (document.number, document.kind, document.issued_on, document.net_cents, document.vat_cents)
    return said == (row.number, row.kind, row.issued_on, row.net_cents, row.vat_cents)
