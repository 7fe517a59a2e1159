"""Customers' effort is weighed anew: after each touch for one of them, every night for all."""

from datetime import date, datetime

from sqlmodel import Session, col, select

from app.audit.service import SYSTEM
from app.care.queries_effort import customers_to_review, ended_overrides, year_of, years_of
from app.care.service_levels import end_override, lock_standing, review
from app.core.transaction import transaction
from app.customers.models import Customer
from app.jobs.service import put_job
from app.policy.queries import current_policy

BATCH = 100


def review_effort(session: Session, *, customer_id: int, is_lighter: bool = False, now: datetime) -> bool:
    """Works out one customer's figures and level; True where the level, or what waits for a person, has changed.

    Run twice it does nothing more: a further step up needs effort after the first. `is_lighter` as in `review`.
    """
    with transaction(session):
        customer = _locked(session, [customer_id])[0]
        policy = current_policy(session)
        year = year_of(session, customer_id, policy=policy, now=now)
        has_changed = review(session, customer, year, policy=policy, now=now, is_lighter=is_lighter)
    return has_changed


def review_all_efforts(session: Session, *, now: datetime) -> int:
    """Reviews every customer with orders, effort or a standing, in small transactions; how many have changed."""
    ids = customers_to_review(session, now=now)
    changed = 0
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        with transaction(session):
            customers = _locked(session, batch)
            policy = current_policy(session)
            years = years_of(session, batch, policy=policy, now=now)
            changed += sum(
                review(session, customer, years[customer.id or 0], policy=policy, now=now)
                for customer in customers
            )
    return changed


def put_nightly_review(session: Session, *, local: datetime, now: datetime) -> bool:
    """Puts the one review of all customers of a local night, once its hour has come; False before."""
    with transaction(session):
        if local.hour < current_policy(session).nightly_rating_hour:
            return False
        put_job(session, "review_all_efforts", key=f"review_all_efforts:{local.date()}", now=now)
    return True


def end_effort_overrides(session: Session, *, today: date, now: datetime) -> int:
    """Ends the overrides whose last day is over; how many."""
    count = 0
    for customer_id in ended_overrides(session, today=today):
        with transaction(session):
            customer = _locked(session, [customer_id])[0]
            standing = lock_standing(session, customer, now=now)
            if standing.override_ends_on is not None and standing.override_ends_on < today:
                count += end_override(session, customer, standing, actor=SYSTEM, now=now)
    return count


def _locked(session: Session, customer_ids: list[int]) -> list[Customer]:
    found = select(Customer).where(col(Customer.id).in_(customer_ids)).order_by(col(Customer.id))
    return list(session.exec(found.with_for_update()).all())
