"""Reading the review desk's queue, what was decided before, and how fast decisions are taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, func, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.core.paging import Slice, read_page
from app.customers.models import Customer, MatchLabel, Screening
from app.customers.rules.admission import ScreeningState
from app.customers.rules.reviewing import is_waiting_for_proof, median_seconds
from app.mainbrand.rules.keys import name_key

PROGRAM = "schlicht"
MOST_SHOWN = 20
MOST_MEASURED = 5_000
Rows = Select[*tuple[Any, ...]]
_OPEN = (col(Screening.outcome) == ScreeningState.REVIEW, col(Screening.decision).is_(None))
_BY_PERSON = (col(Screening.decision).is_not(None), col(Screening.decided_by).not_in(("", PROGRAM)))


class CaseState(StrEnum):
    """Where a case is: `waiting` for the staff, for a `proof` from the company, or `decided` by a person."""

    WAITING = "waiting"
    PROOF = "proof"
    DECIDED = "decided"


@dataclass(frozen=True)
class CaseFilter:
    """Which cases to show; empty means all. `older_than` is the age since the comparison."""

    state: CaseState = CaseState.WAITING
    trigger: str = ""
    older_than: timedelta | None = None
    text: str = ""


@dataclass(frozen=True)
class EarlierDecision:
    """A decision about another company that resembled one of the same main accounts."""

    screening: Screening
    customer: Customer
    account_ids: tuple[int, ...]
    same_account_id: int | None


@dataclass(frozen=True)
class DayOfReviews:
    """How many cases people decided on a day, and the median of the seconds that one took (None: not measured)."""

    day: date
    count: int
    median_seconds: int | None


@dataclass(frozen=True)
class Pace:
    """The speed of the desk: newest day first, and the median over all days, in seconds."""

    days: tuple[DayOfReviews, ...]
    count: int
    measured_count: int
    median_seconds: int | None


def list_cases(
    session: Session, wanted: CaseFilter, *, page: int, now: datetime
) -> Slice[tuple[Screening, Customer]]:
    """One page of cases: longest waiting first, of the decided ones the newest decision first."""
    query = select_columns(Screening, Customer).join(Customer, col(Customer.id) == col(Screening.customer_id))
    return read_page(session, _ordered(_filtered(query, wanted, now=now), wanted.state), page=page)


def list_triggers(session: Session) -> list[str]:
    """What led to the cases that are open, in order."""
    found = select_columns(col(Screening.trigger)).where(*_OPEN).distinct()
    return sorted(session.execute(found).scalars())


def next_review(session: Session, *, after: int, now: datetime) -> int | None:
    """The id of the next case that waits for the staff after one, else of the first other one, else None."""
    ids = select_columns(col(Screening.id)).where(*_OPEN, ~_resting(now), col(Screening.id) != after)
    ids = ids.order_by(col(Screening.id)).limit(1)
    found: int | None = session.execute(ids.where(col(Screening.id) > after)).scalar()
    return found if found is not None else session.execute(ids).scalar()


def count_reviews(session: Session, *, now: datetime) -> int:
    """How many cases wait for a person's decision; those that rest until a proof comes are left out."""
    return _count(session, ~_resting(now))


def count_resting(session: Session, *, now: datetime) -> int:
    """How many cases wait for a proof."""
    return _count(session, _resting(now))


def is_resting(screening: Screening, *, now: datetime) -> bool:
    """Whether a case waits until its proof comes or the time for it is over."""
    return screening.decision is None and is_waiting_for_proof(
        asked_at=screening.proof_asked_at,
        arrived_at=screening.proof_arrived_at,
        due_at=screening.proof_due_at,
        now=now,
    )


