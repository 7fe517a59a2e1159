"""Invariants of the order rhythm and of standing orders: what joins what, what carries a fee, who was asked."""

from app.insights.findings import Invariant, rows_of

RHYTHM = (
    Invariant(
        "an_order_joins_an_earlier_one_of_its_company",
        "An order travels with an earlier accepted order of goods of its own company, and only where it was so shown.",
        rows_of(
            "SELECT o.id, o.number, w.number AS other FROM orders o JOIN orders w ON w.id = o.joins_order_id"
            " WHERE o.rhythm <> 'joined' OR w.id >= o.id OR w.customer_id <> o.customer_id"
            " OR w.kind <> 'goods' OR w.accepted_at IS NULL ORDER BY o.id",
            "Order {number} travels with order {other}, which it cannot join.",
        ),
    ),
    Invariant(
        "only_an_interim_order_carries_its_fee",
        "The interim-order fee stands on interim orders only, and once.",
        rows_of(
            "SELECT o.id, o.number, o.rhythm, count(*) AS fee_count FROM charges c"
            " JOIN orders o ON o.id = c.order_id WHERE c.kind = 'interim_order'"
            " GROUP BY o.id, o.number, o.rhythm HAVING o.rhythm <> 'interim' OR count(*) > 1 ORDER BY o.id",
            "Order {number} ({rhythm}) carries the interim-order fee {fee_count} times.",
        ),
    ),
    Invariant(
        "a_standing_order_asks_while_it_is_active",
        "A standing order has the day of its next question exactly while it is active, and pauses after three"
        " unanswered ones.",
        rows_of(
            "SELECT id, state, unanswered_count FROM standing_orders WHERE (state = 'active') <> (asks_on IS NOT NULL)"
            " OR (state = 'active' AND unanswered_count >= 3) ORDER BY id",
            "Standing order {id} is {state} after {unanswered_count} unanswered runs, and its next question says"
            " something else.",
        ),
    ),
    Invariant(
        "one_question_waits_at_a_time",
        "At most one run of a standing order waits for its answer, and none for longer than its day.",
        rows_of(
            "SELECT s.id, count(*) AS run_count FROM standing_orders s JOIN standing_order_runs r"
            " ON r.standing_order_id = s.id WHERE r.state = 'asked' GROUP BY s.id"
            " HAVING count(*) > 1 OR min(r.expires_at) < :late ORDER BY s.id",
            "Standing order {id} has {run_count} runs that wait, or one whose day is over.",
        ),
    ),
    Invariant(
        "a_confirmed_run_is_an_order_of_its_company",
        "A run has an order exactly where it was confirmed, an order of the company that was asked.",
        rows_of(
            "SELECT r.id, r.state FROM standing_order_runs r"
            " JOIN standing_orders s ON s.id = r.standing_order_id LEFT JOIN orders o ON o.id = r.order_id"
            " WHERE (r.state = 'confirmed') <> (r.order_id IS NOT NULL) OR o.customer_id <> s.customer_id"
            " ORDER BY r.id",
            "Run {id} of a standing order is {state}, and its order says something else.",
        ),
    ),
)
"""All invariants of rhythm and standing orders."""
