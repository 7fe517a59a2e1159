"""A company is compared with the main brand's list: at registration, after a change, after an import."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.core.transaction import transaction
from app.customers.models import Contact, Customer, Screening
from app.customers.queries_candidates import find_candidates
from app.customers.queries_screening import (
    accounts_in,
    applicants_of,
    matches_as_json,
    newest_screening,
    same_company_here,
    screenings_of,
)
from app.customers.rules.admission import ScreeningState
from app.customers.rules.comparison import find_matches
from app.customers.rules.matching import Applicant, Match, Verdict, judge, judge_again
from app.customers.service import lock_customer, write_to
from app.customers.service_screening import write_verdict
from app.mainbrand.service_match_keys import count_keys, write_missing_keys
from app.policy.queries import current_policy
from app.policy.rules.policy import Policy

CHUNK = 500
COMPARED_AGAIN = (ScreeningState.CLEAR, ScreeningState.REVIEW, ScreeningState.PENDING)


@dataclass(frozen=True)
class ScreenedAll:
    """How many companies were compared, and how many got which new state."""

    compared_count: int
    changed_counts: dict[ScreeningState, int]


def screen_customer(session: Session, *, customer_id: int, trigger: str, now: datetime) -> ScreeningState:
    """Compares a company that waits for it; returns its state. Run again, it changes nothing.

    A company whose person has not confirmed the address stays pending. Raises NoResultFound for an
    unknown customer.
    """
    complete_keys(session)
    with transaction(session):
        customer = lock_customer(session, customer_id)
        if customer.screening is not ScreeningState.PENDING or not _is_confirmed(session, customer_id):
            return customer.screening
        policy = current_policy(session)
        applicant = applicants_of(session, [customer])[customer_id]
        matches = _matches(session, [applicant], policy)[0]
        verdict = judge(
            applicant,
            matches,
            unknown=policy.unknown_company,
            is_known_here=bool(same_company_here(session, customer)),
        )
        write_verdict(session, customer, verdict, matches, trigger=trigger, now=now)
        return verdict.state


def complete_keys(session: Session) -> int:
    """Makes the keys of main accounts that have none yet, in short transactions; returns how many it did.

    Nobody may be compared before: a company whose account has no keys would pass as unknown.
    """
    done = 0
    while True:
        with transaction(session):
            count = write_missing_keys(session)
            if not count:
                if done:
                    count_keys(session)
                return done
        done += count


def screen_all(session: Session, *, now: datetime, trigger: str = "import") -> ScreenedAll:
    """Compares every company again that is admitted, in review or waiting; only changes are written.

    Each change is a transaction of its own, so that a crash loses nothing and a second run goes on.
    """
    return _compare(session, COMPARED_AGAIN, now=now, trigger=trigger)


def screen_again(session: Session, *, customer_id: int, trigger: str, now: datetime) -> ScreeningState | None:
    """Compares one company again that was compared before; the new state, or None where nothing changed."""
    complete_keys(session)
    return _screen_again(session, customer_id, trigger=trigger, now=now)


def screen_waiting(session: Session, *, now: datetime, trigger: str) -> ScreenedAll:
    """Compares only the companies that wait for their first comparison (their job is late or was lost)."""
    return _compare(session, (ScreeningState.PENDING,), now=now, trigger=trigger)


def _compare(
    session: Session, states: tuple[ScreeningState, ...], *, now: datetime, trigger: str
) -> ScreenedAll:
    complete_keys(session)
    compared_count = 0
    changes: Counter[ScreeningState] = Counter()
    for chunk in _chunks(session, states):
        policy = current_policy(session)
        applicants = [applicant for _, applicant in sorted(applicants_of(session, chunk).items())]
        matched = _matches(session, applicants, policy)
        for customer, applicant, matches in zip(chunk, applicants, matched, strict=True):
            assert customer.id is not None
            if _change(session, customer, applicant, matches, policy=policy) is not None:
                state = _screen_again(session, customer.id, trigger=trigger, now=now)
                if state is not None:
                    changes[state] += 1
        compared_count += len(chunk)
    return ScreenedAll(compared_count, dict(changes))


def _matches(session: Session, applicants: Sequence[Applicant], policy: Policy) -> list[list[Match]]:
    found = find_candidates(session, applicants)
    return [
        find_matches(applicant, candidates, rarity=found.rarity, review_from_score=policy.review_from_score)
        for applicant, candidates in zip(applicants, found.candidates, strict=True)
    ]


def _screen_again(
    session: Session, customer_id: int, *, trigger: str, now: datetime
) -> ScreeningState | None:
    """Decides once more on locked rows, and writes; None where meanwhile nothing is left to change."""
    with transaction(session):
        customer = lock_customer(session, customer_id)
        if customer.screening not in COMPARED_AGAIN or not _is_confirmed(session, customer_id):
            return None
        policy = current_policy(session)
        applicant = applicants_of(session, [customer])[customer_id]
        matches = _matches(session, [applicant], policy)[0]
        verdict = _change(session, customer, applicant, matches, policy=policy)
        if verdict is None:
            return None
        was = customer.screening
        screening = write_verdict(session, customer, verdict, matches, trigger=trigger, now=now)
        if was is ScreeningState.CLEAR and verdict.state is ScreeningState.REVIEW:
            write_to(
                session, customer, "application_received", key=f"looked_at_again:{screening.id}", now=now
            )
        return verdict.state


def _change(
    session: Session,
    customer: Customer,
    applicant: Applicant,
    matches: Sequence[Match],
    *,
    policy: Policy,
) -> Verdict | None:
    assert customer.id is not None
    seen: frozenset[int] = frozenset()
    is_decided = customer.screening is ScreeningState.CLEAR
    if is_decided and matches:
        seen = accounts_in(screenings_of(session, customer.id))
    verdict = judge_again(
        applicant,
        matches,
        unknown=policy.unknown_company,
        present=customer.screening,
        seen=seen,
        is_known_here=not is_decided and bool(same_company_here(session, customer)),
    )
    if verdict is None or verdict.state is not customer.screening:
        return verdict
    if verdict.state is ScreeningState.REVIEW:
        newest = newest_screening(session, customer.id)
        return None if _is_same(newest, matches) else verdict
    is_linked = verdict.main_account_id in (None, customer.main_account_id)
    return None if is_linked else verdict


def _is_same(screening: Screening | None, matches: Sequence[Match]) -> bool:
    return screening is not None and screening.matches == matches_as_json(matches)


def _is_confirmed(session: Session, customer_id: int) -> bool:
    confirmed = select(Contact.id).where(
        col(Contact.customer_id) == customer_id, col(Contact.email_verified_at).is_not(None)
    )
    return session.exec(confirmed.limit(1)).first() is not None


def _chunks(session: Session, states: tuple[ScreeningState, ...]) -> Iterator[list[Customer]]:
    after = 0
    while True:
        chunk = list(
            session.exec(
                select(Customer)
                .where(
                    col(Customer.id) > after,
                    col(Customer.screening).in_(states),
                    col(Customer.moved_up_at).is_(None),
                    select(Contact.id)
                    .where(
                        col(Contact.customer_id) == col(Customer.id),
                        col(Contact.email_verified_at).is_not(None),
                    )
                    .exists(),
                )
                .order_by(col(Customer.id))
                .limit(CHUNK)
            )
        )
        if not chunk:
            return
        after = chunk[-1].id or after
        for customer in chunk:
            # Detached: a transaction in between forgets what the session holds.
            session.expunge(customer)
        yield chunk
