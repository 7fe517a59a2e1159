"""The staff's desk of complaints: overdue ones first, one answer each, and what cannot be done says why."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.care.models import Complaint
from app.catalogue.models import Block
from app.core.clock import utc_now
from app.core.transaction import transaction
from app.ordering.models import Order
from app.payments.models import Refund
from app.payments.rules.states import RefundState
from app.shop import Shop
from app.staff.rules.roles import Role
from tests import make, make_money
from tests.flows.complaining import WORDS, Case, arrived, counts
from tests.make_complaint import make_complaint
from tests.web.conftest import Browser


@pytest.fixture
def case(session: Session, shop: Shop) -> Case:
    made = arrived(session, shop.db, now=utc_now())
    made.file(session, now=utc_now() + timedelta(days=30))
    session.rollback()
    return made


@pytest.fixture
def clerk(session: Session, browser: Callable[..., Browser]) -> Browser:
    return browser(make.staff_member(session, role=Role.OPERATIONS, name="Robin"))


def path(session: Session, case: Case) -> str:
    return f"/admin/complaints/{case.complaint(session).id}"


def answer(case: Case, outcome: str, **values: str) -> dict[str, str]:
    return {"outcome": outcome, "fault": "ours", f"line_{case.line_ids[0]}": "2", **values}


def test_overdue_complaints_stand_first_in_list_and_inbox(
    session: Session, case: Case, clerk: Browser
) -> None:
    on_time = case.complaint(session)
    with transaction(session):
        order = session.get_one(make.Order, case.order_id)
        late = make_complaint(session, about=order, answer_due_on=utc_now().date() - timedelta(days=2))
        numbers = (late.number, on_time.number)

    text = clerk.get("/admin/complaints").text
    inbox = clerk.get("/admin").text

    assert text.index(numbers[0]) < text.index(numbers[1])
    assert "overdue since" in text
    assert inbox.index("complaints overdue") < inbox.index("registrations to review")
    assert "overdue since" not in clerk.get("/admin/complaints?reason=damaged").text
    assert numbers[1] not in clerk.get("/admin/complaints?state=decided").text


def test_an_answer_is_given_once_and_stands_on_the_order(
    session: Session, case: Case, clerk: Browser
) -> None:
    at = path(session, case)
    shown = clerk.get(at).text
    assert WORDS in shown
    assert "€59.50 with VAT" in shown
    assert "€110.65 with VAT" in shown

    done = clerk.submit(at, answer(case, "refund_lines", note="We are sorry."))

    assert (done.status_code, done.headers["location"]) == (303, f"{at}?done=complaint_answered")
    text = clerk.get(f"/admin/orders/{case.number}").text
    assert "€59.50 with VAT go back to the card." in text
    assert "We are sorry." in text
    assert [refund.amount_cents for refund in case.refunds(session)] == [5_950]


def test_who_comes_second_reads_who_was_faster(
    session: Session, case: Case, clerk: Browser, browser: Callable[..., Browser]
) -> None:
    other = browser(make.staff_member(session, role=Role.LEAD, name="Lina"))
    at = path(session, case)
    clerk.submit(at, answer(case, "refund_lines"))
    before = counts(session)

    second = other.submit(at, answer(case, "rejected", rejection="no_defect"))

    assert second.status_code == 409
    assert "Robin has answered this complaint in the meantime." in second.text
    assert counts(session) == before


def test_a_sold_out_replacement_says_so_and_offers_the_refund(
    session: Session, case: Case, clerk: Browser
) -> None:
    with transaction(session):
        for block in session.exec(select(Block)):
            block.is_made_to_order, block.stock_milli = False, 0

    refused = clerk.submit(path(session, case), answer(case, "replacement"))

    assert refused.status_code == 409
    assert "A replacement is sold out at the moment: pay the pieces back instead" in refused.text
    assert 'value="refund_lines" checked' in refused.text
    assert session.exec(select(Complaint.outcome)).one() is None


def test_a_wrong_form_comes_back_as_it_was_filled_in(session: Session, case: Case, clerk: Browser) -> None:
    back = clerk.submit(
        path(session, case), answer(case, "rejected", note="n" * 201, **{f"line_{case.line_ids[0]}": "x"})
    )

    assert back.status_code == 422
    assert "Please choose the reason." in back.text
    assert "Please enter a whole number." in back.text
    assert "n" * 201 in back.text


def test_a_payment_that_was_charged_back_is_told_before_the_answer(
    session: Session, case: Case, clerk: Browser
) -> None:
    make_money.dispute(session, about=session.get_one(Order, case.order_id))
    session.rollback()

    assert "The payment of this order was charged back" in clerk.get(path(session, case)).text


def test_a_refund_that_failed_is_tried_again_by_a_button(
    session: Session, case: Case, clerk: Browser
) -> None:
    at = path(session, case)
    clerk.submit(at, answer(case, "refund_lines"))
    assert clerk.submit(f"{at}/refund").status_code == 409
    case.till.stripe.charged_back.add(case.till.payments()[0].intent_id or "")
    case.pay_back_all()

    text = clerk.get(at).text
    assert "charge_disputed" in text
    assert "refunds that failed" in clerk.get("/admin").text
    assert clerk.submit(f"{at}/refund").status_code == 303

    session.rollback()
    assert session.exec(select(Refund.state)).one() is RefundState.ASKED


def test_a_reopened_complaint_shows_its_form_to_another_person_only(
    session: Session, case: Case, clerk: Browser, browser: Callable[..., Browser]
) -> None:
    at = path(session, case)
    clerk.submit(at, answer(case, "rejected", rejection="no_defect"))
    case.reopen(session)
    other: Any = browser(make.staff_member(session, role=Role.LEAD))

    assert "somebody else has to look at it now" in clerk.get(at).text
    assert 'name="outcome"' not in clerk.get(at).text
    assert 'name="outcome"' in other.get(at).text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.FINANCE])
def test_who_may_only_look_sees_the_thread_and_no_form(
    session: Session, case: Case, browser: Callable[..., Browser], role: Role
) -> None:
    text = browser(make.staff_member(session, role=role)).get(path(session, case)).text

    assert WORDS in text
    assert 'name="outcome"' not in text
    assert session.exec(select(Complaint.id).order_by(col(Complaint.id))).all()
