"""Reading what is proven of a company's VAT id."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session, col, select

from app.customers.models import Customer, VatCheck
from app.customers.rules.vat_answers import AskedCompany, VatOutcome, VatPurpose

PROOF_LASTS = timedelta(hours=24)
UNANSWERED_AFTER = timedelta(hours=36)
"""So long are the services asked for a document before the confirmation of the order counts: all retries."""

LOOKS_BACK = 50
"""So many clear answers are looked through for one about the company as it is."""
ASKED_WITH = "asked"
"""Where `VatCheck.matched` keeps the mark of the facts that were asked with."""


class ProofState(StrEnum):
    """`ask`: put a question and wait. `refuted`: the id is invalid, or another company's: a person decides.

    `unanswered`: every retry found an outage; what was confirmed when the order was placed counts (§ 6 a (4) UStG).
    """

    CONFIRMED = "confirmed"
    ASK = "ask"
    REFUTED = "refuted"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True)
class VatProof:
    """What is proven of an id now; `request_id` and `at` are those of the newest clear answer.

    `first_asked_at` and `last_asked_at` are those of the questions for documents that nobody answered since.
    """

    state: ProofState
    request_id: str = ""
    at: datetime | None = None
    first_asked_at: datetime | None = None
    last_asked_at: datetime | None = None


def asked_of(customer: Customer, vat_id: str) -> AskedCompany:
    """What a question about this VAT id says of a company as it is now."""
    return AskedCompany(vat_id, customer.company_name, customer.street, customer.postal_code, customer.city)


def vat_proof(session: Session, customer_id: int, *, vat_id: str, now: datetime) -> VatProof:
    """Whether a VAT id that a company used for an order is (still) confirmed, for a document that names it.

    Only an answer of the last 24 hours counts, and one of them that says no counts more than an older yes. An
    answer about another name or place than the company has now counts neither way. Who reads
    `ask` puts the question with `put_invoice_question` and looks again later.
    """
    of_id = (col(VatCheck.customer_id) == customer_id, col(VatCheck.vat_id) == vat_id)
    mark = asked_of(session.get_one(Customer, customer_id), vat_id).mark()
    clear = session.exec(
        select(VatCheck)
        .where(*of_id, col(VatCheck.outcome) != VatOutcome.UNAVAILABLE)
        .order_by(col(VatCheck.at).desc(), col(VatCheck.id).desc())
        .limit(LOOKS_BACK)
    )
    newest = next((one for one in clear if one.matched.get(ASKED_WITH, mark) == mark), None)
    if newest is not None and newest.outcome is not VatOutcome.VALID:
        return VatProof(ProofState.REFUTED, newest.request_id, newest.at)
    known = (newest.request_id, newest.at) if newest else ("", None)
    if newest is not None and now - newest.at <= PROOF_LASTS:
        return VatProof(ProofState.CONFIRMED, *known)
    unanswered = session.exec(
        select(VatCheck.at)
        .where(*of_id, col(VatCheck.purpose) == VatPurpose.INVOICE)
        .where(col(VatCheck.at) > (newest.at if newest else datetime.min.replace(tzinfo=now.tzinfo)))
        .order_by(col(VatCheck.at))
    ).all()
    first_asked_at, last_asked_at = (unanswered[0], unanswered[-1]) if unanswered else (None, None)
    has_waited = first_asked_at is not None and now - first_asked_at >= UNANSWERED_AFTER
    state = ProofState.UNANSWERED if has_waited and newest else ProofState.ASK
    return VatProof(state, known[0], known[1], first_asked_at, last_asked_at)


def list_vat_checks(session: Session, customer_id: int, *, limit: int = 20) -> list[VatCheck]:
    """The newest questions about a company's VAT ids, newest first."""
    of_company = select(VatCheck).where(col(VatCheck.customer_id) == customer_id)
    return list(session.exec(of_company.order_by(col(VatCheck.id).desc()).limit(limit)))
