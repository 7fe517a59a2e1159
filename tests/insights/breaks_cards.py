"""How each invariant of kept cards is broken, and the words by which its finding is known."""

from collections.abc import Callable

from tests.insights.breaks_services import running
from tests.insights.conftest import Hand

KEPT = (
    "INSERT INTO saved_cards (customer_id, consent_id, payment_method_id, brand, last4, expires_month, expires_year,"
    " saved_at, changed_at, ended_by) SELECT customer_id, id, 'pm_1', 'visa', '4242', 12, 2030, given_at, given_at, ''"
    " FROM card_consents"
)
ENDED = (
    "INSERT INTO card_consents (customer_id, contact_id, order_id, version, language, text, given_at, ended_at)"
    " SELECT customer_id, contact_id, id, '2026-11', 'de', 'Ja.', placed_at, placed_at FROM orders WHERE id = :accepted"
)


def keep_after_the_end(hand: Hand) -> None:
    """A card is kept though the consent to it has ended."""
    hand.run(ENDED)
    hand.run(KEPT)


BREAKS: dict[str, tuple[Callable[[Hand], None], str]] = {
    "a_kept_card_has_its_consent": (keep_after_the_end, "and its consent say something else"),
    "a_charge_of_a_kept_card_names_a_card_of_its_company": (
        running("UPDATE payments SET way = 'off_session' WHERE order_id = :accepted"),
        "names no card that its company kept",
    ),
}
