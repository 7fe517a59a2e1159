"""Reading where an application stands, for the person who applied."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.customers.models import Contact, Customer, Objection
from app.customers.queries_gate import accounts_that_blocked
from app.customers.queries_objections import newest_objection
from app.customers.queries_review import is_resting, waits_of_applicants
from app.customers.queries_screening import newest_screening
from app.customers.rules.admission import Admission, ScreeningState
from app.customers.rules.contact_lines import ContactLine, read_contact
from app.customers.rules.reviewing import Wait, usual_wait
from app.mainbrand.models import MainAccount
from app.policy.queries import current_policy

MEASURED = timedelta(days=90)
CHECKED = (Admission.IN_REVIEW, Admission.UNRATED)
DECIDED = (Admission.ADMITTED, Admission.REFUSED)
WITH_MAIN_BRAND = (Admission.MAIN_BRAND, Admission.MOVED_UP)


@dataclass(frozen=True)
class ApplicationStatus:
    """What an applicant may read: moments, what is missing, whom to turn to. None and empty where it does not apply.

    It holds nothing of what the screening found.
    """

    number: str
    applied_at: datetime
    confirmed_at: datetime | None
    checked_since: datetime | None
    decided_at: datetime | None
    wait: Wait | None
    proof_kind: str
    proof_asked_at: datetime | None
    proof_due_at: datetime | None
    contact: ContactLine | None
    suspended_at: datetime | None
    suspended_reason: str
    moved_up_at: datetime | None
    objection: Objection | None


def read_status(
    session: Session,
    *,
    contact_id: int,
    customer_id: int,
    admission: Admission,
    main_brand_contact: str,
    now: datetime,
) -> ApplicationStatus:
    """Where the application of a company stands; `admission` is the gate's answer of this request, and
    `main_brand_contact` whom to turn to where no account has a contact of its own.
    """
    customer = session.exec(select(Customer).where(col(Customer.id) == customer_id)).one()
    confirmed_at = session.exec(select(Contact.email_verified_at).where(col(Contact.id) == contact_id)).one()
    screening = newest_screening(session, customer_id)
    is_checked = admission in CHECKED
    is_open = is_checked and screening is not None and screening.decision is None
    asked = screening if is_open and screening is not None and screening.proof_asked_at is not None else None
    since = confirmed_at
    if is_open and screening is not None and customer.screening is ScreeningState.REVIEW:
        since = screening.screened_at
    decided_at = None
    if screening is not None and (admission in DECIDED or customer.screening is ScreeningState.BLOCKED):
        decided_at = screening.decided_at or screening.screened_at
    contact = None
    if admission in WITH_MAIN_BRAND:
        contact = _contact(session, customer, fallback=main_brand_contact)
    return ApplicationStatus(
        number=customer.number,
        applied_at=customer.created_at,
        confirmed_at=confirmed_at,
        checked_since=since if is_checked else None,
        decided_at=None if admission is Admission.UNVERIFIED else decided_at,
        wait=_wait(session, now=now) if is_checked else None,
        proof_kind=asked.proof_kind if asked is not None and is_resting(asked, now=now) else "",
        proof_asked_at=asked.proof_asked_at if asked is not None else None,
        proof_due_at=asked.proof_due_at if asked is not None else None,
        contact=contact,
        suspended_at=customer.suspended_at if admission is Admission.SUSPENDED else None,
        suspended_reason=customer.suspended_reason if admission is Admission.SUSPENDED else "",
        moved_up_at=customer.moved_up_at if admission is Admission.MOVED_UP else None,
        objection=newest_objection(session, customer_id),
    )


def _wait(session: Session, *, now: datetime) -> Wait:
    waited = waits_of_applicants(session, since=now - MEASURED)
    return usual_wait(waited, policy_days=current_policy(session).review_answer_days)


def _contact(session: Session, customer: Customer, *, fallback: str) -> ContactLine:
    """The sales contact of the main account that the company is, where there is one with an address or a phone."""
    account_id = customer.main_account_id
    if account_id is None and customer.id is not None:
        account_id = accounts_that_blocked(session, [customer.id]).get(customer.id)
    account = session.get(MainAccount, account_id) if account_id is not None else None
    own = read_contact(account.sales_contact) if account is not None else None
    general = read_contact(fallback)
    if own is None or not (own.name or own.email or own.phone):
        return general
    return ContactLine(own.name, own.phone or general.phone, own.email or general.email)
