"""Invariants of the ledger and the closed months: each movement of money once, and nothing changed afterwards."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from app.books.models import MonthClose
from app.books.queries_sealing import seal_of
from app.books.rules.months import Month
from app.books.rules.retention import VOUCHER_YEARS, is_over, keep_until
from app.insights.findings import Invariant, rows_of


def _changed_months(session: Session, now: datetime) -> Iterator[tuple[object, str]]:
    """Closed months whose papers are kept still, and whose seal is not that of their rows any more."""
    before: Month | None = None
    for close in session.exec(select(MonthClose).order_by(col(MonthClose.month))).all():
        month = Month.of(close.month)
        if before is not None and before.following != month:
            yield str(month), f"Month {month} is closed, but not the one before it."
        before = month
        kept_until = keep_until(close.month, years=VOUCHER_YEARS)
        if is_over(kept_until, today=now.date() - timedelta(days=1)):
            continue
        seal = seal_of(session, month, ZoneInfo(str(close.sums["timezone"])))
        if (seal.sha256, seal.document_count) != (close.sha256, close.document_count):
            yield (
                str(month),
                f"Month {month} was closed with {close.document_count} documents; its rows are not those any more.",
            )


LEDGER = (
    Invariant(
        "the_ledger_tells_each_payment_once",
        "Each captured or released payment stands once in the ledger, with its order and its amount.",
        rows_of(
            "SELECT p.id, p.state, o.number, p.amount_cents FROM payments p JOIN orders o ON o.id = p.order_id"
            " LEFT JOIN money_events e ON e.payment_id = p.id AND e.kind = p.state AND e.order_id = p.order_id"
            " AND e.amount_cents = p.amount_cents WHERE p.state IN ('captured', 'released')"
            " GROUP BY p.id, p.state, o.number, p.amount_cents HAVING count(e.id) <> 1 ORDER BY p.id",
            "Payment {id} of order {number} is {state} with {amount_cents} cents, and the ledger says otherwise.",
        ),
    ),
    Invariant(
        "the_ledger_tells_of_no_other_payment",
        "What the ledger calls taken or released is a payment in that state.",
        rows_of(
            "SELECT e.id, e.kind, o.number FROM money_events e JOIN orders o ON o.id = e.order_id"
            " LEFT JOIN payments p ON p.id = e.payment_id AND p.order_id = e.order_id AND p.state = e.kind"
            " WHERE e.kind IN ('captured', 'released') AND p.id IS NULL ORDER BY e.id",
            "Event {id} of order {number} says {kind}, but no payment of it is.",
        ),
    ),
    Invariant(
        "the_ledger_gives_back_what_refunds_did",
        "What the ledger says went back to cards is what the refunds of the order that are done come to.",
        rows_of(
            "SELECT o.id, o.number, m.told_cents, m.done_cents FROM (SELECT order_id, sum(told) AS told_cents,"
            " sum(done) AS done_cents FROM (SELECT order_id, CASE kind WHEN 'refunded' THEN amount_cents"
            " ELSE -amount_cents END AS told, 0 AS done FROM money_events WHERE kind IN ('refunded', 'refund_failed')"
            " UNION ALL SELECT order_id, 0, amount_cents FROM refunds WHERE state = 'done') AS b GROUP BY order_id)"
            " AS m JOIN orders o ON o.id = m.order_id WHERE m.told_cents <> m.done_cents ORDER BY o.id",
            "Order {number} had {done_cents} cents paid back, and its ledger says {told_cents}.",
        ),
    ),
    Invariant(
        "the_ledger_tells_each_dispute_once",
        "Each dispute whose money was taken stands once in the ledger with its amount, and no other one does.",
        rows_of(
            "SELECT d.id, d.dispute_id, o.number FROM disputes d JOIN orders o ON o.id = d.order_id"
            " LEFT JOIN money_events e ON e.kind = 'disputed' AND e.stripe_id = d.dispute_id"
            " AND e.order_id = d.order_id AND e.amount_cents = d.amount_cents"
            " WHERE d.taken_at IS NOT NULL AND d.amount_cents > 0 GROUP BY d.id, d.dispute_id, o.number"
            " HAVING count(e.id) <> 1 UNION ALL SELECT e.id, e.stripe_id, o.number FROM money_events e"
            " JOIN orders o ON o.id = e.order_id LEFT JOIN disputes d ON d.dispute_id = e.stripe_id"
            " WHERE e.kind = 'disputed' AND d.taken_at IS NULL",
            "Dispute {dispute_id} of order {number} and the ledger do not agree.",
        ),
    ),
    Invariant(
        "no_dispute_ends_that_did_not_begin",
        "What came of disputes is never more than what was disputed.",
        rows_of(
            "SELECT o.id, o.number, sum(CASE e.kind WHEN 'disputed' THEN e.amount_cents ELSE -e.amount_cents END)"
            " AS left_cents FROM money_events e JOIN orders o ON o.id = e.order_id"
            " WHERE e.kind IN ('disputed', 'dispute_won', 'dispute_lost') GROUP BY o.id, o.number"
            " HAVING sum(CASE e.kind WHEN 'disputed' THEN e.amount_cents ELSE -e.amount_cents END) < 0 ORDER BY o.id",
            "Disputes of order {number} ended with more than they began.",
        ),
    ),
    Invariant(
        "closed_months_have_not_changed",
        "The documents and the money of each closed month are those that it was closed with.",
        _changed_months,
    ),
)
"""All invariants of the ledger and the closed months."""
