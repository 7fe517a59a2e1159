"""Sorting the main brand's accounts into segments by what they bought and by their prospect of growth."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.core.errors import N_, Refused
from app.core.transaction import transaction
from app.customers.queries_rating import admission_changes
from app.jobs.service import put_job
from app.mainbrand.models import MainAccount, RatingRun
from app.mainbrand.queries_basis import basis_of
from app.mainbrand.queries_rating import has_night_run
from app.mainbrand.rating_run import Change, Outcome, read_input, work_out
from app.mainbrand.rules.segments import Segment
from app.mainbrand.service_accounts import add_bare_accounts
from app.mainbrand.service_rating import apply_run
from app.mainbrand.service_rating_runs import store_run, summarise
from app.mainbrand.staging import allow_long_statements
from app.policy.queries import current_version_id

ATTEMPTS = 3


@dataclass(frozen=True)
class SegmentSum:
    """How many accounts a segment has, and their net revenue of twelve months in cents."""

    account_count: int
    revenue_cents: int


@dataclass(frozen=True)
class Mover:
    """One account that changes its segment, with the sentence that says why."""

    account_number: str
    old_segment: Segment
    new_segment: Segment
    revenue_cents: int | None
    reason: str


@dataclass(frozen=True)
class Rated:
    """What a rating found: sums by segment, and the accounts that were added or changed by it.

    `summary` holds what a preview shows, `movers` those who move, the largest revenue first.
    `foreign_line_count` purchases are in another currency and count for nothing. `ends_at` is the moment with
    which the twelve months end, None where nothing was ever bought.
    """

    segments: dict[Segment, SegmentSum]
    added_count: int
    changed_count: int
    foreign_line_count: int
    ends_at: datetime | None
    summary: dict[str, Any]
    movers: tuple[Mover, ...]


def rate_accounts(
    session: Session,
    *,
    as_of: datetime | None,
    is_dry_run: bool,
    actor: Actor,
    now: datetime,
    is_proposal: bool = False,
    night_on: date | None = None,
) -> Rated:
    """Rates every account by the policy; the twelve months end with `as_of` or the last purchase.

    It works without a lock and writes in one transaction, only if nothing changed meanwhile (else it works
    again; Refused `rating.restless` after three times). A proposal is kept to be looked at and applied by a
    person; otherwise it counts at once, customers are screened again, and a second run changes nothing.
    Buyers without an account get a bare one. `night_on` marks the one nightly run of that date.
    """
    for _ in range(ATTEMPTS):
        allow_long_statements(session)
        read = read_input(session, as_of=as_of)
        # Working out takes seconds, and no transaction may stay open meanwhile.
        session.rollback()
        outcome = work_out(read, now=now)
        summary = _summary(session, outcome)
        rated = _rated(outcome, summary)
        has_learned = outcome.model is not None and outcome.model.id is None
        if is_dry_run or not (outcome.changes or has_learned or is_proposal or night_on):
            return rated
        with transaction(session):
            allow_long_statements(session)
            if night_on is not None and has_night_run(session, night_on):
                return rated
            if basis_of(session, current_version_id(session)) != outcome.basis:
                continue
            add_bare_accounts(session, now=now)
            # New accounts belong to what this rating rests on.
            whole = replace(_with_ids(session, outcome), basis=basis_of(session, outcome.policy_version_id))
            run = store_run(
                session, whole, summary=summary, started_by=actor.name, night_on=night_on, now=now
            )
            if not is_proposal:
                apply_run(session, run, by=actor.name, now=now)
                if outcome.changes:
                    put_job(session, "screen_all", now=now)
            if outcome.changes or is_proposal:
                _note(session, run, rated, is_proposal=is_proposal, actor=actor, now=now)
        return rated
    raise Refused(
        N_("The accounts or purchases changed while they were being rated: try again."),
        code="rating.restless",
    )


def _summary(session: Session, outcome: Outcome) -> dict[str, Any]:
    moving = {
        change.account.id: change.new_segment
        for change in outcome.changes
        if change.has_moved and change.account.id is not None
    }
    gained, lost = admission_changes(session, moving) if moving else (0, 0)
    return {**summarise(outcome), "gained": gained, "lost": lost}


def _rated(outcome: Outcome, summary: dict[str, Any]) -> Rated:
    after = summary["after"]
    movers = [
        Mover(
            change.account.account_number,
            change.account.segment,
            change.new_segment,
            change.new["revenue_12m_cents"],
            change.new["segment_reason"],
        )
        for change in outcome.changes
        if change.has_moved
    ]
    return Rated(
        segments={
            segment: SegmentSum(after[segment.value]["accounts"], after[segment.value]["revenue_cents"])
            for segment in Segment
        },
        added_count=summary["added"],
        changed_count=len(outcome.changes),
        foreign_line_count=outcome.foreign_line_count,
        ends_at=outcome.ends_at,
        summary=summary,
        movers=tuple(sorted(movers, key=lambda one: (-(one.revenue_cents or 0), one.account_number))),
    )


def _with_ids(session: Session, outcome: Outcome) -> Outcome:
    """The outcome with the ids of the accounts that buyers without one have got by now."""
    if all(change.account.id is not None for change in outcome.changes):
        return outcome
    rows = session.exec(
        select(MainAccount.account_number, MainAccount.id).where(col(MainAccount.row_hash) == "")
    )
    ids = dict(rows.all())

    def placed(change: Change) -> Change:
        if change.account.id is not None:
            return change
        return replace(change, account=replace(change.account, id=ids[change.account.account_number]))

    return replace(outcome, changes=[placed(change) for change in outcome.changes])


def _note(
    session: Session, run: RatingRun, rated: Rated, *, is_proposal: bool, actor: Actor, now: datetime
) -> None:
    record(
        session,
        actor,
        action="rating.proposed" if is_proposal else "accounts.rated",
        object_kind="rating",
        object_id=run.id,
        now=now,
        new={
            "changed": rated.changed_count,
            "moved": rated.summary["moved"],
            "added": rated.added_count,
            "segments": {segment.value: sums.account_count for segment, sums in rated.segments.items()},
            "ends_at": rated.ends_at.isoformat() if rated.ends_at else None,
        },
    )
