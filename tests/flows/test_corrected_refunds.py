"""A refund that fails after its correction was issued: nothing else of its order is paid back before it is."""

from datetime import datetime

import pytest
from sqlmodel import Session, col, func, select

from app.care.rules.complaints import ComplaintOutcome
from app.core.db import Database
from app.core.errors import Refused
from app.core.transaction import transaction
from app.flows.pay_back import ask_again
from app.flows.refund_order import refund_order
from app.invoices.models import InvoiceDraft
from app.invoices.rules.document import DocumentKind
from app.ordering.models import Order
from app.payments.models import Refund
from app.payments.rules.staff_refunds import RefundReason, RefundScope, RefundWish
from app.payments.rules.states import RefundState
from tests import make_invoices
from tests.flows.complaining import OLE, ROBIN, Case, arrived
from tests.flows.test_follow_dispute import disputed, follow


@pytest.fixture
def case(session: Session, database: Database, now: datetime) -> Case:
    return arrived(session, database, now=now)


def fail_late(session: Session, case: Case) -> int:
    """A refund is done and corrected; then the card's bank sends its money back."""
    session.rollback()
    with transaction(session):
        refund = session.exec(select(Refund)).one()
        order = session.get_one(Order, refund.order_id)
        original = make_invoices.issued(session, order)
        make_invoices.issued(
            session, order, kind=DocumentKind.CORRECTION, corrects=original, of_refund=refund
        )
        refund.state, refund.failure, refund.done_at = RefundState.FAILED, "declined", None
        return refund.id or 0


def ask(session: Session, case: Case, key: str = "form-1") -> None:
    wish = RefundWish(RefundScope.AMOUNT, RefundReason.GOODWILL, "Sorry.", amount_cents=700)
    session.rollback()
    refund_order(session, order_number=case.number, wish=wish, form_key=key, actor=ROBIN, now=case.now)


def count(session: Session) -> int:
    session.rollback()
    return session.exec(select(func.count()).select_from(Refund)).one()


def test_neither_staff_nor_a_complaint_pays_other_money_back_until_it_went(
    session: Session, case: Case
) -> None:
    ask(session, case)
    assert case.pay_back_all() == ["done"]
    refund_id = fail_late(session, case)
    case.file(session)

    with pytest.raises(Refused) as of_staff:
        ask(session, case, key="form-2")
    with pytest.raises(Refused) as of_complaint:
        case.decide(session, ComplaintOutcome.REFUND_ORDER)

    assert (of_staff.value.code, of_complaint.value.code) == ("refund.corrected", "refund.corrected")
    assert count(session) == 1
    session.rollback()
    assert ask_again(session, refund_row_id=refund_id, actor=OLE, now=case.now)
    ask(session, case, key="form-2")
    assert count(session) == 2
    drafts = select(func.count()).select_from(InvoiceDraft).where(col(InvoiceDraft.refund_id) == refund_id)
    assert session.exec(drafts).one() <= 1


def test_a_complaint_opened_again_does_not_keep_a_corrected_refund_from_going(
    session: Session, case: Case
) -> None:
    case.file(session)
    case.decide(session, ComplaintOutcome.REFUND_ORDER)
    assert case.pay_back_all() == ["done"]
    refund_id = fail_late(session, case)
    case.reopen(session)

    with pytest.raises(Refused) as of_goods:
        case.decide(session, ComplaintOutcome.REPLACEMENT, actor=OLE)

    assert of_goods.value.code == "refund.corrected"
    session.rollback()
    assert ask_again(session, refund_row_id=refund_id, actor=ROBIN, now=case.now)


def test_money_that_a_bank_holds_is_neither_paid_back_by_a_complaint_nor_asked_for_again(
    session: Session, case: Case
) -> None:
    case.till.stripe.charged_back.add(case.till.payments()[0].intent_id or "")
    ask(session, case)
    assert case.pay_back_all() == ["failed"]
    refund_id = case.refunds(session)[0].id or 0
    case.file(session)
    disputed(case)
    follow(session, case)
    session.rollback()

    with pytest.raises(Refused) as of_complaint:
        case.decide(session, ComplaintOutcome.REFUND_ORDER)
    session.rollback()
    with pytest.raises(Refused) as again:
        ask_again(session, refund_row_id=refund_id, actor=ROBIN, now=case.now)

    assert (of_complaint.value.code, again.value.code) == ("refund.disputed", "refund.disputed")
    assert case.refunds(session)[0].state is RefundState.FAILED
