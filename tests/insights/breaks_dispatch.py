"""How each invariant of dispatch is broken, and the words by which its finding is known."""

from collections.abc import Callable

from tests.insights.conftest import Hand

BREAKS: dict[str, tuple[Callable[[Hand], None], str]] = {
    "a_closed_run_says_who_closed_it_and_when": (
        lambda hand: hand.run(
            "INSERT INTO dispatch_runs (warehouse, run_on, state, closed_by)"
            " VALUES ('main', '2026-03-03', 'closed', '')"
        ),
        "run of 2026-03-03 is closed",
    ),
    "a_new_date_is_later_and_was_told": (
        lambda hand: hand.run("UPDATE orders SET expected_on = '2099-01-01' WHERE id = :accepted"),
        "has the new date 2099-01-01",
    ),
}
