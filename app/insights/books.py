"""Comparing the shop's payments with the books of the card payment service, both ways."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ScalarSelect, func, select
from sqlmodel import Session, col

from app.insights.findings import Finding
from app.ordering.models import Order
from app.ordering.rules.states import OrderState
from app.payments.models import Payment, Refund
from app.payments.rules.states import PaymentState, RefundState

IN_FLIGHT = frozenset({PaymentState.OPEN, PaymentState.HELD, PaymentState.CAPTURING, PaymentState.RELEASING})
"""The states in which reserved money may still be waiting for our decision."""
OF_THE_DEMO = "demo_"
"""The demo's past orders were paid in no books at all."""


@dataclass(frozen=True, slots=True)
class Paid:
    """A payment attempt of ours with its order's number and state."""

    payment_id: int
    state: PaymentState
    amount_cents: int
    currency: str
    session_id: str | None
    intent_id: str | None
    order_number: str
    order_state: OrderState
    refunded_cents: int
    returning_cents: int

    @property
    def kept_cents(self) -> range:
        """What may be left of it: refunds that are done are gone, those that are asked for may be."""
        least = self.amount_cents - self.refunded_cents - self.returning_cents
        return range(least, self.amount_cents - self.refunded_cents + 1)

    @property
    def is_taken(self) -> bool:
        return self.state is PaymentState.CAPTURED


def compare_books(session: Session, books: Mapping[str, Any]) -> list[Finding]:
    """No money without an order, no paid order without money.

    `books` is {"intents": […], "sessions": […]} with amounts in cents, as the Stripe stand-in keeps them.
    """
    payments = _payments(session)
    intents: Sequence[Mapping[str, Any]] = books["intents"]
    sessions: Sequence[Mapping[str, Any]] = books["sessions"]
    found = [
        *_money_without_order(payments, intents),
        *_orders_without_money(payments, intents),
        *_pages_without_order(payments, sessions),
    ]
    return [Finding("books", row_id, sentence) for row_id, sentence in found]


def _money_without_order(
    payments: Sequence[Paid], intents: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Each intent that holds or took money belongs to the one payment that says so."""
    by_intent = {payment.intent_id: payment for payment in payments if payment.intent_id}
    # Until it is settled, a payment knows only its card page.
    by_page = {payment.session_id: payment for payment in payments if not payment.intent_id}
    for intent in intents:
        kept_cents = intent["captured"] - intent["refunded"]
        payment = by_intent.get(intent["id"]) or by_page.get(intent["session"] or "")
        if kept_cents and payment is None:
            yield intent["id"], f"{kept_cents} cents were taken, and no payment of ours is about them."
        elif kept_cents and payment and not payment.is_taken:
            yield (
                intent["id"],
                f"{kept_cents} cents were taken for order {payment.order_number}, but payment"
                f" {payment.payment_id} is {payment.state}.",
            )
        if intent["capturable"] and (payment is None or payment.state not in IN_FLIGHT):
            state = payment.state if payment else "unknown"
            yield (
                intent["id"],
                f"{intent['capturable']} cents are still reserved, but our payment is {state}.",
            )


def _orders_without_money(
    payments: Sequence[Paid], intents: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Each captured payment was taken in full, once, and what we call released was not taken."""
    by_id = {intent["id"]: intent for intent in intents}
    uses = Counter(payment.intent_id for payment in payments if payment.is_taken)
    for payment in payments:
        intent = by_id.get(payment.intent_id)
        kept_cents = intent["captured"] - intent["refunded"] if intent else 0
        currency = str(intent["currency"]).upper() if intent else ""
        name = f"payment {payment.payment_id} of order {payment.order_number}"
        is_right = kept_cents in payment.kept_cents and currency == payment.currency
        if payment.is_taken and not is_right:
            yield (
                str(payment.payment_id),
                f"{name} is captured with {payment.amount_cents} cents, {payment.refunded_cents} of them paid back;"
                f" the books say {kept_cents}.",
            )
        if payment.is_taken and uses[payment.intent_id] > 1:
            yield str(payment.payment_id), f"{name} shares its money with another payment."
        if payment.state is PaymentState.RELEASED and kept_cents:
            yield str(payment.payment_id), f"{name} is released, but {kept_cents} cents were taken."


def _pages_without_order(
    payments: Sequence[Paid], sessions: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Each card page belongs to an attempt, an attempt has one, and an order has at most one open."""
    known = {payment.session_id: payment for payment in payments if payment.session_id}
    open_pages = Counter((one["metadata"] or {}).get("order") for one in sessions if one["status"] == "open")
    pages = Counter(
        (tuple(sorted((one["metadata"] or {}).items()))) for one in sessions if one["status"] != "expired"
    )
    for one in sessions:
        metadata = one["metadata"] or {}
        payment = known.get(one["id"])
        if one["status"] == "expired":
            continue
        if payment is None:
            yield one["id"], f"Card page {one['id']} for order {metadata.get('order')} is none of ours."
        elif payment.order_number != metadata.get("order"):
            yield one["id"], f"Card page {one['id']} names another order than {payment.order_number}."
        elif pages[tuple(sorted(metadata.items()))] > 1:
            yield one["id"], f"One attempt of order {payment.order_number} has several card pages."
    for number, count in open_pages.items():
        if count > 1:
            yield str(number), f"Order {number} has {count} open card pages."


def _payments(session: Session) -> list[Paid]:
    rows = session.execute(
        select(
            col(Payment.id),
            col(Payment.state),
            col(Payment.amount_cents),
            col(Payment.currency),
            col(Payment.session_id),
            col(Payment.intent_id),
            col(Order.number),
            col(Order.state),
            _back(RefundState.DONE),
            _back(RefundState.ASKED),
        )
        .join(Order, col(Order.id) == col(Payment.order_id))
        .order_by(col(Payment.id))
    )
    paid = [Paid(*row) for row in rows]
    return [one for one in paid if not (one.session_id or "").startswith(OF_THE_DEMO)]


def _back(state: RefundState) -> ScalarSelect[Any]:
    return (
        select(func.coalesce(func.sum(Refund.amount_cents), 0))
        .where(col(Refund.payment_id) == col(Payment.id), col(Refund.state) == state)
        .scalar_subquery()
    )
