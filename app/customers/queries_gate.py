"""Reading what the gate has done: its audits, who was kept outside, and what that was worth."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.customers.models import BlockedAttempt, Customer, GateAudit, Screening
from app.customers.rules.admission import ScreeningState
from app.customers.rules.gate_audits import AuditRecord, Trust, trust_in
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment

CHUNK = 500
MAIN_BRAND = (Segment.A, Segment.B)


@dataclass(frozen=True)
class CheckedAudit:
    """A walk with what its signature says; `has_gap`: the walk before it was changed or is gone."""

    audit: GateAudit
    trust: Trust
    has_gap: bool

    @property
    def is_tight(self) -> bool:
        return not self.audit.findings and self.audit.control_sightings > 0


@dataclass(frozen=True)
class RevenueKept:
    """What the companies that were kept outside buy at the main brand: cents in 12 months, each account once."""

    cents: int
    company_count: int
    account_count: int


def record_of(audit: GateAudit) -> AuditRecord:
    """A stored walk as it was signed."""
    return AuditRecord(
        at=audit.at,
        request_count=audit.request_count,
        control_sightings=audit.control_sightings,
        cells=audit.cells,
        findings=audit.findings,
        previous_signature=audit.previous_signature,
    )


def list_audits(session: Session, *, secret_key: str, limit: int) -> list[CheckedAudit]:
    """The newest walks, newest first, each checked against its signature."""
    rows = session.exec(select(GateAudit).order_by(col(GateAudit.id).desc()).limit(limit + 1)).all()
    checked = []
    for place, audit in enumerate(rows[:limit]):
        before = rows[place + 1].signature if place + 1 < len(rows) else ""
        checked.append(
            CheckedAudit(
                audit,
                trust_in(record_of(audit).document, audit.signature, secret_key=secret_key),
                has_gap=bool(audit.signature) and audit.previous_signature != before,
            )
        )
    return checked


def blocked_counts(session: Session, *, since: datetime) -> list[tuple[str, int]]:
    """How often somebody was kept out since a moment, by reason, most first."""
    rows = session.execute(
        select_columns(col(BlockedAttempt.reason), func.count())
        .where(col(BlockedAttempt.at) >= since)
        .group_by(col(BlockedAttempt.reason))
        .order_by(func.count().desc())
    )
    return [(reason, count) for reason, count in rows]


def blocked_places(session: Session, *, since: datetime) -> list[tuple[str, int]]:
    """How often somebody was kept out since a moment, by the place where it happened, most first."""
    rows = session.execute(
        select_columns(col(BlockedAttempt.place), func.count())
        .where(col(BlockedAttempt.at) >= since)
        .group_by(col(BlockedAttempt.place))
        .order_by(func.count().desc())
    )
    return [(place, count) for place, count in rows]


def blocked_by_month(session: Session, *, since: date, until: date) -> list[tuple[date, int]]:
    """How often somebody was kept out in each month (its first day, UTC), from one to another, none left out."""
    day = func.date(col(BlockedAttempt.at))
    start = datetime.fromisoformat(f"{since.isoformat()}T00:00:00+00:00")
    rows = session.execute(
        select_columns(day, func.count()).where(col(BlockedAttempt.at) >= start).group_by(day)
    )
    counts: Counter[date] = Counter()
    for on, count in rows:
        counts[date.fromisoformat(str(on)).replace(day=1)] += count
    return [(month, counts[month]) for month in _months(since, until)]


def revenue_kept(session: Session, *, since: datetime) -> RevenueKept:
    """What the main accounts of the companies that tried since a moment, and are still kept out as the main
    brand's, bought there in 12 months. A company without a known account adds nothing.
    """
    companies = session.execute(
        select_columns(col(Customer.id), col(Customer.main_account_id))
        .outerjoin(MainAccount, col(MainAccount.id) == col(Customer.main_account_id))
        .where(
            col(Customer.id).in_(
                select_columns(col(BlockedAttempt.customer_id)).where(col(BlockedAttempt.at) >= since)
            ),
            or_(
                col(Customer.screening) == ScreeningState.BLOCKED,
                col(Customer.segment).in_(MAIN_BRAND),
                col(MainAccount.segment).in_(MAIN_BRAND),
            ),
        )
    ).all()
    linked = {account_id for _, account_id in companies if account_id is not None}
    unlinked = [customer_id for customer_id, account_id in companies if account_id is None]
    found = linked | {
        account_id for account_id in accounts_that_blocked(session, unlinked).values() if account_id
    }
    cents, count = 0, 0
    for chunk in _chunks(sorted(found)):
        rows = session.execute(
            select_columns(col(MainAccount.revenue_12m_cents)).where(
                col(MainAccount.id).in_(chunk), col(MainAccount.segment).in_(MAIN_BRAND)
            )
        ).all()
        cents += sum(max(revenue or 0, 0) for (revenue,) in rows)
        count += len(rows)
    return RevenueKept(cents, len(companies), count)


def accounts_that_blocked(session: Session, customer_ids: Sequence[int]) -> dict[int, int]:
    """For companies without a link the main account that their newest screening found by an identifier, or that
    a person named.
    """
    found: dict[int, int] = {}
    for chunk in _chunks(customer_ids):
        newest = (
            select_columns(func.max(col(Screening.id)))
            .where(col(Screening.customer_id).in_(chunk))
            .group_by(col(Screening.customer_id))
        )
        for screening in session.exec(select(Screening).where(col(Screening.id).in_(newest))):
            account_id = screening.decided_account_id or next(
                (match["account_id"] for match in screening.matches if match.get("is_hard")), None
            )
            if account_id is not None:
                found[screening.customer_id] = account_id
    return found


def _months(since: date, until: date) -> Iterator[date]:
    month = since.replace(day=1)
    while month <= until:
        yield month
        month = month.replace(year=month.year + month.month // 12, month=month.month % 12 + 1)


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), CHUNK):
        yield ids[start : start + CHUNK]
