"""Putting the question about a VAT id as a job, inside the caller's transaction."""

from datetime import datetime

from sqlmodel import Session

from app.customers.rules.vat_answers import VatPurpose, can_be_asked
from app.jobs.service import put_job

ASKED_ONCE_IN_SECONDS = 600


def put_vat_check(
    session: Session,
    *,
    customer_id: int,
    vat_id: str | None,
    purpose: VatPurpose,
    now: datetime,
    attempt: int = 0,
    run_at: datetime | None = None,
) -> bool:
    """Puts the job that asks about a company's VAT id; False where no service knows ids like it.

    However often a page is opened, an id is asked about once in ten minutes; the attempts of an outage each once.
    """
    if not vat_id or not can_be_asked(vat_id):
        return False
    window = int((run_at or now).timestamp()) // ASKED_ONCE_IN_SECONDS
    put_job(
        session,
        "check_vat_id",
        now=now,
        key=f"check_vat_id:{customer_id}:{vat_id}:{purpose}:{attempt}:{window}",
        run_at=run_at,
        customer_id=customer_id,
        vat_id=vat_id,
        purpose=purpose.value,
        attempt=attempt,
    )
    return True