def earlier_decisions(
    session: Session, account_ids: Sequence[int], *, but_customer_id: int
) -> list[EarlierDecision]:
    """What people decided about other companies that resembled these main accounts, newest first, at most 20."""
    labels = session.exec(
        select(MatchLabel)
        .where(col(MatchLabel.account_id).in_(account_ids), col(MatchLabel.customer_id) != but_customer_id)
        .order_by(col(MatchLabel.id).desc())
        .limit(10 * MOST_SHOWN)
    ).all()
    by_screening: dict[int, list[MatchLabel]] = {}
    for label in labels:
        by_screening.setdefault(label.screening_id, []).append(label)
    rows = session.execute(
        select_columns(Screening, Customer)
        .join(Customer, col(Customer.id) == col(Screening.customer_id))
        .where(col(Screening.id).in_(list(by_screening)[:MOST_SHOWN]))
        .order_by(col(Screening.decided_at).desc(), col(Screening.id).desc())
    )
    return [
        EarlierDecision(
            screening,
            customer,
            account_ids=tuple(sorted(label.account_id for label in by_screening[screening.id])),
            same_account_id=next(
                (label.account_id for label in by_screening[screening.id] if label.is_same), None
            ),
        )
        for screening, customer in rows
    ]


def read_pace(session: Session, *, since: datetime, zone: ZoneInfo) -> Pace:
    """How many cases people decided on each day of a zone, and how long one took."""
    rows = session.execute(
        select_columns(col(Screening.decided_at), col(Screening.decision_seconds))
        .where(col(Screening.decided_at) >= since, *_BY_PERSON)
        .order_by(col(Screening.decided_at).desc())
        .limit(MOST_MEASURED)
    ).all()
    by_day: dict[date, list[int | None]] = {}
    for decided_at, seconds in rows:
        by_day.setdefault(decided_at.astimezone(zone).date(), []).append(seconds)
    measured = [seconds for _, seconds in rows if seconds is not None]
    days = tuple(
        DayOfReviews(day, len(all_), median_seconds([seconds for seconds in all_ if seconds is not None]))
        for day, all_ in by_day.items()
    )
    return Pace(days, len(rows), len(measured), median_seconds(measured))


def waits_of_applicants(session: Session, *, since: datetime) -> list[timedelta]:
    """How long applicants waited whose case a person decided since a moment, from the comparison on."""
    rows = session.execute(
        select_columns(col(Screening.screened_at), col(Screening.decided_at))
        .where(col(Screening.decided_at) >= since, *_BY_PERSON)
        .where(col(Screening.trigger) == "registration", col(Screening.outcome) == ScreeningState.REVIEW)
        .order_by(col(Screening.decided_at).desc())
        .limit(MOST_MEASURED)
    )
    return [decided_at - screened_at for screened_at, decided_at in rows]


def _resting(now: datetime) -> ColumnElement[bool]:
    return and_(
        col(Screening.proof_asked_at).is_not(None),
        col(Screening.proof_arrived_at).is_(None),
        col(Screening.proof_due_at) > now,
    )


def _count(session: Session, condition: ColumnElement[bool]) -> int:
    query = select_columns(func.count()).select_from(Screening).where(*_OPEN, condition)
    count: int = session.execute(query).scalar_one()
    return count


def _filtered(query: Rows, wanted: CaseFilter, *, now: datetime) -> Rows:
    if wanted.state is CaseState.DECIDED:
        query = query.where(*_BY_PERSON)
    else:
        resting = _resting(now)
        query = query.where(*_OPEN, resting if wanted.state is CaseState.PROOF else ~resting)
    if wanted.trigger:
        query = query.where(col(Screening.trigger) == wanted.trigger)
    if wanted.older_than is not None:
        query = query.where(col(Screening.screened_at) <= now - wanted.older_than)
    if wanted.text:
        query = query.where(_found_by(wanted.text))
    return query


def _found_by(text: str) -> ColumnElement[bool]:
    found = [
        col(Customer.number).icontains(text, autoescape=True),
        col(Customer.company_name).icontains(text, autoescape=True),
        col(Customer.city).icontains(text, autoescape=True),
    ]
    words = name_key(text).split()
    if words:
        found.append(and_(*(col(Customer.name_key).contains(word, autoescape=True) for word in words)))
    return or_(*found)


def _ordered(query: Rows, state: CaseState) -> Rows:
    if state is CaseState.DECIDED:
        return query.order_by(col(Screening.decided_at).desc(), col(Screening.id).desc())
    return query.order_by(col(Screening.id))
