"""Staff pay money back: once, never more than is left, and above the limit only with a second person."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.audit.models import AuditEntry
from app.care.models import EffortEvent
from app.care.rules.complaints import ComplaintOutcome
from app.care.rules.effort import EffortCause
from app.catalogue.models import Block
from app.core.db import Database
from app.core.errors import Invalid, NotFound, Refused, ShopError
from app.core.transaction import transaction
from app.flows.pay_back import ask_again
from app.flows.refund_order import AskedRefund, decide_refund, refund_order
from app.mail.models import Mail
from app.ordering.rules.states import OrderState
from app.payments.models import MoneyEvent, Refund, RefundLine, RefundRequest
from app.payments.rules.staff_refunds import RefundReason, RefundScope, RefundWish, RequestState
from app.payments.rules.states import RefundState
from app.policy.models import PolicyVersion
from app.policy.queries import current_policy
from tests import make, make_money
from tests.flows.complaining import OLE, ROBIN, Case, accepted, arrived

GROSS = 11_065


@pytest.fixture
def case(session: Session, database: Database, now: datetime) -> Case:
    """An order of 110.65, paid and waiting for its run."""
    return accepted(session, database, now=now)


def wish(scope: RefundScope | None = RefundScope.WHOLE, **values: Any) -> RefundWish:
    asked = {"reason": RefundReason.WITHDRAWN, "note": "They rang: ordered by mistake.", **values}
    return RefundWish(scope, **asked)


def ask(
    session: Session, case: Case, *, asked: RefundWish | None = None, key: str = "form-1", **values: Any
) -> AskedRefund:
    arguments = {"order_number": case.number, "actor": ROBIN, "now": case.now, **values}
    return refund_order(session, wish=asked or wish(), form_key=key, **arguments)


def limit(session: Session, cents: int) -> None:
    values = {"refund_alone_cents": cents}
    make.saved(session, PolicyVersion(values=values, changed_by="the test", created_at=make.NOW))
    assert current_policy(session).refund_alone_cents == cents
    session.rollback()


def rows(session: Session) -> tuple[int, int]:
    session.rollback()
    return len(session.exec(select(Refund.id)).all()), len(session.exec(select(RefundRequest.id)).all())


def held_milli(session: Session) -> int:
    session.rollback()
    return sum(session.exec(select(Block.reserved_milli)).all())


def test_all_of_an_order_that_has_not_left_goes_back_and_the_order_is_called_off_in_one_step(
    session: Session, case: Case
) -> None:
    found = ask(session, case)

    assert (found.amount_cents, found.is_waiting) == (GROSS, False)
    order = case.till.order(case.number)
    assert order.state is OrderState.CANCELLED
    assert case.pay_back_all() == ["done"]
    refund = case.refunds(session)[0]
    assert (refund.cause, refund.amount_cents, refund.is_for_us) == (
        f"staff:{found.request_id}",
        GROSS,
        False,
    )
    mail = session.exec(select(Mail).where(col(Mail.kind) == "refund")).one()
    assert (mail.values["amount_cents"], mail.values["card_last4"], mail.values["reason"]) == (
        GROSS,
        "4242",
        "withdrawn",
    )
    kinds = session.exec(select(MoneyEvent.kind).order_by(col(MoneyEvent.id))).all()
    assert [kind.value for kind in kinds] == ["authorised", "captured", "refunded"]
    touch = session.exec(select(EffortEvent)).one()
    assert (touch.cause, touch.noted_by) == (EffortCause.THEIRS, "Robin")


def test_a_part_leaves_the_order_alive_and_is_mailed_once(session: Session, case: Case) -> None:
    found = ask(session, case, asked=wish(RefundScope.PARTS, quantities={case.line_ids[0]: 1}))

    assert found.amount_cents == 2_975
    assert case.till.order(case.number).state is OrderState.ACCEPTED
    assert case.pay_back_all() == ["done"]
    line = session.exec(select(RefundLine)).one()
    assert (line.order_line_id, line.quantity) == (case.line_ids[0], 1)
    kinds = session.exec(select(Mail.kind)).all()
    assert (kinds.count("refund"), kinds.count("complaint_refunded")) == (1, 0)


def test_the_rest_after_parts_ends_the_order_too(session: Session, case: Case) -> None:
    ask(session, case, asked=wish(RefundScope.AMOUNT, amount_cents=65))
    ask(session, case, key="form-2")

    assert [refund.amount_cents for refund in case.refunds(session)] == [65, 11_000]
    assert case.till.order(case.number).state is OrderState.CANCELLED


def test_what_has_left_stays_dispatched(session: Session, database: Database, now: datetime) -> None:
    case = arrived(session, database, now=now)

    ask(session, case)

    assert case.till.order(case.number).state is OrderState.DISPATCHED


@pytest.mark.parametrize(
    "asked, code",
    [
        (wish(RefundScope.AMOUNT, amount_cents=GROSS + 1), "refund.nothing_left"),
        (wish(RefundScope.AMOUNT, amount_cents=0), "refund.invalid"),
        (wish(note="x" * 401), "refund.invalid"),
        (wish(RefundScope.PARTS, quantities={10**6: 1}), "order.not_found"),
        (wish(RefundScope.PARTS, charge_ids=frozenset({10**6})), "order.not_found"),
    ],
)
def test_what_is_wrong_or_too_much_changes_nothing(
    session: Session, case: Case, asked: RefundWish, code: str
) -> None:
    with pytest.raises(ShopError) as refusal:
        ask(session, case, asked=asked)

    assert refusal.value.code == code
    assert rows(session) == (0, 0)


def test_an_unpaid_and_an_unknown_order_have_nothing_to_give_back(session: Session, case: Case) -> None:
    customer, contact = case.till.customer, case.till.contact
    unpaid = make.order(session, of=customer, by=contact, bundle=None).number

    with pytest.raises(NotFound):
        ask(session, case, order_number="S-UNKNOWN")
    with pytest.raises(Refused) as refusal:
        ask(session, case, order_number=unpaid)

    assert refusal.value.code == "refund.nothing_paid"
    assert rows(session) == (0, 0)


def test_money_that_the_bank_has_is_not_paid_back_too(session: Session, case: Case) -> None:
    dispute = make_money.dispute(session, about=case.till.order(case.number))

    with pytest.raises(Refused) as refusal:
        ask(session, case)
    with transaction(session):
        session.merge(dispute).status = "won"
    ask(session, case)

    assert refusal.value.code == "refund.disputed"
    assert [refund.amount_cents for refund in case.refunds(session)] == [GROSS]


def test_the_same_form_twice_is_one_refund_and_another_wish_under_it_is_refused(
    session: Session, case: Case
) -> None:
    asked = wish(RefundScope.AMOUNT, amount_cents=1_000)
    first, again = (ask(session, case, asked=asked) for _ in range(2))

    with pytest.raises(Refused) as refusal:
        ask(session, case, asked=wish(RefundScope.AMOUNT, amount_cents=2_000))

    assert first == again
    assert refusal.value.code == "refund.form_used"
    assert rows(session) == (1, 1)


def test_ten_clicks_at_once_pay_back_once_and_two_people_never_more_than_is_left(
    database: Database, session: Session, case: Case
) -> None:
    barrier = threading.Barrier(10)

    def click(number: int) -> str:
        barrier.wait(10)
        # Five of them press the same form, the others each their own.
        key = "form-1" if number % 2 else f"form-{number}"
        with database.session() as own:
            try:
                ask(own, case, key=key)
            except Refused as refusal:
                return refusal.code
        return "asked"

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(click, range(10)))

    assert set(answers) <= {"asked", "refund.nothing_left"}
    assert rows(session) == (1, 1)
    assert case.pay_back_all() == ["done"]
    assert sum(one.amount_cents for one in case.till.stripe.refunds.values()) == GROSS


def test_above_the_limit_a_second_person_grants_it_and_never_the_one_who_asked(
    session: Session, case: Case
) -> None:
    limit(session, 10_000)
    found = ask(session, case)
    decide: Callable[..., bool] = lambda actor, **values: decide_refund(  # noqa: E731
        session,
        request_id=found.request_id,
        note="",
        now=case.now,
        actor=actor,
        **{"is_granted": True, **values},
    )

    with pytest.raises(Refused) as refusal:
        decide(ROBIN)

    assert (found.is_waiting, refusal.value.code) == (True, "refund.same_person")
    assert rows(session) == (0, 1)
    assert case.till.order(case.number).state is OrderState.ACCEPTED
    assert [decide(OLE), decide(OLE)] == [True, False]
    with pytest.raises(Refused) as late:
        decide(ROBIN)
    assert late.value.code == "refund.decided"
    assert case.till.order(case.number).state is OrderState.CANCELLED
    assert case.pay_back_all() == ["done"]
    entries = select(AuditEntry.action).where(col(AuditEntry.action).startswith("refund."))
    actions = session.exec(entries.order_by(col(AuditEntry.id))).all()
    assert list(actions) == ["refund.requested", "refund.granted", "refund.done"]


def test_small_refunds_of_one_order_do_not_get_round_the_limit(session: Session, case: Case) -> None:
    limit(session, 10_000)
    parts = [
        ask(session, case, asked=wish(RefundScope.AMOUNT, amount_cents=cents), key=f"form-{cents}")
        for cents in (5_000, 4_999, 2)
    ]

    assert [part.is_waiting for part in parts] == [False, False, True]


def test_a_refund_that_would_be_another_amount_by_now_is_not_granted(session: Session, case: Case) -> None:
    limit(session, 10_000)
    found = ask(session, case)
    ask(session, case, asked=wish(RefundScope.AMOUNT, amount_cents=500), key="form-2")
    decision = {"request_id": found.request_id, "actor": OLE, "now": case.now}

    with pytest.raises(Refused) as refusal:
        decide_refund(session, is_granted=True, note="", **decision)  # type: ignore[arg-type]
    with pytest.raises(Invalid):
        decide_refund(session, is_granted=False, note=" ", **decision)  # type: ignore[arg-type]
    decide_refund(session, is_granted=False, note="Ask again.", **decision)  # type: ignore[arg-type]

    assert refusal.value.code == "refund.changed_meanwhile"
    request = session.get_one(RefundRequest, found.request_id)
    assert (request.state, request.decided_by, request.decision_note) == (
        RequestState.DECLINED,
        "Ole",
        "Ask again.",
    )
    assert rows(session) == (1, 2)


def test_pieces_that_staff_paid_back_are_not_replaced_by_a_complaint_too(
    session: Session, database: Database, now: datetime
) -> None:
    case = arrived(session, database, now=now)
    ask(session, case, asked=wish(RefundScope.PARTS, quantities={case.line_ids[0]: 2}))
    case.file(session)

    with pytest.raises(Refused) as refusal:
        case.decide(session, ComplaintOutcome.REPLACEMENT)

    assert refusal.value.code == "complaint.nothing_left"


def test_a_refused_refund_of_staff_is_asked_for_again(session: Session, case: Case) -> None:
    ask(session, case)
    case.till.stripe.charged_back.add(case.till.payments()[0].intent_id or "")
    assert case.pay_back_all() == ["failed"]
    case.till.stripe.charged_back.clear()
    refund_id = case.refunds(session)[0].id or 0
    session.rollback()

    assert ask_again(session, refund_row_id=refund_id, actor=OLE, now=case.now)

    assert case.pay_back_all() == ["done"]
    assert case.refunds(session)[0].state is RefundState.DONE
