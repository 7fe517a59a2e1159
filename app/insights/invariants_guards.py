"""Invariants of the two guards: margins are those of today's costs, and approvals have two people."""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlmodel import Session, col, select

from app.catalogue.models import BundleMargin
from app.catalogue.queries_margins import read_on_sale
from app.catalogue.service_margins import kept_figures
from app.insights.findings import Invariant, rows_of
from app.jobs.queries import is_waiting
from app.policy.queries import current_policy


def _stale_margins(session: Session, _now: datetime) -> Iterator[tuple[object, str]]:
    """Each kept margin that is not what its bundle contributes today, unless all are about to be worked out anew."""
    if is_waiting(session, ["guard_margins"]):
        return
    suspects = _differing(session, None)
    # Costs may change between two statements: what differs is looked at a second time.
    for bundle_id in sorted(_differing(session, suspects)) if suspects else ():
        yield bundle_id, f"The margin kept of bundle {bundle_id} is not what it contributes today."


def _differing(session: Session, bundle_ids: Collection[int] | None) -> set[int]:
    policy = current_policy(session)
    kept = select(BundleMargin)
    if bundle_ids is not None:
        kept = kept.where(col(BundleMargin.bundle_id).in_(bundle_ids))
    rows = {row.bundle_id: row for row in session.exec(kept)}
    today = {
        bundle.bundle_id: {"bundle_version_id": bundle.version_id, **kept_figures(bundle, policy)}
        for bundle in read_on_sale(session, bundle_ids=rows)
    }
    return {
        bundle_id
        for bundle_id, row in rows.items()
        if bundle_id not in today
        or any(getattr(row, name) != value for name, value in today[bundle_id].items())
    }


GUARDS = (
    Invariant(
        "a_kept_margin_is_that_of_today",
        "The margin kept of a bundle is what its version contributes at the blocks' present costs; only bundles on"
        " sale have one.",
        _stale_margins,
    ),
    Invariant(
        "an_approval_has_two_people",
        "What was approved was asked for and approved by two different people of the staff.",
        rows_of(
            "SELECT id, bundle_version_id FROM bundle_approvals WHERE is_approved"
            " AND (decided_by_id IS NULL OR decided_by_id = requested_by_id) ORDER BY id",
            "The approval of version {bundle_version_id} was asked for and given by one person.",
        ),
    ),
)
"""All invariants of the guards."""
