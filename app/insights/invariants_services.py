"""Invariants of special services: their price, their task, their offers, and the approval of field visits."""

from app.insights.findings import Invariant, rows_of

SERVICES = (
    Invariant(
        "a_service_has_one_price_and_one_task",
        "An order of kind service has one charge with a name and a rate of its own, and one task; no other has a task.",
        rows_of(
            "SELECT * FROM (SELECT o.id, o.number, o.kind,"
            " (SELECT count(*) FROM charges c WHERE c.order_id = o.id) AS charge_count,"
            " (SELECT count(*) FROM charges c WHERE c.order_id = o.id AND c.kind = 'special_service'"
            " AND c.name <> '' AND c.vat_rate_bp IS NOT NULL) AS own_count,"
            " (SELECT count(*) FROM service_orders s WHERE s.order_id = o.id) AS task_count FROM orders o) AS s"
            " WHERE (kind = 'service' AND (charge_count <> 1 OR own_count <> 1 OR task_count <> 1))"
            " OR (kind <> 'service' AND (task_count <> 0 OR own_count <> 0)) ORDER BY id",
            "Order {number} ({kind}) has {own_count} prices of a service and {task_count} tasks.",
        ),
    ),
    Invariant(
        "a_service_is_done_when_its_order_says_so",
        "A task is closed exactly where its order is, with the person who did it.",
        rows_of(
            "SELECT s.id, o.number, o.state FROM service_orders s JOIN orders o ON o.id = s.order_id"
            " WHERE (o.state = 'dispatched') <> (s.done_at IS NOT NULL)"
            " OR (s.done_at IS NOT NULL AND s.done_by = '') ORDER BY s.id",
            "Order {number} is {state}, and its task says something else.",
        ),
    ),
    Invariant(
        "a_service_is_about_an_order_of_its_company",
        "A service concerns an order of goods of the same company, older than itself.",
        rows_of(
            "SELECT o.id, o.number, g.number AS other FROM orders o JOIN orders g ON g.id = o.for_order_id"
            " WHERE o.kind = 'service' AND (g.customer_id <> o.customer_id OR g.kind <> 'goods' OR g.id >= o.id)"
            " ORDER BY o.id",
            "The service {number} is about the order {other}, which is not one of its company's goods before it.",
        ),
    ),
    Invariant(
        "an_offer_is_taken_by_its_company",
        "A taken offer has the order of its company that took it, at the offered price; no other has one that counts.",
        rows_of(
            "SELECT f.id, f.state, o.number FROM service_offers f LEFT JOIN orders o ON o.id = f.order_id"
            " WHERE (f.state = 'taken') <> (f.order_id IS NOT NULL AND f.state <> 'withdrawn')"
            " OR o.customer_id <> f.customer_id OR o.charges_net_cents <> f.price_cents * f.quantity"
            " OR (f.state = 'withdrawn' AND o.state <> 'cancelled') ORDER BY f.id",
            "Offer {id} is {state}, and the order {number} says something else.",
        ),
    ),
    Invariant(
        "nobody_visits_without_a_second_person",
        "A field visit is offered only with reason, expected contribution, price, and another person's approval.",
        rows_of(
            "SELECT f.id, coalesce(v.state, 'missing') AS state FROM service_offers f"
            " JOIN special_services s ON s.id = f.service_id LEFT JOIN field_visits v ON v.offer_id = f.id"
            " WHERE s.kind = 'field_visit' AND (v.id IS NULL OR v.state <> 'approved' OR v.reason = ''"
            " OR v.expected_contribution_cents <= 0 OR v.price_cents <> f.price_cents OR v.decided_by_id IS NULL"
            " OR v.decided_by_id = v.requested_by_id) ORDER BY f.id",
            "Offer {id} is of a field visit whose approval is {state} or lacks a part.",
        ),
    ),
)
"""All invariants of special services."""
