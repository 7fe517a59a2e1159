"""Invariants of effort: the level that counts, its history, and the figures that it rests on."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.care.models import EffortEvent, EffortStanding
from app.care.rules.effort import EffortCause
from app.customers.models import Customer
from app.insights.findings import Invariant, rows_of
from app.jobs.models import Job, JobState
from app.mainbrand.rules.rating import twelve_months_before

REVIEW = "review_effort"
LEFT = (JobState.READY, JobState.RUNNING)


def _wrong_figures(session: Session, _: datetime) -> Iterator[tuple[object, str]]:
    """Each kept sum of minutes against the ledger's own; silent while a review is still to come."""
    is_waiting = select(Job.id).where(col(Job.kind) == REVIEW, col(Job.state).in_(LEFT)).limit(1)
    if session.exec(is_waiting).first() is not None:
        return
    events: dict[int, list[tuple[datetime, int]]] = {}
    for customer_id, at, minutes in session.execute(
        select_columns(col(EffortEvent.customer_id), col(EffortEvent.at), col(EffortEvent.minutes)).where(
            col(EffortEvent.cause) == EffortCause.THEIRS
        )
    ):
        events.setdefault(customer_id, []).append((at, minutes))
    for standing, number in session.execute(
        select_columns(EffortStanding, col(Customer.number)).join(
            Customer, col(Customer.id) == col(EffortStanding.customer_id)
        )
    ):
        since = twelve_months_before(standing.reviewed_at)
        ledger = events.get(standing.customer_id, [])
        summed = sum(minutes for at, minutes in ledger if since < at <= standing.reviewed_at)
        if summed != standing.minutes:
            yield (
                standing.customer_id,
                f"Customer {number} stands there with {standing.minutes} minutes, its ledger says {summed}.",
            )


def _lost_levels(session: Session, _: datetime) -> Iterator[tuple[object, str]]:
    """Customers above normal whose level nothing explains."""
    shown = func.coalesce(col(EffortStanding.override_level), col(EffortStanding.level))
    query = (
        select_columns(col(Customer.id), col(Customer.number), col(Customer.effort_level), shown)
        .outerjoin(EffortStanding, col(EffortStanding.customer_id) == col(Customer.id))
        .where(func.coalesce(shown, "normal") != col(Customer.effort_level))
    )
    for customer_id, number, level, standing in session.execute(query):
        yield customer_id, f"Customer {number} is on level {level.value}, its standing says {standing}."


EFFORT = (
    Invariant(
        "the_level_is_what_the_standing_says",
        "A customer's effort level is that of its override, else that of its standing; without a standing normal.",
        _lost_levels,
    ),
    Invariant(
        "the_history_of_a_level_ends_with_the_present",
        "The last step in a customer's history leads to its level, and each step begins where the one before ended.",
        rows_of(
            "SELECT c.id, c.number, c.effort_level, h.new_level FROM customers c"
            " JOIN effort_level_changes h ON h.customer_id = c.id AND h.id ="
            " (SELECT max(d.id) FROM effort_level_changes d WHERE d.customer_id = c.id)"
            " WHERE h.new_level <> c.effort_level"
            " UNION ALL SELECT c.id, c.number, c.effort_level, 'nowhere' FROM customers c"
            " WHERE c.effort_level <> 'normal'"
            " AND NOT EXISTS (SELECT 1 FROM effort_level_changes h WHERE h.customer_id = c.id)"
            " UNION ALL SELECT c.id, c.number, h.old_level, e.new_level FROM effort_level_changes h"
            " JOIN customers c ON c.id = h.customer_id"
            " JOIN effort_level_changes e ON e.customer_id = h.customer_id AND e.id ="
            " (SELECT max(d.id) FROM effort_level_changes d WHERE d.customer_id = h.customer_id AND d.id < h.id)"
            " WHERE e.new_level <> h.old_level",
            "Customer {number} is on level {effort_level}, its history leads to {new_level}.",
        ),
    ),
    Invariant(
        "every_step_of_a_level_was_told",
        "Each step has the one e-mail that announced it, where the company has a confirmed address.",
        rows_of(
            "SELECT h.id, c.number, h.new_level FROM effort_level_changes h JOIN customers c ON c.id = h.customer_id"
            " WHERE NOT EXISTS (SELECT 1 FROM mails m WHERE m.kind = 'effort_level_changed'"
            " AND m.key = 'effort_level_changed:' || h.id)"
            " AND EXISTS (SELECT 1 FROM contacts p WHERE p.customer_id = c.id AND p.email_verified_at < h.at)",
            "Customer {number} came to level {new_level}, and no e-mail said so.",
        ),
    ),
    Invariant(
        "a_refusal_for_effort_was_a_persons",
        "Each step to a refusal was taken by a person for a reason, and while it stands the shop is closed.",
        rows_of(
            "SELECT h.id, c.number FROM effort_level_changes h JOIN customers c ON c.id = h.customer_id"
            " WHERE h.new_level = 'refused' AND (h.reason = '' OR h.changed_by = 'schlicht')"
            " UNION ALL SELECT c.id, c.number FROM customers c"
            " WHERE c.effort_level = 'refused' AND c.suspended_at IS NULL",
            "Customer {number} is refused for its effort without a person's reason, or its shop is open.",
        ),
    ),
    Invariant(
        "effort_figures_are_the_ledgers",
        "The minutes that a standing rests on are those of the ledger in the twelve months before its review.",
        _wrong_figures,
    ),
)
"""All invariants of effort."""
