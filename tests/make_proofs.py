"""Builders of rows of proofs of delivery for tests."""

from datetime import date
from typing import Any

from sqlmodel import Session

from app.fulfilment.models import DeliveryProof
from app.fulfilment.rules.proofs import ProofKind
from app.ordering.models import Order
from tests.make import NOW, saved


def delivery_proof(session: Session, *, of: Order, **values: Any) -> DeliveryProof:
    """The open slot of an order's proof of arrival, due long ago."""
    defaults: dict[str, Any] = {
        "order_id": of.id,
        "kind": ProofKind.ARRIVAL,
        "due_on": date(2026, 3, 31),
        "created_at": NOW,
    }
    return saved(session, DeliveryProof(**{**defaults, **values}))
