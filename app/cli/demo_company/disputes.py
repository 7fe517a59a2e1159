"""What became of money: a refund that is done, one that waits for a second person, a dispute, a fraud warning."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from app.care.models import EffortEvent
from app.care.rules.effort import EffortCause, EffortKind
from app.cli.demo_company.orders import Conditions, add_event
from app.flows.fill_demo import Rows
from app.payments.models import Dispute, FraudWarning, MoneyEvent, Refund, RefundRequest
from app.payments.rules.ledger import MoneyKind
from app.payments.rules.staff_refunds import RefundReason, RequestState
from app.payments.rules.states import RefundState

CLERK = "Finn Osterode"
BACK_CENTS = 500
WAITING_NOTE = "Ein zweites Paket kam zu spät an: der Kunde möchte den Rest zurück."
DONE_NOTE = "Der Karton war eingedrückt, die Ware ganz."


def add_disputes(rows: Rows, orders: Sequence[int], conditions: Conditions) -> None:
    """Adds all to orders of the first log-in: the two oldest, which have left, and the youngest, which has not."""
    paid = {row["order_id"]: row for row in rows.by_table["payments"]}
    if len(orders) < 3 or not all(one in paid for one in orders):
        return
    refunded, disputed, warned = (paid[one] for one in (orders[0], orders[1], orders[-1]))
    _refund(rows, refunded, conditions)
    _dispute(rows, disputed, conditions)
    rows.add(
        FraudWarning,
        warning_id="demo_issfr_1",
        payment_id=warned["id"],
        order_id=warned["order_id"],
        fraud_type="made_with_stolen_card",
        is_open=True,
        told_at=conditions.now - timedelta(hours=5),
        decision=None,
        decided_by="",
        decided_at=None,
        reason="",
    )
    add_event(
        rows,
        warned["order_id"],
        "fraud_warned",
        at=conditions.now - timedelta(hours=5),
        actor_name="Stripe",
    )


def _refund(rows: Rows, paid: dict[str, Any], conditions: Conditions) -> None:
    at = conditions.now - timedelta(days=9)
    request_id = rows.next_id(RefundRequest)
    refund_id = rows.add(
        Refund,
        payment_id=paid["id"],
        order_id=paid["order_id"],
        amount_cents=BACK_CENTS,
        cause=f"staff:{request_id}",
        is_for_us=True,
        state=RefundState.DONE,
        token="demo",
        retry_count=0,
        refund_id=f"demo_re_{paid['id']}",
        failure="",
        asked_by=CLERK,
        asked_at=at,
        done_at=at + timedelta(minutes=1),
    )
    _request(rows, paid, BACK_CENTS, DONE_NOTE, RefundReason.FAULTY, at=at, refund_id=refund_id)
    _money(
        rows,
        paid,
        MoneyKind.REFUNDED,
        BACK_CENTS,
        f"{refund_id}-0",
        f"demo_re_{paid['id']}",
        at=at + timedelta(minutes=1),
    )
    add_event(
        rows, paid["order_id"], "refunded", at=at + timedelta(minutes=1), values={"amount_cents": BACK_CENTS}
    )
    left_cents = paid["amount_cents"] - BACK_CENTS
    waiting_at = conditions.now - timedelta(hours=3)
    _request(rows, paid, left_cents, WAITING_NOTE, RefundReason.NOT_DELIVERED, at=waiting_at, refund_id=None)


def _request(
    rows: Rows,
    paid: dict[str, Any],
    amount_cents: int,
    note: str,
    reason: RefundReason,
    *,
    at: datetime,
    refund_id: int | None,
) -> None:
    is_done = refund_id is not None
    rows.add(
        RefundRequest,
        order_id=paid["order_id"],
        form_key=f"demo-{paid['id']}-{amount_cents}",
        reason=reason,
        note=note,
        wish={"scope": "amount", "quantities": {}, "charge_ids": [], "amount_cents": amount_cents},
        amount_cents=amount_cents,
        state=RequestState.GRANTED if is_done else RequestState.WAITING,
        asked_by=CLERK,
        asked_by_id=None,
        asked_at=at,
        decided_by=CLERK if is_done else "",
        decided_by_id=None,
        decided_at=at if is_done else None,
        decision_note="",
        refund_id=refund_id,
    )


def _dispute(rows: Rows, paid: dict[str, Any], conditions: Conditions) -> None:
    opened_at = conditions.now - timedelta(days=3)
    order_id, cents = paid["order_id"], paid["amount_cents"]
    row_id = rows.add(
        Dispute,
        dispute_id=f"demo_du_{paid['id']}",
        payment_id=paid["id"],
        order_id=order_id,
        amount_cents=cents,
        reason="product_not_received",
        status="needs_response",
        due_at=opened_at + timedelta(days=9),
        opened_at=opened_at,
        taken_at=opened_at,
        closed_at=None,
        checked_at=conditions.now,
        reminded_at=None,
        passed_at=None,
        passed_by="",
        pass_reason="",
        evidence={},
        token="demo",
        retry_count=0,
        submitting_at=None,
        submitted_at=None,
        submitted_by="",
        failure="",
    )
    _money(rows, paid, MoneyKind.DISPUTED, cents, str(row_id), f"demo_du_{paid['id']}", at=opened_at)
    reason = {"reason": "product not received"}
    add_event(rows, order_id, "charged_back", at=opened_at, actor_name="Stripe", values=reason)
    customer_id = next(row["customer_id"] for row in rows.by_table["orders"] if row["id"] == order_id)
    rows.add(
        EffortEvent,
        customer_id=customer_id,
        order_id=order_id,
        kind=EffortKind.CHARGEBACK,
        minutes=conditions.policy.effort_chargeback_minutes,
        cause=EffortCause.UNDECIDED,
        note="product not received",
        source_key=f"dispute:demo_du_{paid['id']}",
        noted_by="Stripe",
        at=opened_at,
        corrected_by="",
        correction_reason="",
        corrected_at=None,
    )


def _money(
    rows: Rows,
    paid: dict[str, Any],
    kind: MoneyKind,
    amount_cents: int,
    key: str,
    stripe_id: str,
    *,
    at: datetime,
) -> None:
    rows.add(
        MoneyEvent,
        order_id=paid["order_id"],
        payment_id=paid["id"],
        kind=kind,
        amount_cents=amount_cents,
        key=f"{kind.value}:{key}",
        stripe_id=stripe_id,
        at=at,
    )
