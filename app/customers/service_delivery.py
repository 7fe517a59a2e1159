"""Holding back goods that are to go to a customer of the main brand, inside the caller's transaction."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.models import ActorKind
from app.audit.service import Actor, record
from app.customers.models import Contact, Customer, Screening
from app.customers.queries_candidates import find_candidates
from app.customers.queries_screening import accounts_in, matches_as_json
from app.customers.rules.admission import ScreeningState
from app.customers.rules.delivery import Destination, as_applicant, doubts, is_at_home
from app.customers.service_screening import BY_ITSELF, DELIVERY
from app.policy.queries import current_policy


def is_held_back(
    session: Session, *, customer_id: int, contact_id: int, to: Destination, now: datetime
) -> bool:
    """Whether a person must look at a destination first. Then a case waits on the review desk, one for each
    destination; the company itself stays what it is.
    """
    customer = session.get_one(Customer, customer_id)
    home = Destination(customer.company_name, customer.street, customer.postal_code, customer.city)
    if is_at_home(to, home=home):
        return False
    applicant = as_applicant(to)
    found = find_candidates(session, [applicant])
    matches = doubts(
        applicant,
        found.candidates[0],
        rarity=found.rarity,
        review_from_score=current_policy(session).review_from_score,
        cleared=_cleared(session, customer_id),
    )
    if not matches:
        return False
    kept = matches_as_json(matches)
    if not _is_waiting(session, customer_id, kept):
        session.add(
            Screening(
                customer_id=customer_id,
                trigger=DELIVERY,
                outcome=ScreeningState.REVIEW,
                matches=kept,
                screened_at=now,
                reason=DELIVERY,
            )
        )
        contact = session.get_one(Contact, contact_id)
        record(
            session,
            Actor(ActorKind.CUSTOMER, contact.name, contact_id),
            action="customer.delivery_held_back",
            object_kind="customer",
            object_id=customer_id,
            object_name=customer.company_name,
            now=now,
            new={"to": f"{to.company_name}, {to.street}, {to.postal_code} {to.city}"},
        )
    return True


def _cleared(session: Session, customer_id: int) -> frozenset[int]:
    """The accounts of which a person has said that this company is none of them."""
    return accounts_in(
        session.exec(
            select(Screening).where(
                col(Screening.customer_id) == customer_id,
                col(Screening.decision) == ScreeningState.CLEAR,
                col(Screening.decided_by) != BY_ITSELF,
            )
        ).all()
    )


def _is_waiting(session: Session, customer_id: int, matches: list[dict[str, object]]) -> bool:
    waiting = session.exec(
        select(Screening).where(
            col(Screening.customer_id) == customer_id,
            col(Screening.trigger) == DELIVERY,
            col(Screening.outcome) == ScreeningState.REVIEW,
            col(Screening.decision).is_(None),
        )
    ).all()
    return any(screening.matches == matches for screening in waiting)
