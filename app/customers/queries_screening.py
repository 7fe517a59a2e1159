"""Reading what screening compares, and what it found."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from app.customers.models import Contact, Customer, Screening
from app.customers.rules.admission import ScreeningState
from app.customers.rules.countries import belongs_to
from app.customers.rules.matching import Applicant, Candidate, Match
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.keys import email_domain
from app.mainbrand.rules.segments import Segment

MOST_PER_KEY = 2_000
MOST_SHOWN = 20


def applicants_of(session: Session, customers: Sequence[Customer]) -> dict[int, Applicant]:
    """What is compared of each customer, by customer id; the addresses of all its people count."""
    ids = [customer.id for customer in customers]
    domains: dict[int, set[str]] = {}
    for customer_id, email in session.exec(
        select(Contact.customer_id, Contact.email).where(col(Contact.customer_id).in_(ids))
    ):
        domain = email_domain(email)
        if domain:
            domains.setdefault(customer_id, set()).add(domain)
    return {
        customer.id: Applicant(
            vat_id=customer.vat_id,
            register_key=customer.register_key,
            email_domains=frozenset(domains.get(customer.id, ())),
            name_key=customer.name_key,
            postal_code=customer.postal_code,
            is_vat_id_foreign=bool(customer.vat_id)
            and not belongs_to(customer.vat_id or "", country=customer.country),
            main_account_id=customer.main_account_id,
        )
        for customer in customers
        if customer.id is not None
    }


def candidates_for(session: Session, applicants: Iterable[Applicant]) -> list[Candidate]:
    """Every main account that shares a key with one of the applicants, by four index look-ups."""
    applicants = list(applicants)
    wanted: tuple[tuple[Any, set[str]], ...] = (
        (MainAccount.vat_id, {one.vat_id for one in applicants if one.vat_id}),
        (MainAccount.register_key, {one.register_key for one in applicants if one.register_key}),
        (MainAccount.email_domain, {domain for one in applicants for domain in one.email_domains}),
        (MainAccount.name_key, {one.name_key for one in applicants if one.name_key}),
    )
    found: dict[int, Candidate] = {}
    for column, keys in wanted:
        if not keys:
            continue
        rows = session.execute(
            select_columns(
                col(MainAccount.id),
                col(MainAccount.account_number),
                col(MainAccount.company_name),
                col(MainAccount.segment),
                col(MainAccount.vat_id),
                col(MainAccount.register_key),
                col(MainAccount.email_domain),
                col(MainAccount.name_key),
                col(MainAccount.postal_code),
            )
            .where(col(column).in_(keys))
            .order_by(col(MainAccount.id))
            .limit(MOST_PER_KEY * len(keys))
        )
        found.update({row[0]: Candidate(*row) for row in rows})
    return list(found.values())


def same_company_here(session: Session, customer: Customer) -> list[Customer]:
    """Other customers that are the same company, oldest first: whoever was shut out must not come back as new.

    The same VAT id or register entry tells of any customer that was compared before (of two that wait at the
    same time the later one finds the earlier); the same name in the same place only of one that is shut out.
    """
    is_confirmed = select(Contact.id).where(
        col(Contact.customer_id) == col(Customer.id), col(Contact.email_verified_at).is_not(None)
    )
    is_compared = (
        (col(Customer.screening) != ScreeningState.PENDING)
        | col(Customer.business_verified_at).is_not(None)
        | ((col(Customer.id) < customer.id) & is_confirmed.exists())
    )
    is_shut_out = (
        col(Customer.screening).in_((ScreeningState.REVIEW, ScreeningState.BLOCKED, ScreeningState.REFUSED))
        | col(Customer.segment).in_((Segment.A, Segment.B))
        | col(Customer.suspended_at).is_not(None)
        | col(Customer.moved_up_at).is_not(None)
    )
    shared = (
        (Customer.vat_id, customer.vat_id, is_compared),
        (Customer.register_key, customer.register_key, is_compared),
        (
            Customer.name_key,
            customer.name_key,
            is_shut_out & (col(Customer.postal_code) == customer.postal_code),
        ),
    )
    # One look-up by index for each key: an OR over them would read the whole table.
    found = {
        other.id: other
        for column, key, condition in shared
        if key
        for other in session.exec(
            select(Customer)
            .where(col(column) == key, col(Customer.id) != customer.id, condition)
            .order_by(col(Customer.id))
            .limit(MOST_SHOWN)
        )
    }
    return sorted(found.values(), key=lambda other: other.id or 0)


def newest_screening(session: Session, customer_id: int) -> Screening | None:
    """The last comparison of a customer."""
    return session.exec(
        select(Screening)
        .where(col(Screening.customer_id) == customer_id)
        .order_by(col(Screening.id).desc())
        .limit(1)
    ).first()


def screenings_of(session: Session, customer_id: int) -> list[Screening]:
    """All comparisons of a customer, newest first."""
    return list(
        session.exec(
            select(Screening)
            .where(col(Screening.customer_id) == customer_id)
            .order_by(col(Screening.id).desc())
        )
    )


def matches_as_json(matches: Sequence[Match]) -> list[dict[str, Any]]:
    """Matches as a Screening row keeps them: account, segment then, and each field with both values."""
    return [
        {
            "account_id": match.account_id,
            "account_number": match.account_number,
            "company_name": match.company_name,
            "segment": match.segment.value,
            "is_hard": match.is_hard,
            "evidence": [
                {"field": found.field.value, "own": found.own, "other": found.other}
                for found in match.evidence
            ],
        }
        for match in matches
    ]


def accounts_in(screenings: Iterable[Screening]) -> frozenset[int]:
    """The ids of the main accounts that earlier comparisons found."""
    return frozenset(match["account_id"] for screening in screenings for match in screening.matches)
