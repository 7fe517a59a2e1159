"""How each invariant of effort is broken by raw SQL, and words of the sentence that reports it."""

from collections.abc import Callable

from tests.insights.conftest import Hand

CUSTOMER = "(SELECT customer_id FROM orders WHERE id = :accepted)"
STANDING = (
    "INSERT INTO effort_standings (customer_id, level, since, minutes, cost_cents, contribution_cents, reviewed_at,"
    " override_reason, override_by, total_cost_cents, result_cents)"
    " SELECT customer_id, '{level}', placed_at, {minutes}, 0, 0, placed_at, '', '', 0, 0 FROM orders"
    " WHERE id = :accepted"
)
STEP = (
    "INSERT INTO effort_level_changes (customer_id, old_level, new_level, cost_cents, contribution_cents, minutes,"
    " reason, changed_by, at) SELECT customer_id, '{old}', '{new}', 0, 0, 0, '', 'schlicht', accepted_at"
    " FROM orders WHERE id = :accepted"
)


def _all(*statements: str) -> Callable[[Hand], None]:
    def break_(hand: Hand) -> None:
        for statement in statements:
            hand.run(statement)

    return break_


BREAKS: dict[str, tuple[Callable[[Hand], None], str]] = {
    "the_level_is_what_the_standing_says": (
        _all(STANDING.format(level="warned", minutes=0)),
        "is on level normal, its standing says warned",
    ),
    "the_history_of_a_level_ends_with_the_present": (
        _all(STEP.format(old="normal", new="warned")),
        "is on level normal, its history leads to warned",
    ),
    "every_step_of_a_level_was_told": (
        _all(STEP.format(old="normal", new="normal")),
        "and no e-mail said so",
    ),
    "a_refusal_for_effort_was_a_persons": (
        _all(f"UPDATE customers SET effort_level = 'refused' WHERE id = {CUSTOMER}"),
        "is refused for its effort without a person's reason",
    ),
    "effort_figures_are_the_ledgers": (
        _all("UPDATE jobs SET state = 'done'", STANDING.format(level="normal", minutes=7)),
        "stands there with 7 minutes, its ledger says 0",
    ),
}
