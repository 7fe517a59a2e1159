"""How each invariant of the rhythm and of standing orders is broken by raw SQL, and words of what reports it."""

from collections.abc import Callable

from tests.insights.conftest import Hand

STANDING = (
    "INSERT INTO standing_orders (id, customer_id, contact_id, state, every_days, asks_on, unanswered_count,"
    " created_at, changed_at) SELECT 1, customer_id, contact_id, '{state}', 42, {asks_on}, 0, placed_at, placed_at"
    " FROM orders WHERE id = :accepted"
)
RUN = (
    "INSERT INTO standing_order_runs (standing_order_id, run_on, state, token_hash, lines, asked_at, expires_at)"
    " SELECT 1, promised_on, '{state}', 'x', '[]', placed_at, placed_at FROM orders WHERE id = :accepted"
)
ACTIVE = STANDING.format(state="active", asks_on="promised_on")


def _all(*statements: str) -> Callable[[Hand], None]:
    def break_(hand: Hand) -> None:
        for statement in statements:
            hand.run(statement)

    return break_


BREAKS: dict[str, tuple[Callable[[Hand], None], str]] = {
    "an_order_joins_an_earlier_one_of_its_company": (
        _all("UPDATE orders SET joins_order_id = :received, rhythm = 'joined' WHERE id = :accepted"),
        "which it cannot join",
    ),
    "only_an_interim_order_carries_its_fee": (
        _all(
            "INSERT INTO charges (order_id, kind, net_cents, name, quantity)"
            " VALUES (:accepted, 'interim_order', 690, '', 1)"
        ),
        "(normal) carries the interim-order fee 1 times",
    ),
    "a_standing_order_asks_while_it_is_active": (
        _all(STANDING.format(state="active", asks_on="NULL")),
        "and its next question says something else",
    ),
    "one_question_waits_at_a_time": (_all(ACTIVE, RUN.format(state="asked")), "or one whose day is over"),
    "a_confirmed_run_is_an_order_of_its_company": (
        _all(ACTIVE, RUN.format(state="confirmed")),
        "is confirmed, and its order says something else",
    ),
}
