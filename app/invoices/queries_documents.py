"""Reading issued documents: lists without their bytes, and the bytes of one or of many."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, func, or_
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.core.errors import N_, NotFound
from app.core.paging import Slice, read_page
from app.invoices.models import Invoice
from app.invoices.rules.document import DocumentKind, from_json
from app.ordering.models import Order

ORIGINAL = aliased(Invoice)
BATCH = 50
"""How many papers are held in memory at once when many are read."""


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """An issued document as lists show it; `corrected_number` is "" for what corrects nothing."""

    id: int
    number: str
    kind: DocumentKind
    issued_on: date
    net_cents: int
    vat_cents: int
    gross_cents: int
    buyer_name: str
    order_number: str
    order_id: int
    corrected_number: str

    @property
    def is_correction(self) -> bool:
        return self.kind is DocumentKind.CORRECTION


C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class StoredFile(Generic[C]):
    """A document's paper or data as they were stored, with its number."""

    number: str
    content: C


def documents_of_order(session: Session, order_id: int) -> list[DocumentRow]:
    """The documents of an order, oldest first: its invoice, then the corrections."""
    query = _rows().where(col(Invoice.order_id) == order_id).order_by(col(Invoice.id))
    return [DocumentRow(*row) for row in session.execute(query)]


def documents_of_customer(session: Session, customer_id: int, *, page: int) -> Slice[DocumentRow]:
    """One page of a company's documents, newest first."""
    query = _rows().where(col(Invoice.customer_id) == customer_id).order_by(col(Invoice.id).desc())
    return _page_of(session, query, page)


def paper_of(
    session: Session, order_number: str, *, customer_id: int, document_number: str | None = None
) -> StoredFile[bytes]:
    """The PDF of an order's invoice, or of the correction with that number; only for the company's own.

    Raises NotFound, alike for what does not exist, is not issued yet and is another company's.
    """
    return _file_of(session, col(Invoice.pdf), order_number, customer_id, document_number)


def data_of(
    session: Session, order_number: str, *, customer_id: int, document_number: str | None = None
) -> StoredFile[bytes]:
    """The EN 16931 XML of what `paper_of` finds, as it was issued."""
    return _file_of(session, col(Invoice.xml), order_number, customer_id, document_number)


def xrechnung_of(
    session: Session, order_number: str, *, customer_id: int, document_number: str | None = None
) -> StoredFile[bytes]:
    """What `paper_of` finds as XRechnung, written from the stored document: the same every time."""
    found = _file_of(session, col(Invoice.document), order_number, customer_id, document_number)
    return as_xrechnung(found)


def stored_xrechnung(session: Session, number: str) -> StoredFile[bytes]:
    """A document as XRechnung for staff. Raises NotFound."""
    return as_xrechnung(_stored(session, col(Invoice.document), col(Invoice.number) == number))


def as_xrechnung(stored: StoredFile[dict[str, Any]]) -> StoredFile[bytes]:
    """A stored document as an XRechnung file."""
    # Only who writes one needs the XML library in memory.
    from app.invoices.xml import Profile, write_xml

    return StoredFile(stored.number, write_xml(from_json(stored.content), Profile.XRECHNUNG))


def list_documents(
    session: Session, *, text: str, kind: DocumentKind | None, month: date | None, page: int
) -> Slice[DocumentRow]:
    """One page of documents, newest first: by number, order, company or amount, of a kind and a month."""
    query = _rows().order_by(col(Invoice.issued_on).desc(), col(Invoice.id).desc())
    if kind is not None:
        query = query.where(col(Invoice.kind) == kind)
    if month is not None:
        query = query.where(_in_month(month))
    if text:
        query = query.where(_fits(text))
    return _page_of(session, query, page)


def find_document(session: Session, number: str) -> DocumentRow:
    """One document by its number. Raises NotFound."""
    row = session.execute(_rows().where(col(Invoice.number) == number)).first()
    if row is None:
        raise no_document()
    return DocumentRow(*row)


def stored_pdf(session: Session, number: str) -> StoredFile[bytes]:
    """The PDF of a document for staff. Raises NotFound."""
    return _stored(session, col(Invoice.pdf), col(Invoice.number) == number)


