"""How each invariant of sizes is broken by raw SQL, and words of the sentence that reports it."""

from collections.abc import Callable

from tests.insights.conftest import Hand

EXCEPTION = (
    "INSERT INTO agreements (customer_id, bundle_id, ends_on, ends_at, reason, agreed_by, created_at)"
    " SELECT customer_id, :bundle, promised_on, placed_at, '', 'Ole', placed_at FROM orders WHERE id = :accepted"
)


def _once(statement: str) -> Callable[[Hand], None]:
    def break_(hand: Hand) -> None:
        hand.run(statement)

    return break_


BREAKS: dict[str, tuple[Callable[[Hand], None], str]] = {
    "the_list_sells_in_todays_sizes": (
        _once("UPDATE blocks SET order_step_milli = 7000"),
        "its agreements say",
    ),
    "an_exception_says_something_for_a_while": (_once(EXCEPTION), "says nothing, or ended before it began"),
}
