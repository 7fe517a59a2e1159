"""Invariants of kept cards: no card without a consent, no charge without a card."""

from app.insights.findings import Invariant, rows_of

CARDS = (
    Invariant(
        "a_kept_card_has_its_consent",
        "A card is kept as long as the consent of its own company to it lasts, and no longer.",
        rows_of(
            "SELECT s.id, s.brand, s.last4, s.customer_id FROM saved_cards s"
            " LEFT JOIN card_consents c ON c.id = s.consent_id AND c.customer_id = s.customer_id"
            " WHERE c.id IS NULL OR (s.ended_at IS NULL) <> (c.ended_at IS NULL) ORDER BY s.id",
            "Card {id} ({brand} {last4}) of company {customer_id} and its consent say something else.",
        ),
    ),
    Invariant(
        "a_charge_of_a_kept_card_names_a_card_of_its_company",
        "What is charged with nobody present is charged to a card that the order's own company kept; nothing else is.",
        rows_of(
            "SELECT p.id, o.number FROM payments p JOIN orders o ON o.id = p.order_id"
            " LEFT JOIN saved_cards s ON s.id = p.saved_card_id AND s.customer_id = o.customer_id"
            " WHERE (p.way = 'off_session') <> (s.id IS NOT NULL) ORDER BY p.id",
            "Payment {id} of order {number} names no card that its company kept.",
        ),
    ),
)
"""All invariants of kept cards."""
