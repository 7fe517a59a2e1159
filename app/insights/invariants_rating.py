"""Invariants of ratings: an override is what counts while it is in force, and the history ends with the present."""

from app.insights.findings import Invariant, rows_of

RATING = (
    Invariant(
        "an_override_in_force_is_the_segment",
        "An account with an override has its segment, and an override that ended or waits has no account.",
        rows_of(
            "SELECT m.id, m.account_number, m.segment FROM main_accounts m"
            " LEFT JOIN rating_overrides o ON o.id = m.override_id AND o.main_account_id = m.id"
            " WHERE m.override_id IS NOT NULL AND (o.id IS NULL OR o.state <> 'active' OR o.segment <> m.segment)"
            " UNION ALL SELECT m.id, m.account_number, m.segment FROM rating_overrides o"
            " JOIN main_accounts m ON m.id = o.main_account_id"
            " WHERE o.state = 'active' AND (m.override_id IS NULL OR m.override_id <> o.id)",
            "Main account {account_number} is {segment}, and its overrides say something else.",
        ),
    ),
    Invariant(
        "the_history_of_a_segment_ends_with_the_present",
        "The last line of an account's history leads to the segment that it has.",
        rows_of(
            "SELECT m.id, m.account_number, m.segment, c.new_segment FROM main_accounts m"
            " JOIN segment_changes c ON c.main_account_id = m.id WHERE c.new_segment <> m.segment"
            " AND c.id = (SELECT max(d.id) FROM segment_changes d WHERE d.main_account_id = m.id) ORDER BY m.id",
            "Main account {account_number} is {segment}, and its history ends with {new_segment}.",
        ),
    ),
)
"""All invariants of ratings."""
