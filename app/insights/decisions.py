"""The decisions of the staff as labelled cases: what screening says today to whom they judged."""

import time

from sqlmodel import Session, col, select

from app.customers.models import Customer, Screening
from app.customers.queries_candidates import find_candidates
from app.customers.queries_screening import applicants_of
from app.customers.rules.admission import ScreeningState
from app.customers.rules.comparison import find_matches
from app.customers.rules.place_likeness import compare_places
from app.customers.service_screening import BY_ITSELF
from app.insights.screening_quality import Answer
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.addresses import address_parts
from app.policy.queries import current_policy


def decided_answers(session: Session) -> list[Answer]:
    """One answer for each company that a person decided on, by its last decision; only reads.

    Handed to the main brand, or admitted and linked to an account: a match. Admitted without one: no match.
    Refused companies are left out, as that says nothing about the main brand. Their kind is the decision.
    """
    score = current_policy(session).review_from_score
    decided = session.exec(
        select(Screening, Customer)
        .join(Customer, col(Customer.id) == col(Screening.customer_id))
        .where(
            col(Screening.decision).in_((ScreeningState.CLEAR, ScreeningState.BLOCKED)),
            col(Screening.decided_by) != BY_ITSELF,
        )
        .order_by(col(Screening.id))
    ).all()
    newest = {customer.id: (screening, customer) for screening, customer in decided}
    return [
        _answer(session, screening, customer, review_from_score=score)
        for screening, customer in newest.values()
    ]


def _answer(session: Session, screening: Screening, customer: Customer, *, review_from_score: int) -> Answer:
    started = time.perf_counter()
    (applicant,) = applicants_of(session, [customer]).values()
    found = find_candidates(session, [applicant])
    matches = find_matches(applicant, found.candidates[0], rarity=found.rarity, review_from_score=0)
    took = time.perf_counter() - started
    shown = [match for match in matches if match.is_hard or match.score >= review_from_score]
    is_match = screening.decision is ScreeningState.BLOCKED or customer.main_account_id is not None
    right = session.get(MainAccount, customer.main_account_id) if customer.main_account_id else None
    has_same_house = right is not None and _has_same_house(customer, right)
    return Answer(
        truth="match" if is_match else "no_match",
        kind=_kind(screening, customer),
        strength=max((match.strength for match in matches), default=0.0),
        is_stopped=bool(shown),
        is_found=bool(shown) if right is None else any(match.account_id == right.id for match in shown),
        has_same_house=has_same_house,
        milliseconds=1000 * took,
    )


def _kind(screening: Screening, customer: Customer) -> str:
    if screening.decision is ScreeningState.BLOCKED:
        return "main_brand"
    return "linked" if customer.main_account_id else "admitted"


def _has_same_house(customer: Customer, account: MainAccount) -> bool:
    own = address_parts(customer.street, customer.postal_code, customer.city)
    return compare_places(own, address_parts(account.street, account.postal_code, account.city)).house > 0
