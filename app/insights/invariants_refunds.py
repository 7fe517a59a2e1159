"""Invariants of refunds by staff and of disputes: granted by whom they must be, and booked as they stand."""

from app.insights.findings import Invariant, rows_of

REFUNDS = (
    Invariant(
        "a_granted_refund_is_as_it_was_asked_for",
        "What staff want paid back has a refund of its order and amount once it is granted, and none before.",
        rows_of(
            "SELECT r.id, r.state, r.amount_cents FROM refund_requests r LEFT JOIN refunds f ON f.id = r.refund_id"
            " WHERE (r.state = 'granted') <> (f.id IS NOT NULL)"
            " OR (f.id IS NOT NULL AND (f.order_id <> r.order_id OR f.amount_cents <> r.amount_cents))"
            " OR (r.state <> 'waiting') <> (r.decided_at IS NOT NULL) ORDER BY r.id",
            "Refund request {id} of {amount_cents} cents is {state}, and its refund says something else.",
        ),
    ),
    Invariant(
        "what_is_corrected_went_back",
        "No refund stays failed whose correction is issued: too little VAT would be declared.",
        rows_of(
            "SELECT f.id, f.order_id, i.number FROM refunds f JOIN invoices i ON i.refund_id = f.id"
            " WHERE f.state = 'failed' ORDER BY f.id",
            "{number} corrects refund {id} of order {order_id}, which failed: ask for it again.",
        ),
    ),
    Invariant(
        "a_dispute_is_booked_as_it_stands",
        "A dispute that took money is in the ledger once as such, and a decided one with its end.",
        rows_of(
            "SELECT id, order_id, status FROM (SELECT d.id, d.order_id, d.status, d.taken_at, d.amount_cents,"
            " (SELECT count(*) FROM money_events m WHERE m.order_id = d.order_id AND m.stripe_id = d.dispute_id"
            " AND m.kind = 'disputed') AS taken_count,"
            " (SELECT count(*) FROM money_events m WHERE m.order_id = d.order_id AND m.stripe_id = d.dispute_id"
            " AND m.kind IN ('dispute_won', 'dispute_lost')) AS ended_count FROM disputes d) AS s"
            " WHERE amount_cents > 0 AND (taken_count <> CASE WHEN taken_at IS NULL THEN 0 ELSE 1 END"
            " OR (taken_at IS NOT NULL AND status IN ('won', 'lost') AND ended_count = 0)) ORDER BY id",
            "Dispute {id} of order {order_id} is {status}, and the ledger says something else.",
        ),
    ),
    Invariant(
        "no_evidence_is_left_on_its_way",
        "Evidence that is to go to the bank is there within a quarter of an hour.",
        rows_of(
            "SELECT id, dispute_id FROM disputes WHERE submitting_at < :late ORDER BY id",
            "The evidence for dispute {dispute_id} was to be sent and is still on its way.",
        ),
    ),
)
"""All invariants of refunds by staff and disputes."""