def stored_xml(session: Session, number: str) -> StoredFile[bytes]:
    """The XML of a document for staff. Raises NotFound."""
    return _stored(session, col(Invoice.xml), col(Invoice.number) == number)


def papers_after(
    session: Session, last_id: int, *, month: date | None = None, ids: Sequence[int] = ()
) -> list[tuple[int, StoredFile[bytes]]]:
    """The next papers by id, a few at a time: those of a month, or those with some ids."""
    query = select_columns(col(Invoice.id), col(Invoice.number), col(Invoice.pdf)).where(
        col(Invoice.id) > last_id
    )
    query = query.where(_in_month(month)) if month is not None else query.where(col(Invoice.id).in_(ids))
    rows = session.execute(query.order_by(col(Invoice.id)).limit(BATCH))
    return [(int(row.id or 0), StoredFile(row.number, row.pdf)) for row in rows]


def amounts_in(text: str) -> Iterator[int]:
    """The amounts that a search may mean, in cents: `1359`, `1.359,06`, `1,359.06` or `1359.06`."""
    if re.fullmatch(r"\d{1,7}", text):
        yield int(text) * 100
        return
    found = re.fullmatch(r"(\d{1,3}(?:[.,]\d{3})*|\d{1,7})[.,](\d{2})", text.removesuffix("€").strip())
    if found:
        yield int(re.sub(r"\D", "", found[1])) * 100 + int(found[2])


def no_document() -> NotFound:
    """What is said of a document that does not exist, and of one that is nobody's business."""
    return NotFound(N_("There is no such invoice."), code="invoice.not_found")


def _rows() -> Select[*tuple[Any, ...]]:
    """The columns of DocumentRow, without the bytes."""
    return (
        select_columns(
            col(Invoice.id),
            col(Invoice.number),
            col(Invoice.kind),
            col(Invoice.issued_on),
            col(Invoice.net_cents),
            col(Invoice.vat_cents),
            col(Invoice.gross_cents),
            col(Invoice.buyer_name),
            col(Order.number),
            col(Invoice.order_id),
            func.coalesce(col(ORIGINAL.number), ""),
        )
        .join(Order, col(Order.id) == col(Invoice.order_id))
        .outerjoin(ORIGINAL, col(ORIGINAL.id) == col(Invoice.corrects_id))
    )


def _page_of(session: Session, query: Select[*tuple[Any, ...]], page: int) -> Slice[DocumentRow]:
    found = read_page(session, query, page=page)
    return Slice([DocumentRow(*row) for row in found.rows], found.page, found.has_next)


def _in_month(month: date) -> ColumnElement[bool]:
    first = month.replace(day=1)
    following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return (col(Invoice.issued_on) >= first) & (col(Invoice.issued_on) < following)


def _fits(text: str) -> ColumnElement[bool]:
    amounts = list(amounts_in(text))
    return or_(
        col(Invoice.number).icontains(text, autoescape=True),
        col(Order.number).icontains(text, autoescape=True),
        col(Invoice.buyer_name).icontains(text, autoescape=True),
        *([col(Invoice.gross_cents).in_(amounts)] if amounts else []),
    )


def _file_of(
    session: Session, content: Any, order_number: str, customer_id: int, document_number: str | None
) -> StoredFile[Any]:
    is_theirs = (col(Order.number) == order_number, col(Invoice.customer_id) == customer_id)
    if document_number is None:
        which = col(Invoice.kind) != DocumentKind.CORRECTION
    else:
        which = (col(Invoice.number) == document_number) & (col(Invoice.kind) == DocumentKind.CORRECTION)
    return _stored(session, content, *is_theirs, which)


def _stored(session: Session, content: Any, *where: ColumnElement[bool]) -> StoredFile[Any]:
    query = select_columns(col(Invoice.number), content).join(Order, col(Order.id) == col(Invoice.order_id))
    row = session.execute(query.where(*where)).first()
    if row is None:
        raise no_document()
    return StoredFile(row[0], row[1])
