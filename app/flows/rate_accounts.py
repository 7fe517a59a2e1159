"""Sorting the main brand's accounts into segments by what they bought in the last twelve months."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.core.transaction import transaction
from app.jobs.service import put_job
from app.mainbrand.models import MainAccount, Purchase
from app.mainbrand.rules.rating import rating_by_revenue, twelve_months_before
from app.mainbrand.rules.segments import Segment
from app.mainbrand.service_accounts import add_bare_accounts
from app.mainbrand.staging import allow_long_statements
from app.policy.queries import current_policy

CURRENCY = "EUR"
BATCH = 5_000


@dataclass(frozen=True)
class SegmentSum:
    """How many accounts a segment has, and their net revenue of twelve months in cents."""

    account_count: int
    revenue_cents: int


@dataclass(frozen=True)
class Rated:
    """What a rating found: sums by segment, and the accounts that were added or moved by it.

    `foreign_line_count` purchases are in another currency and count for nothing. `ends_at` is the moment
    with which the twelve months end, None where nothing was ever bought.
    """

    segments: dict[Segment, SegmentSum]
    added_count: int
    changed_count: int
    foreign_line_count: int
    ends_at: datetime | None


def rate_accounts(
    session: Session, *, as_of: datetime | None, is_dry_run: bool, actor: Actor, now: datetime
) -> Rated:
    """Rates every account by the policy's thresholds; the twelve months end with `as_of` or the last purchase.

    Accounts with purchases get the revenue of their goods; others keep what the list says (its segment,
    else its revenue), and stay unrated where it says nothing. Buyers without an account get a bare one.
    Customers are screened again where a segment changed. A second run changes nothing.
    """
    with transaction(session):
        allow_long_statements(session)
        policy = current_policy(session)
        ends_at = as_of or session.exec(select(func.max(Purchase.purchased_at))).one()
        added_count = 0 if is_dry_run else add_bare_accounts(session, now=now)
        revenues = _revenues(session, ends_at)
        segments: dict[Segment, list[int]] = {segment: [] for segment in Segment}
        changes: list[dict[str, Any]] = []
        for account in _accounts(session, revenues, with_strangers=is_dry_run):
            bought_cents = revenues.get(account.account_number)
            known_cents = account.revenue_12m_cents if bought_cents is None else bought_cents
            segment, reason = account.segment, account.segment_reason
            if known_cents is not None and (bought_cents is not None or account.listed_segment is None):
                rating = rating_by_revenue(
                    known_cents,
                    a_threshold_cents=policy.a_threshold_cents,
                    b_threshold_cents=policy.b_threshold_cents,
                )
                segment, reason = rating.segment, rating.reason
            segments[segment].append(known_cents or 0)
            present = (account.segment, account.segment_reason, account.revenue_12m_cents)
            is_first = bought_cents is not None and account.rated_at is None
            added_count += account.id is None
            if is_first or present != (segment, reason, known_cents):
                changes.append(
                    {
                        "id": account.id,
                        "segment": segment,
                        "segment_reason": reason,
                        "revenue_12m_cents": known_cents,
                        **({"rated_at": now} if bought_cents is not None else {"rated_at": account.rated_at}),
                    }
                )
        rated = Rated(
            {segment: SegmentSum(len(sums), sum(sums)) for segment, sums in segments.items()},
            added_count,
            len(changes),
            _foreign_lines(session),
            ends_at,
        )
        if not is_dry_run and (changes or added_count):
            _store(session, changes, rated, actor=actor, now=now)
    return rated


@dataclass(frozen=True)
class _Account:
    """What rating needs of an account; `id` is None for a buyer that a dry run does not add."""

    id: int | None
    account_number: str
    segment: Segment
    segment_reason: str
    listed_segment: Segment | None
    revenue_12m_cents: int | None
    rated_at: datetime | None


def _accounts(session: Session, revenues: dict[str, int], *, with_strangers: bool) -> list[_Account]:
    rows = session.exec(
        select(
            MainAccount.id,
            MainAccount.account_number,
            MainAccount.segment,
            MainAccount.segment_reason,
            MainAccount.listed_segment,
            MainAccount.revenue_12m_cents,
            MainAccount.rated_at,
        )  # type: ignore[call-overload]
    )
    accounts = [_Account(*row) for row in rows]
    if with_strangers:
        known = {account.account_number for account in accounts}
        accounts += [
            _Account(None, number, Segment.UNRATED, "", None, None, None)
            for number in revenues
            if number not in known
        ]
    return accounts


def _revenues(session: Session, ends_at: datetime | None) -> dict[str, int]:
    """Net cents of goods in the twelve months, for every buyer that ever bought (0 where it was long ago)."""
    if ends_at is None:
        return {}
    starts_at = twelve_months_before(ends_at)
    is_counted = (
        col(Purchase.is_goods)
        & (col(Purchase.currency) == CURRENCY)
        & (col(Purchase.purchased_at) > starts_at)
        & (col(Purchase.purchased_at) <= ends_at)
    )
    total = func.coalesce(func.sum(Purchase.net_cents).filter(is_counted), 0)
    sums = select(Purchase.account_number, total).group_by(col(Purchase.account_number))
    return {number: int(cents) for number, cents in session.execute(sums)}


def _foreign_lines(session: Session) -> int:
    return session.exec(
        select(func.count()).select_from(Purchase).where(col(Purchase.currency) != CURRENCY)
    ).one()


def _store(
    session: Session, changes: list[dict[str, Any]], rated: Rated, *, actor: Actor, now: datetime
) -> None:
    for start in range(0, len(changes), BATCH):
        session.execute(update(MainAccount), changes[start : start + BATCH])
    put_job(session, "screen_all", now=now)
    record(
        session,
        actor,
        action="accounts.rated",
        object_kind="accounts",
        object_id=None,
        now=now,
        new={
            "changed": rated.changed_count,
            "added": rated.added_count,
            "segments": {segment.value: sums.account_count for segment, sums in rated.segments.items()},
            "ends_at": rated.ends_at.isoformat() if rated.ends_at else None,
        },
    )
