"""A worker that is killed while it pays back pays back once, and both sides are told once."""

import pytest
from sqlmodel import Session, col, select

from app.care.models import Complaint
from app.care.rules.complaints import ComplaintOutcome, ComplaintReason
from app.care.rules.effort import EffortCause
from app.core.clock import utc_now
from app.flows.decide_complaint import Answer, decide_complaint
from app.flows.file_complaint import file_complaint
from app.payments.models import Refund
from app.payments.rules.states import RefundState
from tests.faults.conftest import Buyer, World
from tests.faults.test_killed_at_each_point import BOUGHT, BY_PAYING_BACK, _assert_killed
from tests.flows.complaining import ROBIN, STAFF_ADDRESS, WORDS
from tests.flows.till import CALENDAR


@pytest.mark.parametrize("name", BY_PAYING_BACK)
def test_a_worker_killed_while_it_pays_back_pays_back_once(name: str, world: World) -> None:
    world.send_webhooks_to(world.survivor)
    buyer = world.new_buyer()
    buyer.fill_cart()
    buyer.ask("GET", buyer.pay(buyer.order(buyer.read_checkout())))
    world.let_time_pass()
    gross_cents = buyer.orders()[0].gross_cents
    with world.db.session() as session:
        _file_and_grant(session, buyer)

    armed = world.work(name)
    try:
        _assert_killed(armed)
    finally:
        armed.kill9()
    world.let_time_pass()

    with world.db.read_session() as session:
        refund = session.exec(select(Refund).where(col(Refund.order_id) == buyer.orders()[0].id)).one()
        assert (refund.state, refund.amount_cents) == (RefundState.DONE, gross_cents)
    assert [(one["captured"], one["refunded"]) for one in buyer.intents()] == [(gross_cents, gross_cents)]
    told = {"complaint_received": 1, "complaint_answered": 1, "complaint_refunded": 1}
    assert buyer.deliveries() == {**BOUGHT, **told}
    assert world.faults() == []
    buyer.http.close()


def _file_and_grant(session: Session, buyer: Buyer) -> None:
    file_complaint(
        session,
        customer_id=buyer.customer_id,
        contact_id=buyer.orders()[0].contact_id,
        order_number=buyer.orders()[0].number,
        form_key="form",
        reason=ComplaintReason.OTHER,
        text=WORDS,
        quantities={},
        photos=[],
        staff_address=STAFF_ADDRESS,
        calendar=CALENDAR,
        now=utc_now(),
    )
    of_order = col(Complaint.order_id) == buyer.orders()[0].id
    complaint_id = session.exec(select(Complaint.id).where(of_order)).one()
    session.rollback()
    decide_complaint(
        session,
        complaint_id or 0,
        Answer(ComplaintOutcome.REFUND_ORDER, EffortCause.OURS),
        calendar=CALENDAR,
        actor=ROBIN,
        now=utc_now(),
    )
