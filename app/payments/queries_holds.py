"""Reading held payments: who shares a card, what waits for a person, and what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select as select_columns
from sqlmodel import Session, col, or_, select

from app.customers.models import CARD, Customer, Screening
from app.customers.rules.admission import ScreeningState
from app.mainbrand.models import MainAccount
from app.mainbrand.rules.segments import Segment
from app.ordering.models import Order
from app.payments.models import Payment, PaymentHold
from app.payments.rules.holding import HoldDecision, Sharer, shut_out
from app.payments.rules.states import PaymentState

MOST_SHARERS = 20


def sharers_of_card(session: Session, fingerprint: str, *, customer_id: int) -> list[Sharer]:
    """Other companies that used this card here and are shut out now, oldest first; never more than 20.

    Companies that a person saw beside this one and this card before, for the same reason, are left out. A card
    without a fingerprint shares with nobody: that proves nothing.
    """
    users = (
        select(Order.customer_id)
        .join(Payment, col(Payment.order_id) == col(Order.id))
        .where(
            col(Payment.card_fingerprint) == fingerprint,
            col(Order.customer_id) != customer_id,
        )
    )
    rows = session.execute(
        select_columns(Customer, col(MainAccount.segment))
        .outerjoin(MainAccount, col(MainAccount.id) == col(Customer.main_account_id))
        .where(
            col(Customer.id).in_(users),
            or_(
                col(Customer.screening).in_((ScreeningState.BLOCKED, ScreeningState.REFUSED)),
                col(Customer.segment).in_((Segment.A, Segment.B)),
                col(MainAccount.segment).in_((Segment.A, Segment.B)),
                col(Customer.moved_up_at).is_not(None),
            ),
        )
        .order_by(col(Customer.id))
        .limit(MOST_SHARERS)
    ).all()
    if not rows:
        return []
    passed = _passed(session, fingerprint, customer_id=customer_id)
    found = []
    for customer, main_segment in rows:
        why = shut_out(
            screening=customer.screening,
            segment=customer.segment,
            main_segment=Segment(main_segment) if main_segment is not None else None,
            is_moved_up=customer.moved_up_at is not None,
        )
        if why is not None and (customer.id, why.value) not in passed:
            found.append(Sharer(customer.id, customer.number, customer.company_name, why))
    return found


@dataclass(frozen=True, slots=True)
class CardSigns:
    """What may speak against charging a card: somebody else used it, or the company has an undecided case."""

    is_used_elsewhere: bool
    has_open_case: bool


def card_signs(session: Session, fingerprint: str, *, customer_id: int) -> CardSigns:
    """One cheap look before each charge; nearly always both are False."""
    elsewhere = (
        select(Payment.id)
        .join(Order, col(Order.id) == col(Payment.order_id))
        .where(
            col(Payment.card_fingerprint) == fingerprint,
            col(Payment.card_fingerprint) != "",
            col(Order.customer_id) != customer_id,
        )
    )
    case = select(Screening.id).where(
        col(Screening.customer_id) == customer_id,
        col(Screening.trigger) == CARD,
        col(Screening.decision).is_(None),
    )
    row = session.execute(select_columns(elsewhere.exists(), case.exists())).one()
    return CardSigns(bool(row[0]), bool(row[1]))


def hold_of(session: Session, payment_id: int) -> PaymentHold | None:
    """The hold of a payment, or None for one that never was held."""
    return session.exec(select(PaymentHold).where(col(PaymentHold.payment_id) == payment_id)).first()


def open_hold_of_order(session: Session, order_id: int) -> PaymentHold | None:
    """The hold under which an order's money stands at this moment, decided or not."""
    return session.exec(
        select(PaymentHold)
        .join(Payment, col(Payment.id) == col(PaymentHold.payment_id))
        .where(col(Payment.order_id) == order_id, col(Payment.state) == PaymentState.HELD)
    ).first()


def holds_of_screening(session: Session, screening_id: int) -> Sequence[tuple[PaymentHold, Payment, str]]:
    """The holds behind a case, with their payments and order numbers, oldest first."""
    rows = session.execute(
        select_columns(PaymentHold, Payment, col(Order.number))
        .join(Payment, col(Payment.id) == col(PaymentHold.payment_id))
        .join(Order, col(Order.id) == col(Payment.order_id))
        .where(col(PaymentHold.screening_id) == screening_id)
        .order_by(col(PaymentHold.id))
    )
    return [(hold, payment, number) for hold, payment, number in rows]


def held_orders(session: Session, order_ids: Sequence[int]) -> frozenset[int]:
    """Which of these orders have their money held for a person."""
    if not order_ids:
        return frozenset()
    return frozenset(
        session.exec(
            select(Payment.order_id).where(
                col(Payment.order_id).in_(order_ids), col(Payment.state) == PaymentState.HELD
            )
        )
    )


def sharers_as_json(sharers: Sequence[Sharer]) -> list[dict[str, Any]]:
    """Sharers as a hold keeps them: who it was then, and why that company is shut out."""
    return [
        {
            "customer_id": one.customer_id,
            "number": one.number,
            "company_name": one.company_name,
            "why": one.why.value,
        }
        for one in sharers
    ]


def _passed(session: Session, fingerprint: str, *, customer_id: int) -> set[tuple[int, str]]:
    """The pairs of company and reason that a person let pass for this company and card, by payment or by case."""
    holds = session.exec(
        select(PaymentHold)
        .join(Screening, col(Screening.id) == col(PaymentHold.screening_id))
        .where(
            col(PaymentHold.customer_id) == customer_id,
            col(PaymentHold.card_fingerprint) == fingerprint,
            or_(
                col(PaymentHold.decision) == HoldDecision.GO_ON,
                col(Screening.decision) == ScreeningState.CLEAR,
            ),
        )
    )
    return {(one["customer_id"], one["why"]) for hold in holds for one in hold.sharers}
