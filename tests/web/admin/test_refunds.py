"""Staff's pages of refunds: who may, what comes back with its input, and what a second person sees."""

import re
from collections.abc import Callable

import pytest
from sqlmodel import Session, col, select

from app.ordering.models import Order, OrderLine
from app.ordering.rules.states import OrderState
from app.payments.models import FraudWarning, Refund, RefundRequest
from app.payments.rules.disputes import WarningDecision
from app.payments.rules.staff_refunds import RequestState
from app.payments.rules.states import RefundState
from app.policy.models import PolicyVersion
from app.staff.rules.roles import Role
from tests import make
from tests.web.admin.conftest import Desk, fresh
from tests.web.conftest import Browser

PART = {"scope": "amount", "amount_cents": "1,50", "reason": "goodwill", "note": "They waited long."}


@pytest.fixture
def clerk(sign_in: Callable[[Role], Browser]) -> Browser:
    """Somebody of the books."""
    return sign_in(Role.FINANCE)


def amounts(session: Session) -> list[int]:
    session.rollback()
    staff = select(Refund.amount_cents).where(col(Refund.state) == RefundState.ASKED)
    return list(session.exec(staff.order_by(col(Refund.id))))


def test_a_clerk_pays_a_part_back_from_the_orders_page_and_twice_pressed_is_once(
    things: Desk, clerk: Browser, session: Session
) -> None:
    at = f"/admin/orders/{things.order.number}"
    assert f'href="{at}/refund"' in clerk.get(at).text
    page = clerk.get(f"{at}/refund").text
    key = re.search(r'name="form_key" value="([^"]+)"', page)
    assert key
    assert "29.75" in page

    for _ in range(2):
        answer = clerk.submit(f"{at}/refund", {**PART, "form_key": key[1]})
        assert answer.headers["location"] == f"{at}?done=refunded"

    assert amounts(session) == [150]
    shown = clerk.get(at).text
    assert "They waited long." in shown
    assert "on its way to the card service" in shown


def test_all_pieces_end_the_order_that_has_not_left(things: Desk, clerk: Browser, session: Session) -> None:
    line_id = session.exec(select(OrderLine.id).where(col(OrderLine.order_id) == things.order.id)).one()
    session.rollback()
    parts = {**PART, "scope": "parts", f"line_{line_id}": "1", "reason": "not_delivered"}

    clerk.submit(f"/admin/orders/{things.order.number}/refund", parts)

    assert amounts(session) == [2_975]
    assert fresh(session, things.order).state is OrderState.CANCELLED


def test_what_is_wrong_comes_back_with_what_was_typed(things: Desk, clerk: Browser, session: Session) -> None:
    at = f"/admin/orders/{things.order.number}/refund"
    wrong = [
        ({**PART, "amount_cents": "1.234"}, 422),
        ({**PART, "amount_cents": "99999"}, 409),
        ({**PART, "reason": ""}, 422),
        ({**PART, "scope": "parts"}, 422),
        ({**PART, "amount_cents": "9" * 40}, 422),
        ({**PART, "scope": "parts", "line_x": "1", "charge_99999999999": "1"}, 422),
    ]

    for values, status in wrong:
        answer = clerk.submit(at, values)
        assert (values, answer.status_code) == (values, status)
        assert "They waited long." in answer.text

    assert amounts(session) == []


def test_above_the_limit_a_second_person_grants_or_declines(
    things: Desk, clerk: Browser, sign_in: Callable[[Role], Browser], session: Session
) -> None:
    values = {"refund_alone_cents": 100}
    make.saved(session, PolicyVersion(values=values, changed_by="the test", created_at=make.NOW))
    at = f"/admin/orders/{things.order.number}"

    answer = clerk.submit(f"{at}/refund", PART)

    assert answer.headers["location"] == f"{at}?done=refund_waits"
    session.rollback()
    request_id = session.exec(select(RefundRequest.id).order_by(col(RefundRequest.id).desc())).first()
    session.rollback()
    assert "You asked for it" in clerk.get("/admin/refunds").text
    assert clerk.submit(f"/admin/refunds/requests/{request_id}", {"decision": "grant"}).status_code == 409
    assert amounts(session) == []
    lead = sign_in(Role.LEAD)
    assert "refunds to grant" in lead.get("/admin").text
    assert lead.submit(f"/admin/refunds/requests/{request_id}", {"decision": "decline"}).status_code == 422
    assert lead.submit(f"/admin/refunds/requests/{request_id}", {"decision": "grant"}).status_code == 303
    assert amounts(session) == [150]


def test_every_failed_refund_is_asked_for_again_from_one_place(
    things: Desk, clerk: Browser, session: Session
) -> None:
    page = clerk.get("/admin/refunds?state=failed").text
    assert "charge_disputed" in page
    assert "/admin/refunds?state=failed" in clerk.get("/admin").text

    answer = clerk.submit(f"/admin/refunds/{things.refund_id}/again", page="/admin/refunds")

    assert answer.status_code == 303
    session.rollback()
    assert session.get_one(Refund, things.refund_id).state is RefundState.ASKED


def test_a_fraud_warning_is_paid_back_or_left_with_a_reason(
    things: Desk, clerk: Browser, session: Session
) -> None:
    at = f"/admin/payments/{things.payment_id}"
    assert "fraud warnings to decide" in clerk.get("/admin").text
    assert "may be fraud" in clerk.get(at).text
    assert clerk.submit(f"{at}/warning", {"decision": "refund", "reason": ""}, page=at).status_code == 422

    for _ in range(2):
        answer = clerk.submit(f"{at}/warning", {"decision": "refund", "reason": "Nobody answers."}, page=at)
        assert answer.status_code == 303

    assert amounts(session) == [2_975]
    warning = session.exec(select(FraudWarning)).one()
    assert (warning.decision, warning.decided_by) == (WarningDecision.REFUND, "Robin finance")
    assert session.get_one(Order, things.order.id).state is OrderState.CANCELLED
    reasons = session.exec(select(RefundRequest.state).where(col(RefundRequest.reason) == "fraud")).all()
    assert list(reasons) == [RequestState.GRANTED]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATIONS])
def test_who_may_only_look_sees_no_button(
    things: Desk, sign_in: Callable[[Role], Browser], role: Role
) -> None:
    visitor = sign_in(role)
    number = things.order.number

    assert "Pay money back" not in visitor.get(f"/admin/orders/{number}").text
    assert "Your role may look" in visitor.get(f"/admin/orders/{number}/refund").text
    assert "Grant and pay back" not in visitor.get("/admin/refunds").text
    assert "Try again" not in visitor.get("/admin/refunds").text
    assert "Send to the bank" not in visitor.get(f"/admin/disputes/{things.dispute_id}").text


def test_one_payment_shows_ledger_events_refunds_and_its_order(things: Desk, clerk: Browser) -> None:
    page = clerk.get(f"/admin/payments/{things.payment_id}").text

    for said in (things.order.number, "Visa •••• 4242", "pi_1", "charge_disputed"):
        assert said in page
    assert clerk.get("/admin/payments/999999").status_code == 404
