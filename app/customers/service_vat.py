"""Putting the question about a VAT id as a job, inside the caller's transaction."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.customers.rules.vat_answers import RETRIES, VatPurpose, can_be_asked
from app.jobs.models import Job, JobState
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


def put_invoice_question(
    session: Session, *, customer_id: int, vat_id: str, last_asked_at: datetime | None, now: datetime
) -> bool:
    """Puts the question for a document, with all its retries; False where no service knows ids like it.

    However many documents wait for the answer and however often they look, one row of retries runs at a time, and in
    an outage the next one begins when the last retry is so old as the longest wait between two.
    """
    if not can_be_asked(vat_id):
        return False
    is_asked = last_asked_at is not None and now - last_asked_at < RETRIES[-1]
    if is_asked or _is_pending(session, customer_id, vat_id):
        return True
    return put_vat_check(session, customer_id=customer_id, vat_id=vat_id, purpose=VatPurpose.INVOICE, now=now)


def put_staff_question(session: Session, *, customer_id: int, vat_id: str, now: datetime) -> bool:
    """Puts one question, without retries: whoever wants another one asks again. False as above."""
    last = len(RETRIES)
    return put_vat_check(
        session, customer_id=customer_id, vat_id=vat_id, purpose=VatPurpose.STAFF, now=now, attempt=last
    )


def _is_pending(session: Session, customer_id: int, vat_id: str) -> bool:
    """Whether a question for a document, or a retry of one, still has its job."""
    key = f"check_vat_id:{customer_id}:{vat_id}:{VatPurpose.INVOICE}:"
    pending = select(Job.id).where(
        col(Job.state).in_((JobState.READY, JobState.RUNNING)), col(Job.key).startswith(key, autoescape=True)
    )
    return session.exec(pending.limit(1)).first() is not None
