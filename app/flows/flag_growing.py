"""Flags the shop's customers whose own purchases here have grown past the policy, and takes the flag off again."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.audit.service import SYSTEM, record
from app.core.transaction import transaction
from app.customers.models import Customer
from app.mainbrand.rules.rating import twelve_months_before
from app.ordering.queries_growth import bought_at_least
from app.policy.queries import current_policy


def flag_growing(session: Session, *, now: datetime) -> tuple[int, int]:
    """How many customers were flagged and unflagged; a second run changes nothing.

    Growing is who bought here for the policy's amount in the last twelve months (goods without fees, accepted
    orders), and was not moved up yet.
    """
    with transaction(session):
        least_cents = current_policy(session).growing_from_cents
        sums = bought_at_least(session, least_cents, since=twelve_months_before(now))
        customers = session.exec(
            select(Customer)
            .where(col(Customer.id).in_(sums) | col(Customer.growing_since).is_not(None))
            .with_for_update()
        ).all()
        flagged = unflagged = 0
        for customer in customers:
            is_growing = customer.id in sums and customer.moved_up_at is None
            if is_growing == (customer.growing_since is not None):
                continue
            customer.growing_since = now if is_growing else None
            flagged, unflagged = flagged + is_growing, unflagged + (not is_growing)
            record(
                session,
                SYSTEM,
                action="customer.growing" if is_growing else "customer.growing_ended",
                object_kind="customer",
                object_id=customer.id,
                object_name=customer.company_name,
                now=now,
                new={"bought_cents": sums.get(customer.id or 0, 0), "from_cents": least_cents},
            )
    return flagged, unflagged
