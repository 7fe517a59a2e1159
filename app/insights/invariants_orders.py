"""Invariants of orders: their keys, sums, states, timelines and shipments."""

from app.insights.findings import Invariant, rows_of

ORDERS = (
    Invariant(
        "one_order_per_checkout_key",
        "A checkout key has at most one order.",
        rows_of(
            "SELECT min(id) AS id, customer_id, checkout_key, count(*) AS order_count FROM orders"
            " GROUP BY customer_id, checkout_key HAVING count(*) > 1 ORDER BY 1",
            "Customer {customer_id} has {order_count} orders for the checkout key {checkout_key}.",
        ),
    ),
    Invariant(
        "an_order_belongs_to_one_company",
        "The person who ordered belongs to the company that ordered.",
        rows_of(
            "SELECT o.id, o.number, o.customer_id, c.customer_id AS other_id FROM orders o"
            " JOIN contacts c ON c.id = o.contact_id WHERE c.customer_id <> o.customer_id ORDER BY o.id",
            "Order {number} is customer {customer_id}'s, but its contact is customer {other_id}'s.",
        ),
    ),
    Invariant(
        "lines_charges_and_vat_make_the_gross",
        "An order's lines, charges and VAT per rate sum up to its amounts, to the cent.",
        rows_of(
            "SELECT * FROM (SELECT o.id, o.number, o.kind, o.goods_net_cents, o.charges_net_cents, o.vat_cents,"
            " o.gross_cents, (SELECT count(*) FROM order_lines l WHERE l.order_id = o.id) AS line_count,"
            " (SELECT coalesce(sum(l.net_cents), 0) FROM order_lines l WHERE l.order_id = o.id) AS lines,"
            " (SELECT coalesce(sum(c.net_cents), 0) FROM charges c WHERE c.order_id = o.id) AS charges,"
            " (SELECT coalesce(sum(t.net_cents), 0) FROM order_taxes t WHERE t.order_id = o.id) AS taxed,"
            " (SELECT coalesce(sum(t.vat_cents), 0) FROM order_taxes t WHERE t.order_id = o.id) AS vat"
            " FROM orders o) AS s WHERE (line_count = 0) <> (kind = 'service') OR lines <> goods_net_cents"
            " OR charges <> charges_net_cents OR taxed <> goods_net_cents + charges_net_cents"
            " OR vat <> vat_cents OR gross_cents <> goods_net_cents + charges_net_cents + vat_cents ORDER BY id",
            "Order {number} says {goods_net_cents} goods, {charges_net_cents} charges, {vat_cents} VAT,"
            " {gross_cents} gross; its {line_count} lines sum up to {lines}, its charges to {charges},"
            " its rates to {taxed} net and {vat} VAT (cents).",
        ),
    ),
    Invariant(
        "vat_is_rounded_half_up_per_rate",
        "VAT at each rate is its net sum times the rate, rounded half up.",
        rows_of(
            "SELECT * FROM (SELECT t.id, o.number, t.vat_rate_bp, t.net_cents, t.vat_cents,"
            " (2 * CAST(t.net_cents AS BIGINT) * t.vat_rate_bp + 10000) / 20000 AS right_cents"
            " FROM order_taxes t JOIN orders o ON o.id = t.order_id WHERE t.net_cents >= 0) AS s"
            " WHERE vat_cents <> right_cents ORDER BY id",
            "Order {number} has {vat_cents} cents of VAT on {net_cents} at {vat_rate_bp} basis points;"
            " {right_cents} would be right.",
        ),
    ),
    Invariant(
        "states_have_their_moments",
        "An order has the moments of the states it went through, a reason where it was cancelled, and no others.",
        rows_of(
            "SELECT id, number, state FROM orders WHERE"
            " (state IN ('accepted', 'dispatched') AND accepted_at IS NULL)"
            " OR (state = 'received' AND accepted_at IS NOT NULL)"
            " OR (state = 'dispatched') <> (dispatched_at IS NOT NULL)"
            " OR (state = 'cancelled') <> (cancelled_at IS NOT NULL)"
            " OR (state = 'cancelled') <> (cancel_reason IS NOT NULL)"
            " OR accepted_at < placed_at OR dispatched_at < accepted_at ORDER BY id",
            "Order {number} is {state}, and its moments or its reason say something else.",
        ),
    ),
    Invariant(
        "the_timeline_tells_each_step_once",
        "Accepting, dispatching and cancelling stand in an order's timeline exactly once, and only if they happened.",
        rows_of(
            "SELECT o.id, o.number, o.state, k.kind, (SELECT count(*) FROM order_events e"
            " WHERE e.order_id = o.id AND e.kind = k.kind) AS event_count FROM orders o"
            " CROSS JOIN (SELECT 'accepted' AS kind UNION ALL SELECT 'dispatched' UNION ALL SELECT 'cancelled') k"
            " WHERE (SELECT count(*) FROM order_events e WHERE e.order_id = o.id AND e.kind = k.kind)"
            " <> CASE WHEN o.state = k.kind OR (o.accepted_at IS NOT NULL AND k.kind = 'accepted') THEN 1 ELSE 0 END"
            " ORDER BY o.id, k.kind",
            "Order {number} is {state} and has {event_count} entries '{kind}' in its timeline.",
        ),
    ),
    Invariant(
        "a_shipment_for_each_dispatched_order",
        "A dispatched order has one shipment, any other has none; a service that is done never has one.",
        rows_of(
            "SELECT * FROM (SELECT o.id, o.number, o.state, o.kind,"
            " (SELECT count(*) FROM shipments s WHERE s.order_id = o.id) AS shipment_count FROM orders o) AS s"
            " WHERE shipment_count <> CASE WHEN state = 'dispatched' AND kind <> 'service'"
            " THEN 1 ELSE 0 END ORDER BY id",
            "Order {number} is {state} and has {shipment_count} shipments.",
        ),
    ),
    Invariant(
        "what_was_ordered_was_on_sale",
        "Each order line is of a bundle version that was published.",
        rows_of(
            "SELECT l.id, o.number, l.bundle_version_id FROM order_lines l JOIN orders o ON o.id = l.order_id"
            " JOIN bundle_versions v ON v.id = l.bundle_version_id WHERE v.published_at IS NULL ORDER BY l.id",
            "Order {number} has a line of bundle version {bundle_version_id}, which was never published.",
        ),
    ),
)
"""All invariants of orders."""
