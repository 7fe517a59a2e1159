"""How each invariant of special services is broken, and the words by which its finding is known."""

from collections.abc import Callable

from tests.insights.conftest import Hand

SERVICE_TASK = (
    "INSERT INTO service_orders (order_id, service_id, details, done_at, done_by, note)"
    " SELECT o.id, s.id, '{}', o.placed_at, 'Ole', '' FROM orders o JOIN special_services s ON s.kind = 'phone_help'"
    " WHERE o.id = :accepted"
)
OFFER = (
    "INSERT INTO service_offers (customer_id, service_id, name_de, name_en, price_cents, vat_rate_bp, quantity,"
    " details, state, offered_by, offered_at, expires_at) SELECT :suspended, id, name_de, name_en, price_cents,"
    " vat_rate_bp, 1, '{{}}', '{state}', 'Ole', changed_at, changed_at FROM special_services WHERE kind = '{kind}'"
)


def running(statement: str) -> Callable[[Hand], None]:
    """A break that is one statement."""
    return lambda hand: hand.run(statement)


BREAKS: dict[str, tuple[Callable[[Hand], None], str]] = {
    "a_service_has_one_price_and_one_task": (
        running("UPDATE orders SET kind = 'service' WHERE id = :received"),
        "has 0 prices of a service and 0 tasks",
    ),
    "a_service_is_done_when_its_order_says_so": (
        running(SERVICE_TASK),
        "is accepted, and its task says something else",
    ),
    "a_service_is_about_an_order_of_its_company": (
        running("UPDATE orders SET kind = 'service', for_order_id = :accepted WHERE id = :received"),
        "not one of its company's goods before it",
    ),
    "an_offer_is_taken_by_its_company": (
        running(OFFER.format(kind="phone_help", state="taken")),
        "is taken, and the order None says something else",
    ),
    "nobody_visits_without_a_second_person": (
        running(OFFER.format(kind="field_visit", state="open")),
        "whose approval is missing",
    ),
}
