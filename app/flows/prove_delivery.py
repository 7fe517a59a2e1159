"""The proof that goods without VAT left the country is kept with its order."""

import hashlib
from datetime import date, datetime

from sqlmodel import Session, col, select

from app.audit.service import Actor, record
from app.core.errors import N_, FieldError, Invalid, NotFound, Refused
from app.core.transaction import transaction
from app.fulfilment.models import DeliveryProof
from app.fulfilment.rules.proofs import FAULTS, LONGEST_REFERENCE, clean_proof, retain_until
from app.ordering.models import Order
from app.ordering.service import add_event


def prove_delivery(
    session: Session,
    proof_id: int,
    *,
    content: bytes,
    reference: str,
    today: date,
    actor: Actor,
    now: datetime,
) -> str:
    """Keeps the file, its number (MRN or that of the carrier), or both; returns the order's number.

    Once kept it stays. Raises Invalid with the fault of a field, NotFound, and Refused `proof.there_already`.
    """
    reference = reference.strip()
    faults = []
    kept = clean_proof(content) if content else ("", b"")
    if isinstance(kept, FieldError):
        faults.append(kept)
    elif not content and not reference:
        faults.append(FieldError("file", FAULTS["missing"]))
    if len(reference) > LONGEST_REFERENCE or not reference.isprintable():
        message = N_("Please use at most %(max_length)s characters.")
        faults.append(FieldError("reference", message, {"max_length": LONGEST_REFERENCE}))
    if faults or isinstance(kept, FieldError):
        raise Invalid(N_("Please check the entries."), code="proof.invalid", fields=tuple(faults))
    with transaction(session):
        found = session.execute(
            select(DeliveryProof.order_id).where(col(DeliveryProof.id) == proof_id)
        ).scalar()
        if found is None:
            raise NotFound(N_("There is no such proof."), code="proof.unknown")
        # Orders are locked before what belongs to them.
        order = session.exec(select(Order).where(col(Order.id) == found).with_for_update()).one()
        proof = session.get_one(DeliveryProof, proof_id, with_for_update=True)
        if proof.uploaded_at is not None:
            raise Refused(N_("This proof is there already."), code="proof.there_already")
        proof.content_type, proof.content = kept
        proof.sha256 = hashlib.sha256(proof.content).hexdigest() if content else ""
        proof.reference = reference
        proof.uploaded_by = actor.name[:200]
        proof.uploaded_at = now
        proof.retain_until = retain_until(today)
        add_event(session, found, "delivery_proven", now=now, actor_name=actor.name)
        record(
            session,
            actor,
            action="delivery.proven",
            object_kind="order",
            object_id=found,
            object_name=order.number,
            now=now,
            new={"kind": proof.kind.value, "reference": reference, "sha256": proof.sha256},
        )
        return order.number
