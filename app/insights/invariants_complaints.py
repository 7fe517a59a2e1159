"""Invariants of complaints and of what goes back: whose they are, how much, and what came of them."""

from app.insights.findings import Invariant, rows_of

_REFUNDED = (
    "p.bundle_version_id, l.quantity FROM complaints r JOIN refunds f ON f.state <> 'failed' AND f.cause IN"
    " ('complaint:' || CAST(r.id AS VARCHAR(20)), 'complaint:' || CAST(r.id AS VARCHAR(20)) || ':' || '2')"
    " JOIN refund_lines l ON l.refund_id = f.id JOIN order_lines p ON p.id = l.order_line_id"
)
"""The pieces that went back for each complaint, by bundle version."""
COMPLAINTS = (
    Invariant(
        "a_complaint_is_about_an_order_of_its_company",
        "A complaint, its person and its order belong to one company.",
        rows_of(
            "SELECT r.id, r.number, o.number AS order_number FROM complaints r"
            " LEFT JOIN orders o ON o.id = r.order_id LEFT JOIN contacts c ON c.id = r.contact_id"
            " WHERE o.id IS NULL OR o.customer_id <> r.customer_id OR c.customer_id <> r.customer_id"
            " ORDER BY r.id",
            "Complaint {number} is about order {order_number}, which belongs to another company.",
        ),
    ),
    Invariant(
        "a_complaint_is_about_lines_of_its_order",
        "Each line of a complaint is one of its order, and not more of it than was bought.",
        rows_of(
            "SELECT l.id, r.number, l.quantity, b.quantity AS bought FROM complaint_lines l"
            " JOIN complaints r ON r.id = l.complaint_id JOIN order_lines b ON b.id = l.order_line_id"
            " WHERE b.order_id <> r.order_id OR l.quantity > b.quantity ORDER BY l.id",
            "Complaint {number} is about {quantity} of a line of which {bought} were bought, or of another order.",
        ),
    ),
    Invariant(
        "no_piece_is_complained_of_twice",
        "Of a line no more pieces are in complaints about the goods, rejected ones left out, than were bought.",
        rows_of(
            "SELECT b.id, o.number, b.quantity, sum(l.quantity) AS complained FROM complaint_lines l"
            " JOIN complaints r ON r.id = l.complaint_id JOIN order_lines b ON b.id = l.order_line_id"
            " JOIN orders o ON o.id = b.order_id WHERE r.reason IN ('damaged', 'missing', 'wrong', 'defective')"
            " AND (r.outcome IS NULL OR r.outcome <> 'rejected') GROUP BY b.id, o.number, b.quantity"
            " HAVING sum(l.quantity) > b.quantity ORDER BY b.id",
            "Of {quantity} pieces of a line of order {number} there are {complained} in complaints.",
        ),
    ),
    Invariant(
        "a_complaint_is_as_far_as_its_state_says",
        "A decided complaint has outcome, person and moment, a rejected one its reason; an open one has no outcome.",
        rows_of(
            "SELECT id, number, state FROM complaints WHERE (state = 'decided') <> (outcome IS NOT NULL)"
            " OR (state = 'decided' AND (decided_at IS NULL OR decided_by = '' OR fault = 'undecided'))"
            " OR (outcome = 'rejected') <> (rejection <> '' AND state = 'decided')"
            " OR (outcome = 'replacement' AND replacement_order_id IS NULL)"
            " OR (outcome IN ('refund_lines', 'refund_order') AND refund_id IS NULL) ORDER BY id",
            "Complaint {number} is {state} and lacks what that state needs.",
        ),
    ),
    Invariant(
        "only_open_complaints_hold_their_lines",
        "The lines of an open complaint are marked as such, those of a decided one are not.",
        rows_of(
            "SELECT l.id, r.number, r.state FROM complaint_lines l JOIN complaints r ON r.id = l.complaint_id"
            " WHERE (r.state = 'open') <> (l.open_key IS NOT NULL) ORDER BY l.id",
            "Complaint {number} is {state}, and the mark of its line says something else.",
        ),
    ),
    Invariant(
        "each_complaint_is_one_effort_event",
        "Each complaint is noted as effort of its company, and whose fault it was is the same on both.",
        rows_of(
            "SELECT r.id, r.number FROM complaints r LEFT JOIN effort_events e"
            " ON e.source_key = 'complaint:' || CAST(r.id AS VARCHAR(20)) AND e.customer_id = r.customer_id"
            " WHERE e.id IS NULL OR (e.cause <> r.fault AND e.corrected_at IS NULL) ORDER BY r.id",
            "Complaint {number} is not noted as effort, or with another fault.",
        ),
    ),
    Invariant(
        "each_replacement_names_its_complaint",
        "A replacement costs nothing, belongs to a paid order of its company, and one complaint led to it.",
        rows_of(
            "SELECT o.id, o.number FROM orders o LEFT JOIN orders p ON p.id = o.for_order_id"
            " WHERE o.kind = 'replacement' AND (o.gross_cents <> 0 OR p.id IS NULL OR p.kind = 'replacement'"
            " OR p.customer_id <> o.customer_id OR (SELECT count(*) FROM complaints r"
            " WHERE r.replacement_order_id = o.id AND r.customer_id = o.customer_id) <> 1) ORDER BY o.id",
            "Replacement {number} costs something, or does not name its order or its complaint.",
        ),
    ),
    Invariant(
        "no_more_goes_back_than_was_paid",
        "The refunds of a payment, failed ones left out, are never more than it took; it was captured for their order.",
        rows_of(
            "SELECT p.id, p.amount_cents, sum(b.amount_cents) AS back_cents FROM refunds b"
            " JOIN payments p ON p.id = b.payment_id WHERE b.state <> 'failed' GROUP BY p.id, p.amount_cents,"
            " p.state, p.order_id HAVING sum(b.amount_cents) > p.amount_cents OR p.state <> 'captured'"
            " OR min(b.order_id) <> p.order_id OR max(b.order_id) <> p.order_id ORDER BY p.id",
            "Payment {id} took {amount_cents} cents, and {back_cents} go back.",
        ),
    ),
    Invariant(
        "no_piece_goes_back_twice",
        "Of a line no more pieces are paid back than were bought, and a refund's lines are no more than the refund.",
        rows_of(
            "SELECT b.id, o.number, b.quantity, sum(l.quantity) AS back FROM refund_lines l"
            " JOIN refunds f ON f.id = l.refund_id JOIN order_lines b ON b.id = l.order_line_id"
            " JOIN orders o ON o.id = b.order_id WHERE f.state <> 'failed' GROUP BY b.id, o.number, b.quantity,"
            " b.order_id HAVING sum(l.quantity) > b.quantity OR min(f.order_id) <> b.order_id"
            " OR sum(l.amount_cents) > (SELECT sum(g.amount_cents) FROM refunds g WHERE g.order_id = b.order_id"
            " AND g.state <> 'failed') ORDER BY b.id",
            "Of {quantity} pieces of a line of order {number} {back} are paid back.",
        ),
    ),
    Invariant(
        "no_piece_is_paid_back_and_replaced",
        "Of a line no more pieces are paid back and replaced, by answers to complaints about it, than were bought.",
        rows_of(
            "SELECT b.id, o.number, b.quantity, sum(t.quantity) AS answered FROM ("
            f"SELECT r.order_id, {_REFUNDED} UNION ALL"
            f" SELECT q.order_id, {_REFUNDED} JOIN orders m ON m.id = r.order_id AND m.state = 'cancelled'"
            " JOIN complaints q ON q.replacement_order_id = m.id UNION ALL"
            " SELECT r.order_id, l.bundle_version_id, l.quantity FROM complaints r"
            " JOIN orders m ON m.id = r.replacement_order_id AND m.state <> 'cancelled'"
            " JOIN order_lines l ON l.order_id = m.id"
            ") t JOIN order_lines b ON b.order_id = t.order_id AND b.bundle_version_id = t.bundle_version_id"
            " JOIN orders o ON o.id = b.order_id GROUP BY b.id, o.number, b.quantity"
            " HAVING sum(t.quantity) > b.quantity ORDER BY b.id",
            "Of {quantity} pieces of a line of order {number} {answered} are paid back or replaced.",
        ),
    ),
    Invariant(
        "a_refund_is_as_far_as_its_state_says",
        "A done refund has its id at Stripe and its moment, a failed one says why.",
        rows_of(
            "SELECT id, state FROM refunds WHERE (state = 'done') <> (done_at IS NOT NULL)"
            " OR (state = 'done' AND refund_id IS NULL) OR (state = 'failed') <> (failure <> '') ORDER BY id",
            "Refund {id} is {state} and lacks what that state needs.",
        ),
    ),
    Invariant(
        "no_refund_is_left_lying",
        "A refund that was asked for a quarter of an hour ago is done, failed, or has work waiting for it.",
        rows_of(
            "SELECT f.id, f.amount_cents FROM refunds f WHERE f.state = 'asked' AND f.asked_at < :late"
            " AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = 'pay_back' AND j.state IN ('ready', 'running')"
            " AND CAST(j.args ->> 'refund_row_id' AS INTEGER) = f.id) ORDER BY f.id",
            "Refund {id} of {amount_cents} cents was asked for, and nobody pays it back.",
        ),
    ),
)
"""All invariants of complaints and refunds."""
