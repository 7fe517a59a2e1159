"""Invariants of dispatch: closed runs, and orders whose customers were told a later date."""

from app.insights.findings import Invariant, rows_of

DISPATCH = (
    Invariant(
        "a_closed_run_says_who_closed_it_and_when",
        "A dispatch run that is closed names who closed it and when; an open one names nobody.",
        rows_of(
            "SELECT id, run_on, state FROM dispatch_runs WHERE (state = 'closed') <> (closed_at IS NOT NULL)"
            " OR (state = 'closed') <> (closed_by <> '') ORDER BY id",
            "The run of {run_on} is {state}, and who closed it or when says something else.",
        ),
    ),
    Invariant(
        "a_new_date_is_later_and_was_told",
        "An order with a new date has one later than promised, in its timeline, and an e-mail said it.",
        rows_of(
            "SELECT o.id, o.number, o.promised_on, o.expected_on FROM orders o WHERE o.expected_on IS NOT NULL"
            " AND (o.expected_on <= o.promised_on OR NOT EXISTS (SELECT 1 FROM order_events e"
            " WHERE e.order_id = o.id AND e.kind = 'late') OR NOT EXISTS (SELECT 1 FROM mails m"
            " WHERE m.key = 'order_late:' || o.id || ':' || CAST(o.expected_on AS VARCHAR(10)))) ORDER BY o.id",
            "Order {number} was promised for {promised_on} and has the new date {expected_on}, which is not later"
            " or was not told.",
        ),
    ),
)
"""All invariants of dispatch."""
