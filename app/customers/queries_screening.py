"""Reading what screening compares, and what it found."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlmodel import Session, col, select

from app.customers.models import Contact, Customer, Screening
from app.customers.rules.admission import ScreeningState
from app.customers.rules.countries import belongs_to
from app.customers.rules.matching import Applicant, Match
from app.mainbrand.rules.keys import email_domain
from app.mainbrand.rules.people import person_key
from app.mainbrand.rules.phones import phone_key
from app.mainbrand.rules.segments import Segment

MOST_SHOWN = 20


def applicants_of(session: Session, customers: Sequence[Customer]) -> dict[int, Applicant]:
    """What is compared of each customer, by customer id; the addresses of all its people count."""
    ids = [customer.id for customer in customers]
    people: dict[int, list[tuple[str, str]]] = {}
    for customer_id, email, name in session.exec(
        select(Contact.customer_id, Contact.email, Contact.name).where(col(Contact.customer_id).in_(ids))
    ):
        people.setdefault(customer_id, []).append((email, name))
    return {
        customer.id: applicant_of(customer, people.get(customer.id, []))
        for customer in customers
        if customer.id is not None
    }


def applicant_of(customer: Customer, people: Sequence[tuple[str, str]]) -> Applicant:
    """What is compared of a customer with these people (e-mail address and name)."""
    return Applicant(
        vat_id=customer.vat_id,
        register_key=customer.register_key,
        email_domains=frozenset(domain for email, _ in people if (domain := email_domain(email))),
        name_key=customer.name_key,
        postal_code=customer.postal_code,
        is_vat_id_foreign=bool(customer.vat_id)
        and not belongs_to(customer.vat_id or "", country=customer.country),
        main_account_id=customer.main_account_id,
        company_name=customer.company_name,
        street=customer.street,
        city=customer.city,
        phone=phone_key(customer.phone, country=customer.country),
        people=frozenset(person for _, name in people if (person := person_key(name))),
    )


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
    """Matches as a Screening row keeps them: account, segment then, score, each field with values and points."""
    return [
        {
            "account_id": match.account_id,
            "account_number": match.account_number,
            "company_name": match.company_name,
            "segment": match.segment.value,
            "is_hard": match.is_hard,
            "score": match.score,
            "evidence": [
                {
                    "field": found.field.value,
                    "own": found.own,
                    "other": found.other,
                    "points": found.points,
                }
                for found in match.evidence
            ],
        }
        for match in matches
    ]


def accounts_in(screenings: Iterable[Screening]) -> frozenset[int]:
    """The ids of the main accounts that earlier comparisons found."""
    return frozenset(match["account_id"] for screening in screenings for match in screening.matches)
