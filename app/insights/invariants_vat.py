"""Invariants of VAT: what bears none has a reason, and the proof behind it."""

from app.customers.rules.countries import EU
from app.insights.findings import Invariant, rows_of

_STATES = ", ".join(f"'{code}'" for code in EU)

VAT = (
    Invariant(
        "vat_rows_fit_the_case",
        "An order without German VAT has no other rate than 0, and no VAT.",
        rows_of(
            "SELECT o.id, o.number, o.vat_case, o.vat_cents, count(t.id) AS rate_count FROM orders o"
            " LEFT JOIN order_taxes t ON t.order_id = o.id AND t.vat_rate_bp <> 0"
            " WHERE o.vat_case <> 'domestic' GROUP BY o.id, o.number, o.vat_case, o.vat_cents"
            " HAVING o.vat_cents <> 0 OR count(t.id) > 0 ORDER BY o.id",
            "Order {number} is {vat_case}, and bears {vat_cents} cents of VAT at {rate_count} rates.",
        ),
    ),
    Invariant(
        "no_order_without_vat_in_the_eu_without_a_stored_confirmation",
        "Goods or services go to a company in the EU without VAT only after its VAT id was confirmed.",
        rows_of(
            "SELECT o.id, o.number, o.vat_id FROM orders o"
            " WHERE o.vat_case IN ('intra_community', 'reverse_charge') AND NOT EXISTS (SELECT 1 FROM vat_checks c"
            " WHERE c.customer_id = o.customer_id AND c.vat_id = o.vat_id AND c.outcome = 'valid'"
            " AND c.request_id <> '' AND c.at <= o.placed_at) AND o.kind <> 'replacement' ORDER BY o.id",
            "Order {number} bears no VAT for {vat_id}, which nobody confirmed before it.",
        ),
    ),
    Invariant(
        "exempt_goods_leave_for_where_their_case_says",
        "Intra-Community supplies go to another state of the EU; nothing without VAT stays.",
        rows_of(
            "SELECT id, number, vat_case, country FROM orders WHERE kind <> 'service'"
            f" AND vat_case = 'intra_community' AND (country = 'DE' OR country NOT IN ({_STATES})) ORDER BY id",
            "Order {number} is {vat_case} and goes to {country}.",
        ),
    ),
    Invariant(
        "a_confirmed_vat_id_has_its_proof",
        "A company counts as confirmed only with the answer that confirmed the VAT id it has.",
        rows_of(
            "SELECT k.id, k.number, k.vat_id FROM customers k WHERE k.vat_status = 'confirmed'"
            " AND NOT EXISTS (SELECT 1 FROM vat_checks c WHERE c.customer_id = k.id AND c.vat_id = k.vat_id"
            " AND c.outcome = 'valid' AND c.at = k.vat_confirmed_at) ORDER BY k.id",
            "Customer {number} counts as confirmed with {vat_id}, and nothing proves it.",
        ),
    ),
)
"""Checks of section 0 no. 4 of compliance.md."""
