"""Invariants of documents: their numbers, their sums, what they correct, and the bytes that were issued."""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import bindparam, text
from sqlmodel import Session

from app.core.db import UTCDateTime
from app.insights.findings import Invariant, rows_of

HASHED_AT_ONCE = 100
LONGEST_WAIT = timedelta(days=1)
RETENTION_YEARS = 9
"""After it a whole year's documents may be gone (docs/invoices.md)."""


def _gaps(session: Session, now: datetime) -> Iterator[tuple[object, str]]:
    """Numbers of a range and year that are missing, or that no counter gave."""
    rows = session.execute(
        text(
            "SELECT s.prefix, s.year, coalesce(r.last_number, 0) AS last_number, s.row_count, s.least, s.greatest FROM"
            " (SELECT substr(number, 1, 2) AS prefix, CAST(substr(number, 4, 4) AS integer) AS year,"
            " count(*) AS row_count, min(CAST(substr(number, 9) AS integer)) AS least,"
            " max(CAST(substr(number, 9) AS integer)) AS greatest FROM invoices GROUP BY 1, 2) AS s"
            " LEFT JOIN number_ranges r ON r.prefix = s.prefix AND r.year = s.year"
            " UNION ALL SELECT r.prefix, r.year, r.last_number, 0, 0, 0 FROM number_ranges r WHERE r.last_number > 0"
            " AND NOT EXISTS (SELECT 1 FROM invoices i WHERE substr(i.number, 1, 7) = r.prefix || '-' || r.year)"
            " ORDER BY 1, 2"
        )
    )
    for prefix, year, last_number, row_count, least, greatest in rows:
        is_whole = (row_count, least, greatest) == (last_number, 1, last_number)
        is_deleted = row_count == 0 and year + RETENTION_YEARS <= now.year
        if not is_whole and not is_deleted:
            yield (
                f"{prefix}-{year}",
                f"Range {prefix}-{year} gave {last_number} numbers, but there are {row_count} documents"
                f" from {least} to {greatest}.",
            )


