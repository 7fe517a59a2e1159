"""Builders of what happens to money after it was taken: payments, refunds, disputes, warnings."""

import itertools
from typing import Any

from sqlmodel import Session, select

from app.ordering.models import Order
from app.payments.models import Dispute, DisputeFile, FraudWarning, Payment, Refund, RefundRequest
from app.payments.rules.staff_refunds import RefundReason
from app.payments.rules.states import PaymentState, RefundState
from tests import make

count = itertools.count(1)


def payment(session: Session, *, of: Order, **values: Any) -> Payment:
    """The captured payment of an order."""
    n = next(count)
    defaults: dict[str, Any] = {
        "order_id": of.id,
        "state": PaymentState.CAPTURED,
        "token": f"token-{n}",
        "amount_cents": of.gross_cents,
        "session_id": f"cs_{n}",
        "intent_id": f"pi_{n}",
        "card_brand": "visa",
        "card_last4": "4242",
        "expires_at": make.NOW,
        "created_at": make.NOW,
        "changed_at": make.NOW,
        "checked_at": make.NOW,
        "authorised_at": make.NOW,
        "settled_at": make.NOW,
    }
    return make.saved(session, Payment(**{**defaults, **values}))


def dispute(session: Session, *, about: Order, **values: Any) -> Dispute:
    """A dispute that took the money of an order, with a payment if it has none."""
    n = next(count)
    paid = session.exec(select(Payment).where(Payment.order_id == about.id)).first()
    paid = paid or payment(session, of=about)
    defaults: dict[str, Any] = {
        "dispute_id": f"du_{n}",
        "payment_id": paid.id,
        "order_id": about.id,
        "amount_cents": about.gross_cents,
        "reason": "fraudulent",
        "status": "needs_response",
        "opened_at": make.NOW,
        "taken_at": make.NOW,
        "checked_at": make.NOW,
        "token": f"token-{n}",
    }
    return make.saved(session, Dispute(**{**defaults, **values}))


def refund(session: Session, *, of: Payment, **values: Any) -> Refund:
    """A refund of one euro that Stripe refused."""
    n = next(count)
    defaults: dict[str, Any] = {
        "payment_id": of.id,
        "order_id": of.order_id,
        "amount_cents": 100,
        "cause": f"staff:{n + 1_000}",
        "state": RefundState.FAILED,
        "token": f"token-{n}",
        "failure": "charge_disputed",
        "asked_by": "Ole",
        "asked_at": make.NOW,
    }
    return make.saved(session, Refund(**{**defaults, **values}))


def request(session: Session, *, of: Order, **values: Any) -> RefundRequest:
    """One euro that waits for a second person."""
    n = next(count)
    wish = {"scope": "amount", "quantities": {}, "charge_ids": [], "amount_cents": 100}
    defaults: dict[str, Any] = {
        "order_id": of.id,
        "form_key": f"form-{n}",
        "reason": RefundReason.GOODWILL,
        "note": "They waited long.",
        "wish": wish,
        "amount_cents": 100,
        "asked_by": "Ole",
        "asked_by_id": 10**6,
        "asked_at": make.NOW,
    }
    return make.saved(session, RefundRequest(**{**defaults, **values}))


def warning(session: Session, *, about: Payment, **values: Any) -> FraudWarning:
    """An early fraud warning that nobody has decided about."""
    n = next(count)
    defaults: dict[str, Any] = {
        "warning_id": f"issfr_{n}",
        "payment_id": about.id,
        "order_id": about.order_id,
        "fraud_type": "made_with_stolen_card",
        "told_at": make.NOW,
    }
    return make.saved(session, FraudWarning(**{**defaults, **values}))


def evidence_file(session: Session, *, of: Dispute, content: bytes, **values: Any) -> DisputeFile:
    """A receipt among the evidence."""
    defaults: dict[str, Any] = {
        "dispute_row_id": of.id,
        "field": "receipt",
        "name": "receipt.pdf",
        "content_type": "application/pdf",
        "content": content,
        "byte_count": len(content),
        "token": "t",
        "added_by": "Ole",
        "added_at": make.NOW,
    }
    return make.saved(session, DisputeFile(**{**defaults, **values}))
