"""A refusal at the gate of a company that belongs to the main brand is counted: once a place and hour."""

from datetime import UTC, datetime

from sqlmodel import Session

from app.core.transaction import transaction
from app.customers.models import BlockedAttempt
from app.customers.rules.admission import Admission
from app.jobs.service import insert_into


def count_refusal(session: Session, *, customer_id: int, place: str, now: datetime) -> None:
    """Keeps one attempt for each company, place (at most 64 characters) and hour; a further one changes nothing."""
    window = now.astimezone(UTC).strftime("%Y%m%d%H")
    with transaction(session):
        row = {
            "customer_id": customer_id,
            "reason": Admission.MAIN_BRAND.value,
            "place": place,
            "at": now,
            "window_key": f"{customer_id}:{place}:{window}",
        }
        session.execute(
            insert_into(session, BlockedAttempt).on_conflict_do_nothing(index_elements=["window_key"]), row
        )
