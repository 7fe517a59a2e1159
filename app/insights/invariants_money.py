"""Invariants of payments: taken once, for what was ordered, from whom the gate let through."""

from app.insights.findings import Invariant, rows_of

MONEY = (
    Invariant(
        "an_order_is_paid_at_most_once",
        "At most one payment of an order is being captured or captured.",
        rows_of(
            "SELECT o.id, o.number, count(*) AS payment_count FROM payments p JOIN orders o ON o.id = p.order_id"
            " WHERE p.state IN ('capturing', 'captured') GROUP BY o.id, o.number HAVING count(*) > 1"
            " ORDER BY o.id",
            "Order {number} has {payment_count} payments captured or about to be.",
        ),
    ),
    Invariant(
        "an_accepted_order_is_paid_in_full",
        "An accepted or dispatched order (but a replacement) has one captured payment of its amount and currency.",
        rows_of(
            "SELECT * FROM (SELECT o.id, o.number, o.state, o.gross_cents, o.currency,"
            " (SELECT count(*) FROM payments p WHERE p.order_id = o.id AND p.state = 'captured'"
            " AND p.amount_cents = o.gross_cents AND p.currency = o.currency) AS payment_count FROM orders o"
            " WHERE o.state IN ('accepted', 'dispatched') AND o.kind <> 'replacement') AS s"
            " WHERE payment_count <> 1 ORDER BY id",
            "Order {number} is {state} and has {payment_count} captured payments of {gross_cents} cents"
            " {currency}.",
        ),
    ),
    Invariant(
        "captured_money_has_an_accepted_order",
        "A captured payment belongs to an order that is accepted or dispatched, or was called off and went back.",
        rows_of(
            "SELECT p.id, o.number, o.state, p.amount_cents FROM payments p JOIN orders o ON o.id = p.order_id"
            " WHERE p.state = 'captured' AND o.state NOT IN ('accepted', 'dispatched')"
            " AND NOT (o.state = 'cancelled' AND o.accepted_at IS NOT NULL AND p.amount_cents <="
            " (SELECT coalesce(sum(b.amount_cents), 0) FROM refunds b WHERE b.payment_id = p.id)"
            " + (SELECT coalesce(sum(d.amount_cents), 0) FROM disputes d"
            " WHERE d.payment_id = p.id AND d.status = 'lost'))"
            " ORDER BY p.id",
            "Payment {id} of {amount_cents} cents is captured, but order {number} is {state}.",
        ),
    ),
    Invariant(
        "every_attempt_asks_for_the_gross",
        "Each payment attempt is about its order's gross amount and currency.",
        rows_of(
            "SELECT p.id, o.number, p.amount_cents, p.currency, o.gross_cents FROM payments p"
            " JOIN orders o ON o.id = p.order_id WHERE p.amount_cents <> o.gross_cents"
            " OR p.currency <> o.currency ORDER BY p.id",
            "Payment {id} asks for {amount_cents} cents {currency}; order {number} costs {gross_cents}.",
        ),
    ),
    Invariant(
        "a_payment_is_as_far_as_its_state_says",
        "An open payment has its card page, a captured one its intent and moment, a released one its reason.",
        rows_of(
            "SELECT id, state FROM payments WHERE (state = 'open' AND session_id IS NULL)"
            " OR (state IN ('held', 'capturing', 'captured') AND intent_id IS NULL)"
            " OR ((state IN ('captured', 'released')) AND settled_at IS NULL)"
            " OR (state IN ('releasing', 'released') AND release_reason = '') ORDER BY id",
            "Payment {id} is {state} and lacks what that state needs.",
        ),
    ),
    Invariant(
        "one_open_card_page_per_order",
        "At most one attempt of an order is undecided, and none of an order that is accepted.",
        rows_of(
            "SELECT o.id, o.number, o.state, count(*) AS payment_count FROM payments p"
            " JOIN orders o ON o.id = p.order_id WHERE p.state IN ('created', 'open')"
            " AND p.changed_at < :late GROUP BY o.id, o.number, o.state"
            " HAVING count(*) > 1 OR o.state <> 'received' ORDER BY o.id",
            "Order {number} is {state} and has {payment_count} undecided payment attempts.",
        ),
    ),
    Invariant(
        "no_payment_is_stuck",
        "No payment stays for longer than a quarter of an hour in a state in which our own process works.",
        rows_of(
            "SELECT p.id, p.state, o.number FROM payments p JOIN orders o ON o.id = p.order_id"
            " WHERE p.state IN ('created', 'capturing', 'releasing') AND p.changed_at < :late ORDER BY p.id",
            "Payment {id} of order {number} is stuck in {state}.",
        ),
    ),
    Invariant(
        "held_money_has_its_hold",
        "A held payment is about an order that waits for it, and has the hold that says who used the card.",
        rows_of(
            "SELECT p.id, o.number, o.state FROM payments p JOIN orders o ON o.id = p.order_id"
            " LEFT JOIN payment_holds h ON h.payment_id = p.id WHERE p.state = 'held'"
            " AND (h.id IS NULL OR (o.state <> 'received' AND p.checked_at < :late)) ORDER BY p.id",
            "Payment {id} of order {number} ({state}) is held without a reason to be.",
        ),
    ),
    Invariant(
        "no_hold_outlasts_its_end",
        "Held money is taken or given back within a quarter of an hour after the decision, or after the hold's end.",
        rows_of(
            "SELECT p.id, o.number, h.release_by_at FROM payments p JOIN orders o ON o.id = p.order_id"
            " JOIN payment_holds h ON h.payment_id = p.id WHERE p.state = 'held'"
            " AND (h.release_by_at < :late OR h.decided_at < :late) ORDER BY p.id",
            "Payment {id} of order {number} is still held; its hold ended {release_by_at} or was decided.",
        ),
    ),
    Invariant(
        "a_hold_ends_before_its_authorisation",
        "Every hold ends before the card's bank forgets the reservation.",
        rows_of(
            "SELECT p.id, o.number FROM payments p JOIN orders o ON o.id = p.order_id"
            " JOIN payment_holds h ON h.payment_id = p.id WHERE h.release_by_at >= p.capture_before_at"
            " ORDER BY p.id",
            "Payment {id} of order {number} may be held for longer than its authorisation lasts.",
        ),
    ),
    Invariant(
        "only_a_person_lets_a_held_payment_go_on",
        "Held money is charged only where a person decided so.",
        rows_of(
            "SELECT p.id, o.number, p.state FROM payments p JOIN orders o ON o.id = p.order_id"
            " JOIN payment_holds h ON h.payment_id = p.id WHERE p.state IN ('capturing', 'captured')"
            " AND (h.decision IS NULL OR h.decision <> 'go_on' OR h.decided_at IS NULL OR h.decided_by = '')"
            " ORDER BY p.id",
            "Payment {id} of order {number} was held and is {state}, though nobody let it go on.",
        ),
    ),
    Invariant(
        "no_card_page_outlives_its_end",
        "An open payment whose card page has closed is settled within a quarter of an hour.",
        rows_of(
            "SELECT p.id, o.number FROM payments p JOIN orders o ON o.id = p.order_id"
            " WHERE p.state = 'open' AND p.expires_at < :late ORDER BY p.id",
            "Payment {id} of order {number} is still open, though its card page has closed.",
        ),
    ),
    Invariant(
        "no_event_is_left_unread",
        "What Stripe told is looked at within a quarter of an hour.",
        rows_of(
            "SELECT id, event_id, event_type FROM stripe_events WHERE handled_at IS NULL"
            " AND received_at < :late ORDER BY id",
            "Event {event_id} ({event_type}) was received, but nobody looked at it.",
        ),
    ),
)
"""All invariants of payments."""
