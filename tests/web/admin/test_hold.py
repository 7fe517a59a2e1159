"""What staff and customers see of a payment that is held for a person."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.customers.models import Contact, Customer, Screening
from app.customers.rules.admission import ScreeningState
from app.ordering.models import Order
from app.payments.models import Payment, PaymentHold
from app.payments.rules.holding import HoldDecision, Sharer, ShutOut
from app.payments.rules.states import PaymentState
from app.payments.service_holds import hold_back
from app.staff.rules.roles import Role
from tests import make
from tests.web.conftest import Browser

TELLING = ("Gesperrt AG", "same card", "main brand", "review desk", "shut out", "fingerprint")


@pytest.fixture
def held(session: Session, admitted: Contact) -> Order:
    """An order of the admitted company whose card a shut-out company used before."""
    now = utc_now()
    with transaction(session):
        company = session.get_one(Customer, admitted.customer_id)
        other = make.customer(session, company_name="Gesperrt AG", screening=ScreeningState.BLOCKED)
        order = make.order(session, of=company, by=admitted, bundle=make.bundle(session), placed_at=now)
        payment = make.saved(
            session,
            Payment(
                order_id=order.id or 0,
                state=PaymentState.OPEN,
                token="t",
                amount_cents=order.gross_cents,
                session_id="cs_1",
                intent_id="pi_1",
                card_brand="visa",
                card_last4="4242",
                card_fingerprint="fp-1",
                capture_before_at=now + timedelta(days=7),
                expires_at=now,
                created_at=now,
                changed_at=now,
                checked_at=now,
                authorised_at=now,
            ),
        )
        share = Sharer(other.id or 0, other.number, other.company_name, ShutOut.BLOCKED)
        hold_back(session, order, payment, [share], now=now)
        session.expunge_all()
    return order


@pytest.fixture
def staff(session: Session, browser: Callable[..., Browser]) -> Callable[[Role], Browser]:
    return lambda role: browser(make.staff_member(session, role=role, name="Robin"))


def test_the_customer_reads_only_that_the_order_is_checked(
    browser: Callable[..., Browser], admitted: Contact, held: Order
) -> None:
    person = browser(admitted)
    order, orders = person.get(f"/orders/{held.number}").text, person.get("/orders").text

    assert "The amount is reserved, nothing is charged. We check the order and write to you." in order
    assert "Amount reserved, order being checked" in order
    assert "Received, being checked" in order
    assert "Received, being checked" in orders
    assert f"/orders/{held.number}/pay" not in order
    assert f"/orders/{held.number}/cancel" in order
    assert [word for word in TELLING for page in (order, orders) if word.lower() in page.lower()] == []


def test_staff_find_the_hold_in_the_inbox_at_the_order_and_in_the_review_desk(
    staff: Callable[[Role], Browser], session: Session, held: Order
) -> None:
    case = session.exec(select(Screening)).one()
    visitor = staff(Role.ADMIN)
    inbox = " ".join(visitor.get("/admin").text.split())
    order = visitor.get(f"/admin/orders/{held.number}").text
    shown_case = visitor.get(f"/admin/screening/{case.id}").text

    assert "<b>1</b> payments held for review" in inbox
    assert "<b>1</b> registrations to review" in inbox
    assert held.number in visitor.get("/admin/payments?state=held").text
    assert "It paid with the card of a company that is shut out." in visitor.get("/admin/screening").text
    for page in (order, shown_case):
        assert "Gesperrt AG" in page
        assert "recognised as an A- or B-customer of the main brand" in page
    assert f'action="/admin/orders/{held.number}/hold"' in order
    assert "No main account resembles" not in shown_case


@pytest.mark.parametrize("decision", list(HoldDecision))
def test_staff_decide_on_the_order_page_with_a_reason(
    staff: Callable[[Role], Browser], session: Session, held: Order, decision: HoldDecision
) -> None:
    visitor = staff(Role.ADMIN)
    path = f"/admin/orders/{held.number}/hold"

    without_reason = visitor.submit(path, {"decision": decision.value})
    undecided = _hold(session).decision
    answer = visitor.submit(path, {"decision": decision.value, "reason": "I rang them up"})

    hold = _hold(session)
    entry = session.exec(select(AuditEntry).where(col(AuditEntry.action) == "payment.hold_decided")).one()
    assert (without_reason.status_code, undecided) == (422, None)
    assert 'href="#f-reason"' in without_reason.text
    assert (answer.status_code, answer.headers["location"].endswith("?done=hold_decided")) == (303, True)
    assert (hold.decision, hold.decided_by, hold.reason) == (decision, "Robin", "I rang them up")
    assert (entry.actor_name, entry.object_name) == ("Robin", held.number)
    assert "I rang them up" in visitor.get(f"/admin/orders/{held.number}").text


def test_who_may_not_decide_reviews_decides_no_payment(
    staff: Callable[[Role], Browser], session: Session, held: Order
) -> None:
    viewer = staff(Role.VIEWER)

    answer = viewer.submit(
        f"/admin/orders/{held.number}/hold", {"decision": "go_on", "reason": "please"}, page="/admin"
    )

    assert answer.status_code == 403
    assert _hold(session).decision is None
    assert f'action="/admin/orders/{held.number}/hold"' not in viewer.get(f"/admin/orders/{held.number}").text


def test_a_decision_that_came_too_late_is_told_as_such(
    staff: Callable[[Role], Browser], session: Session, held: Order
) -> None:
    visitor = staff(Role.ADMIN)
    path = f"/admin/orders/{held.number}/hold"
    visitor.submit(path, {"decision": "release", "reason": "no"})

    answer = visitor.submit(path, {"decision": "go_on", "reason": "yes"})

    assert answer.status_code == 409
    assert "somebody has just decided" in answer.text
    assert _hold(session).decision is HoldDecision.RELEASE


def _hold(session: Session) -> PaymentHold:
    session.rollback()
    return session.exec(select(PaymentHold)).one()
