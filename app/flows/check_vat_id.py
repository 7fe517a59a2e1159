"""A company's VAT id is confirmed by VIES or eVatR, and the proof is kept."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.core.transaction import transaction
from app.customers.models import Customer, VatCheck
from app.customers.queries_vat import ASKED_WITH, asked_of
from app.customers.rules.vat_answers import (
    AskedCompany,
    VatAnswer,
    VatOutcome,
    VatPurpose,
    retry_after,
    status_after,
)
from app.customers.rules.vat_ids import VatIdStatus
from app.customers.service import lock_customer
from app.customers.service_vat import put_vat_check
from app.customers.vat_services import VatServices

ASKED_LATELY = timedelta(minutes=1)


def check_vat_id(
    session: Session,
    services: VatServices,
    *,
    customer_id: int,
    purpose: VatPurpose,
    now: datetime,
    attempt: int | None = None,
    vat_id: str | None = None,
) -> VatIdStatus:
    """Asks about the company's VAT id, or the one it used before (`vat_id`), keeps every answer, and gives what is
    known of the id that it has now.

    No transaction is open while the services are asked. An outage changes nothing that is known; the job that asks
    again is put when `attempt` (from 0) is given. An answer about an id, a name or a place that was changed
    meanwhile, or older than another one, is kept and changes nothing.
    """
    company, status = _company(session, customer_id, vat_id)
    session.rollback()
    answers = services.ask(company) if company else []
    if company is None or not answers:
        return status
    with transaction(session):
        customer = lock_customer(session, customer_id)
        is_newest = _is_newest(session, customer_id, company.vat_id, now=now)
        for answer in answers:
            session.add(_row(answer, customer_id=customer_id, company=company, purpose=purpose, now=now))
        outcome = answers[-1].outcome
        is_as_asked = customer.vat_id == company.vat_id and asked_of(customer, company.vat_id) == company
        if is_newest and is_as_asked:
            customer.vat_status = status_after(outcome, customer.vat_status)
            if outcome is VatOutcome.VALID:
                customer.vat_confirmed_at = now
            elif outcome is not VatOutcome.UNAVAILABLE:
                customer.vat_confirmed_at = None
        wait = retry_after(attempt) if attempt is not None and outcome is VatOutcome.UNAVAILABLE else None
        if wait is not None and attempt is not None:
            put_vat_check(
                session,
                customer_id=customer_id,
                vat_id=company.vat_id,
                purpose=purpose,
                now=now,
                attempt=attempt + 1,
                run_at=now + wait,
            )
        return customer.vat_status


def _company(
    session: Session, customer_id: int, vat_id: str | None
) -> tuple[AskedCompany | None, VatIdStatus]:
    customer = session.get_one(Customer, customer_id)
    asked = vat_id or customer.vat_id
    if not asked:
        return None, customer.vat_status
    return asked_of(customer, asked), customer.vat_status


def _is_newest(session: Session, customer_id: int, vat_id: str, *, now: datetime) -> bool:
    """Whether no clear answer of a later question came before this one."""
    later = (
        select(VatCheck.id)
        .where(col(VatCheck.customer_id) == customer_id, col(VatCheck.vat_id) == vat_id)
        .where(col(VatCheck.at) > now, col(VatCheck.outcome) != VatOutcome.UNAVAILABLE)
    )
    return session.exec(later.limit(1)).first() is None


def _row(
    answer: VatAnswer, *, customer_id: int, company: AskedCompany, purpose: VatPurpose, now: datetime
) -> VatCheck:
    return VatCheck(
        customer_id=customer_id,
        vat_id=company.vat_id,
        service=answer.service,
        outcome=answer.outcome,
        request_id=answer.request_id,
        reason=answer.reason,
        answer=answer.raw,
        matched={**answer.matched, ASKED_WITH: company.mark()},
        purpose=purpose,
        at=now,
    )


def confirm_for_checkout(
    session: Session, services: VatServices, *, customer_id: int, now: datetime
) -> VatIdStatus:
    """Like `check_vat_id`, for a page that somebody waits for; who was asked a minute ago is not asked again.

    After an outage a job goes on asking.
    """
    newest = select(VatCheck.at).where(col(VatCheck.customer_id) == customer_id)
    asked_at = session.exec(newest.order_by(col(VatCheck.id).desc()).limit(1)).first()
    if asked_at is not None and now - asked_at < ASKED_LATELY:
        return _company(session, customer_id, None)[1]
    return check_vat_id(
        session, services, customer_id=customer_id, purpose=VatPurpose.CHECKOUT, now=now, attempt=0
    )


def ask_soon(session: Session, *, customer_id: int, now: datetime) -> None:
    """Puts the job that asks about the company's VAT id, for a page that does not wait for the answer."""
    with transaction(session):
        customer = session.get_one(Customer, customer_id)
        put_vat_check(
            session,
            customer_id=customer_id,
            vat_id=customer.vat_id,
            purpose=VatPurpose.CHECKOUT,
            now=now,
        )
