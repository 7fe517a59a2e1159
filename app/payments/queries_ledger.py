"""Reading the ledger of an order: what happened to its money, and what we held of it after each step."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from app.payments.models import MoneyEvent
from app.payments.rules.ledger import held_cents


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One event, by how much it changed what we hold, and what we held then, in cents."""

    event: MoneyEvent
    change_cents: int
    held_cents: int


def ledger_of(session: Session, order_id: int) -> list[LedgerLine]:
    """The ledger of an order in the order of time."""
    events = session.exec(
        select(MoneyEvent)
        .where(col(MoneyEvent.order_id) == order_id)
        .order_by(col(MoneyEvent.at), col(MoneyEvent.id))
    )
    lines: list[LedgerLine] = []
    for event in events:
        change = held_cents(event.kind, event.amount_cents)
        before = lines[-1].held_cents if lines else 0
        lines.append(LedgerLine(event, change, before + change))
    return lines