def _changed_bytes(session: Session, now: datetime) -> Iterator[tuple[object, str]]:
    """Hashes the newest documents, and each hour another part of all: `shop invoices verify` does all at once."""
    first = session.execute(text("SELECT coalesce(max(id), 0) FROM invoices")).scalar_one() - HASHED_AT_ONCE
    parts = max(1, first // HASHED_AT_ONCE + 1)
    begin = (int(now.timestamp()) // 3600 % parts) * HASHED_AT_ONCE
    rows = session.execute(
        text(
            "SELECT id, number, xml, xml_sha256, pdf, pdf_sha256 FROM invoices"
            " WHERE id > :first OR (id > :begin AND id <= :end) ORDER BY id"
        ),
        {"first": first, "begin": begin, "end": begin + HASHED_AT_ONCE},
    )
    for row_id, number, xml, xml_sha256, pdf, pdf_sha256 in rows:
        for name, content, noted in (("XML", xml, xml_sha256), ("PDF", pdf, pdf_sha256)):
            if hashlib.sha256(content).hexdigest() != noted:
                yield row_id, f"The {name} of {number} is not what was issued."


def _undrafted(session: Session, now: datetime) -> Iterator[tuple[object, str]]:
    """Orders that were delivered a day ago and that nobody thought of invoicing."""
    statement = text(
        "SELECT o.id, o.number FROM orders o WHERE o.state = 'dispatched' AND o.kind <> 'replacement'"
        " AND o.dispatched_at < :before AND NOT EXISTS (SELECT 1 FROM invoice_drafts d WHERE d.order_id = o.id"
        " AND d.refund_id IS NULL) AND o.gross_cents > (SELECT coalesce(sum(b.amount_cents), 0) FROM refunds b"
        " WHERE b.order_id = o.id AND b.state IN ('asked', 'done')) ORDER BY o.id"
    ).bindparams(bindparam("before", type_=UTCDateTime))
    for row_id, number in session.execute(statement, {"before": now - LONGEST_WAIT}):
        yield row_id, f"Order {number} was delivered, and no invoice of it is written or waits."


def _wrong_drafts(session: Session, now: datetime) -> Iterator[tuple[object, str]]:
    """Drafts of documents that were kept long enough stay alone: they say that their order was invoiced."""
    statement = text(
        "SELECT i.id AS id, i.number FROM invoices i WHERE 1 <> (SELECT count(*) FROM invoice_drafts d"
        " WHERE d.invoice_id = i.id AND d.state = 'issued' AND d.order_id = i.order_id)"
        " UNION ALL SELECT d.id, 'a draft' FROM invoice_drafts d"
        " WHERE (d.state <> 'issued' AND d.invoice_id IS NOT NULL)"
        " OR (d.state = 'issued' AND d.invoice_id IS NULL AND d.changed_at >= :kept_since) ORDER BY 1"
    ).bindparams(bindparam("kept_since", type_=UTCDateTime))
    kept_since = datetime(now.year - RETENTION_YEARS + 1, 1, 1, tzinfo=UTC)
    for row_id, name in session.execute(statement, {"kept_since": kept_since}):
        yield row_id, f"Of {name} ({row_id}) no draft, or a wrong one, says that it was issued."


_ORIGINAL_LEFT = (
    "SELECT i.id, i.number, t.vat_rate_bp, t.net_cents, t.vat_cents, coalesce(sum(ct.net_cents), 0) AS net_back,"
    " coalesce(sum(ct.vat_cents), 0) AS vat_back FROM invoices i JOIN invoice_taxes t ON t.invoice_id = i.id"
    " JOIN invoices c ON c.corrects_id = i.id JOIN invoice_taxes ct ON ct.invoice_id = c.id"
    " AND ct.category = t.category AND ct.vat_rate_bp = t.vat_rate_bp"
    " GROUP BY i.id, i.number, t.id, t.vat_rate_bp, t.net_cents, t.vat_cents"
    " HAVING sum(ct.net_cents) > t.net_cents OR sum(ct.vat_cents) > t.vat_cents ORDER BY i.id"
)

INVOICES = (
    Invariant(
        "document_numbers_have_no_gap",
        "In each range and year the numbers are 1 to the last that its counter gave, each once.",
        _gaps,
    ),
    Invariant(
        "documents_never_go_back_in_time",
        "A document is not issued before the one whose number is smaller.",
        rows_of(
            "SELECT * FROM (SELECT id, number, issued_at, lag(issued_at) OVER (PARTITION BY substr(number, 1, 2)"
            " ORDER BY number) AS issued_before FROM invoices) AS s WHERE issued_at < issued_before ORDER BY id",
            "{number} was issued at {issued_at}, before the document that precedes it.",
        ),
    ),
    Invariant(
        "an_invoice_is_its_order",
        "An invoice has the amounts of its order, at each rate.",
        rows_of(
            "SELECT * FROM (SELECT i.id, i.number, o.number AS order_number, i.gross_cents, o.gross_cents AS ordered,"
            " (SELECT count(*) FROM order_taxes t WHERE t.order_id = o.id AND t.net_cents + t.vat_cents > 0"
            " AND NOT EXISTS (SELECT 1 FROM invoice_taxes n WHERE n.invoice_id = i.id"
            " AND n.vat_rate_bp = t.vat_rate_bp AND n.net_cents = t.net_cents AND n.vat_cents = t.vat_cents))"
            " AS differing FROM invoices i JOIN orders o ON o.id = i.order_id WHERE i.kind <> 'correction') AS s"
            " WHERE gross_cents <> ordered OR differing > 0 ORDER BY id",
            "{number} says {gross_cents} cents, its order {order_number} {ordered}; {differing} rates differ.",
        ),
    ),
    Invariant(
        "the_rates_of_a_document_add_up",
        "Net and VAT of a document are the sums of its rates.",
        rows_of(
            "SELECT * FROM (SELECT i.id, i.number, i.net_cents, i.vat_cents,"
            " (SELECT coalesce(sum(t.net_cents), 0) FROM invoice_taxes t WHERE t.invoice_id = i.id) AS net_sum,"
            " (SELECT coalesce(sum(t.vat_cents), 0) FROM invoice_taxes t WHERE t.invoice_id = i.id) AS vat_sum"
            " FROM invoices i) AS s WHERE net_cents <> net_sum OR vat_cents <> vat_sum ORDER BY id",
            "{number} says {net_cents} + {vat_cents} cents, its rates {net_sum} + {vat_sum}.",
        ),
    ),
    Invariant(
        "corrections_never_exceed_their_invoice",
        "At no rate do the corrections of an invoice take back more than it charged.",
        rows_of(
            _ORIGINAL_LEFT,
            "{number} charged {net_cents} + {vat_cents} cents at {vat_rate_bp}, {net_back} + {vat_back} went back.",
        ),
    ),
    Invariant(
        "a_correction_is_its_refund",
        "A correction is about the money that went back for an order, and about the invoice of that order.",
        rows_of(
            "SELECT c.id, c.number, c.gross_cents, r.amount_cents FROM invoices c"
            " LEFT JOIN refunds r ON r.id = c.refund_id LEFT JOIN invoices i ON i.id = c.corrects_id"
            " WHERE c.kind = 'correction' AND (r.id IS NULL OR r.amount_cents <> c.gross_cents"
            " OR r.order_id <> c.order_id OR i.order_id <> c.order_id OR i.kind = 'correction') ORDER BY c.id",
            "{number} takes back {gross_cents} cents; the refund it stands for is {amount_cents}.",
        ),
    ),
    Invariant(
        "a_document_has_its_draft",
        "Every document came of one draft that says so, and no other draft says so before its document may be gone.",
        _wrong_drafts,
    ),
    Invariant("issued_bytes_are_kept", "XML and PDF are, byte by byte, what was issued.", _changed_bytes),
    Invariant(
        "what_is_delivered_is_invoiced",
        "A day after its delivery an order has its invoice, or a draft that waits for a person.",
        _undrafted,
    ),
)
"""All invariants of documents."""
