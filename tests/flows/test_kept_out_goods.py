"""An order whose block became dangerous or restricted before it was paid is never charged or accepted."""

from datetime import datetime

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.catalogue.models import Block
from app.core.db import Database
from app.core.transaction import transaction
from app.customers.models import BlockedAttempt
from app.ordering.rules.states import CancelReason, OrderState
from app.payments.rules.facts import IntentStatus
from app.payments.rules.states import PaymentState
from tests.flows.till import open_till


@pytest.mark.parametrize("flag", ["is_hazardous", "is_restricted"])
def test_an_order_whose_block_must_not_leave_any_more_is_never_charged_or_accepted(
    session: Session, database: Database, now: datetime, flag: str
) -> None:
    till = open_till(session, database, now=now)
    placed, session_id = till.placed_and_open()
    intent_id = till.stripe.pay(session_id)
    with transaction(session):
        block = session.exec(select(Block).order_by(col(Block.id).desc()).limit(1)).one()
        setattr(block, flag, True)

    assert till.settle(session_id=session_id) is PaymentState.RELEASED

    order = till.order(placed.number)
    assert (order.state, order.cancel_reason) == (OrderState.CANCELLED, CancelReason.BY_STAFF)
    assert till.stripe.books() == {intent_id: IntentStatus.CANCELED}
    assert "capture" not in till.stripe.calls
    assert till.mails() == ["order_received", "authorisation_released", "order_cancelled"]
    entry = session.exec(select(AuditEntry)).one()
    assert (entry.action, entry.reason, (entry.new or {})["needs_staff"]) == (
        "payment.released",
        "goods_kept_out",
        True,
    )
    assert session.exec(select(BlockedAttempt)).all() == []
