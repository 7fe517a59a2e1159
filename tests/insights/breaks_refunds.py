"""How each invariant of refunds by staff and disputes is broken, and the words by which its finding is known."""

from collections.abc import Callable

from tests.insights.breaks_invoices import COLUMNS
from tests.insights.conftest import Hand

REQUEST = (
    "INSERT INTO refund_requests (order_id, form_key, reason, note, wish, amount_cents, state, asked_by, asked_at,"
    " decided_by, decision_note) SELECT id, 'k', 'goodwill', 'n', '{}', 100, 'granted', 'Ole', placed_at, 'Ole', ''"
    " FROM orders WHERE id = :accepted"
)
DISPUTE = (
    "INSERT INTO disputes (dispute_id, payment_id, order_id, amount_cents, reason, status, opened_at, taken_at,"
    " checked_at, passed_by, pass_reason, evidence, token, retry_count, submitting_at, submitted_by, failure)"
    " SELECT 'du_1', id, order_id, amount_cents, 'general', 'needs_response', created_at, {taken}, created_at, '', '',"
    " '{{}}', 't', 0, {sent}, '', '' FROM payments WHERE order_id = :accepted"
)


def running(statement: str) -> Callable[[Hand], None]:
    """A break that is one statement."""
    return lambda hand: hand.run(statement)


def _failed_after_its_correction(hand: Hand) -> None:
    hand.run(
        "INSERT INTO refunds (id, payment_id, order_id, amount_cents, cause, is_for_us, state, token, retry_count,"
        " failure, asked_by, asked_at) SELECT 4711, p.id, p.order_id, i.gross_cents, 'staff:4711', :no, 'failed', 't',"
        " 0, 'declined', 'Ole', i.issued_at FROM invoices i JOIN payments p ON p.order_id = i.order_id"
        " WHERE i.kind = 'invoice'",
        no=False,
    )
    hand.run(
        f"INSERT INTO invoices (number, kind, order_id, customer_id, corrects_id, refund_id, {COLUMNS})"
        f" SELECT 'RK-2026-000001', 'correction', order_id, customer_id, id, 4711, {COLUMNS} FROM invoices"
        " WHERE kind = 'invoice'"
    )


BREAKS: dict[str, tuple[Callable[[Hand], None], str]] = {
    "a_granted_refund_is_as_it_was_asked_for": (
        running(REQUEST),
        "is granted, and its refund says something else",
    ),
    "what_is_corrected_went_back": (_failed_after_its_correction, "corrects refund 4711 of order"),
    "a_dispute_is_booked_as_it_stands": (
        running(DISPUTE.format(taken="created_at", sent="NULL")),
        "is needs_response, and the ledger says something else",
    ),
    "no_evidence_is_left_on_its_way": (
        running(DISPUTE.format(taken="NULL", sent="'2020-01-01 00:00:00'")),
        "was to be sent and is still on its way",
    ),
}
