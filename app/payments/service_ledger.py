"""Writing down what happened to money, inside the transaction in which it did."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col

from app.jobs.service import insert_into
from app.payments.models import MoneyEvent, Payment
from app.payments.rules.ledger import MoneyKind


@dataclass(frozen=True, slots=True)
class MoneyNote:
    """One thing that happened to money of an order; kind and `key` (the row it is of, and its try) name it once."""

    kind: MoneyKind
    order_id: int
    amount_cents: int
    key: str
    at: datetime
    payment_id: int | None = None
    stripe_id: str = ""


def note_money(session: Session, *notes: MoneyNote) -> None:
    """Writes events of the ledger; one that stands there already changes nothing, so that twice is once."""
    rows = [
        {
            "kind": note.kind,
            "order_id": note.order_id,
            "payment_id": note.payment_id,
            "amount_cents": note.amount_cents,
            "key": f"{note.kind.value}:{note.key}",
            "stripe_id": note.stripe_id,
            "at": note.at,
        }
        for note in notes
    ]
    insert = insert_into(session, MoneyEvent).on_conflict_do_nothing(index_elements=[col(MoneyEvent.key)])
    session.execute(insert, rows)


def notes_of_payment(payment: Payment, *kinds: MoneyKind, at: datetime) -> list[MoneyNote]:
    """The notes of a payment that was reserved, and what came of it `at` once."""
    return [
        MoneyNote(
            kind,
            payment.order_id,
            payment.amount_cents,
            str(payment.id),
            payment.authorised_at or at if kind is MoneyKind.AUTHORISED else at,
            payment.id,
            payment.intent_id or "",
        )
        for kind in kinds
    ]
