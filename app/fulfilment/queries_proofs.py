"""Reading the proofs of deliveries without VAT: those that are missing, and one with its file."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, func, select

from app.core.errors import N_, NotFound
from app.core.paging import Slice, read_page
from app.fulfilment.models import DeliveryProof
from app.ordering.models import Order

_COLUMNS = (
    DeliveryProof.id,
    DeliveryProof.kind,
    DeliveryProof.due_on,
    DeliveryProof.reference,
    DeliveryProof.content_type,
    DeliveryProof.uploaded_by,
    DeliveryProof.uploaded_at,
    Order.number,
    Order.company_name,
    Order.country,
    DeliveryProof.created_at,
)


@dataclass(frozen=True, slots=True)
class ProofCounts:
    """How many proofs are overdue, and how many are missing in all."""

    overdue: int
    missing: int


def list_proofs(session: Session, *, is_missing: bool, page: int) -> Slice:  # type: ignore[type-arg]
    """One page of proofs without their files: the missing ones by their day, or all that are there, newest first."""
    query = select(*_COLUMNS).join(Order, col(Order.id) == col(DeliveryProof.order_id))  # type: ignore[call-overload]
    if is_missing:
        query = query.where(col(DeliveryProof.uploaded_at).is_(None)).order_by(
            col(DeliveryProof.due_on), col(DeliveryProof.id)
        )
    else:
        query = query.where(col(DeliveryProof.uploaded_at).is_not(None)).order_by(
            col(DeliveryProof.uploaded_at).desc(), col(DeliveryProof.id).desc()
        )
    return read_page(session, query, page=page)


def count_proofs(session: Session, *, today: date) -> ProofCounts:
    """What is missing, in one query."""
    is_missing = col(DeliveryProof.uploaded_at).is_(None)
    overdue = func.count().filter(col(DeliveryProof.due_on) < today)
    row = session.execute(select(overdue, func.count()).where(is_missing)).one()
    return ProofCounts(int(row[0]), int(row[1]))


def proof_file(session: Session, proof_id: int) -> DeliveryProof:
    """A proof with its file. Raises NotFound for an unknown one and for one without a file."""
    proof = session.get(DeliveryProof, proof_id)
    if proof is None or not proof.content:
        raise NotFound(N_("There is no such proof."), code="proof.unknown")
    return proof
