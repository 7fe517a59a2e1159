from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, col, select, update

from app.audit.models import AuditEntry
from app.care.models import Complaint, ComplaintMessage, EffortEvent
from app.care.queries_complaints import case_by_id
from app.care.rules.complaints import ComplaintOutcome, ComplaintReason, ComplaintState
from app.care.rules.effort import EffortCause
from app.core.db import Database
from app.core.errors import NotFound, Refused
from app.core.transaction import transaction
from app.flows.follow_refund import follow_refund
from app.flows.pay_back import ask_again, pay_back, sweep_refunds
from app.flows.receive_stripe_event import receive_stripe_event
from app.jobs.models import Job
from app.mail.models import Mail
from app.payments.models import MoneyEvent, Refund, StripeEvent
from app.payments.rules.facts import EventFacts, RefundStatus
from app.payments.rules.ledger import MoneyKind
from app.payments.rules.states import RefundState
from app.payments.stripe_gateway import StripeUnavailable
from tests.flows.complaining import ROBIN, Case, arrived


@pytest.fixture
def case(session: Session, database: Database, now: datetime) -> Case:
    """A refund of 59.50 was asked for and is not paid back yet."""
    made = arrived(session, database, now=now)
    made.file(session)
    made.decide(session, ComplaintOutcome.REFUND_LINES)
    return made


def ask(session: Session, case: Case, *, now: datetime | None = None) -> RefundState | None:
    refund_id = case.refunds(session)[0].id or 0
    session.rollback()
    return pay_back(session, case.till.stripe, refund_row_id=refund_id, now=now or case.now)  # type: ignore[arg-type]


def ledger(session: Session, kind: MoneyKind) -> list[MoneyEvent]:
    return list(session.exec(select(MoneyEvent).where(col(MoneyEvent.kind) == kind)))


def mails(session: Session, kind: str) -> int:
    return len(session.exec(select(Mail.id).where(col(Mail.kind) == kind)).all())


@pytest.mark.parametrize("is_after_work", [False, True])
@pytest.mark.parametrize("is_stored", [False, True])
def test_an_unclear_answer_never_pays_twice(
    session: Session, case: Case, is_after_work: bool, is_stored: bool
) -> None:
    case.till.stripe.fail_next("pay_back", is_after_work=is_after_work, is_stored=is_stored)

    for _ in range(3):
        try:
            state = ask(session, case)
        except StripeUnavailable:
            continue

    assert state is RefundState.DONE
    assert [one.amount_cents for one in case.till.stripe.refunds.values()] == [5_950]
    assert mails(session, "complaint_refunded") == 1
    assert [one.amount_cents for one in ledger(session, MoneyKind.REFUNDED)] == [5_950]


def test_after_days_it_looks_before_it_asks_as_the_key_may_be_forgotten(session: Session, case: Case) -> None:
    refund = case.refunds(session)[0]
    intent_id = case.till.payments()[0].intent_id or ""
    mark = f"{refund.token}-{refund.id}-0"
    case.till.stripe.pay_back(
        intent_id, amount_cents=5_950, mark=mark, order_number="", key="forgotten at Stripe"
    )

    assert ask(session, case, now=case.now + timedelta(days=2)) is RefundState.DONE

    assert len(case.till.stripe.refunds) == 1


def test_a_refund_that_stripe_did_and_denied_is_found_by_the_next_try_under_its_new_key(
    session: Session, case: Case
) -> None:
    case.till.stripe.fail_next("pay_back", is_after_work=True, is_stored=True)
    case.till.stripe.is_list_behind = True
    for _ in range(2):
        with pytest.raises(StripeUnavailable):
            ask(session, case)
    case.till.stripe.is_list_behind = False

    assert ask(session, case) is RefundState.DONE

    assert [one.amount_cents for one in case.till.stripe.refunds.values()] == [5_950]


def test_money_that_the_card_holder_took_back_is_a_failed_refund_that_staff_see(
    session: Session, case: Case
) -> None:
    case.till.stripe.charged_back.add(case.till.payments()[0].intent_id or "")

    assert ask(session, case) is RefundState.FAILED

    refund = case.refunds(session)[0]
    assert (refund.failure, refund.done_at) == ("charge_disputed", None)
    assert mails(session, "complaint_refunded") == 0
    kinds = session.exec(select(ComplaintMessage.kind).order_by(col(ComplaintMessage.id))).all()
    assert kinds[-1] == "refund_failed"


def test_a_failed_refund_is_asked_for_again_once_per_click_and_counts_only_when_it_lives(
    session: Session, case: Case
) -> None:
    intent_id = case.till.payments()[0].intent_id or ""
    case.till.stripe.charged_back.add(intent_id)
    ask(session, case)
    case.till.stripe.charged_back.clear()
    refund_id = case.refunds(session)[0].id or 0
    session.rollback()

    asked = [ask_again(session, refund_row_id=refund_id, actor=ROBIN, now=case.now) for _ in range(2)]

    assert asked == [True, False]
    touch = session.exec(select(EffortEvent).where(col(EffortEvent.source_key).startswith("refund:"))).one()
    assert (touch.order_id, touch.cause, touch.noted_by) == (case.order_id, EffortCause.OURS, "Robin")
    session.rollback()
    assert ask(session, case) is RefundState.DONE
    assert len(case.till.stripe.refunds) == 1
    actions = session.exec(select(AuditEntry.action).order_by(col(AuditEntry.id).desc()).limit(3)).all()
    assert list(actions) == ["refund.done", "refund.asked_again", "refund.failed"]
    with pytest.raises(NotFound):
        ask_again(session, refund_row_id=10**6, actor=ROBIN, now=case.now)


def test_a_failed_refund_whose_money_went_back_otherwise_is_not_asked_for_again(
    session: Session, case: Case
) -> None:
    intent_id = case.till.payments()[0].intent_id or ""
    case.till.stripe.charged_back.add(intent_id)
    ask(session, case)
    case.reopen(session)
    case.decide(session, ComplaintOutcome.REFUND_ORDER, actor=replace(ROBIN, id=99))
    refund_id = case.refunds(session)[0].id or 0
    session.rollback()

    with pytest.raises(Refused) as refusal:
        ask_again(session, refund_row_id=refund_id, actor=ROBIN, now=case.now)

    assert refusal.value.code == "refund.nothing_left"
    assert case.refunds(session)[0].state is RefundState.FAILED


def test_a_failed_refund_whose_complaint_was_answered_again_is_not_asked_for_again(
    session: Session, case: Case
) -> None:
    case.till.stripe.charged_back.add(case.till.payments()[0].intent_id or "")
    ask(session, case)
    refund_id = case.refunds(session)[0].id or 0
    case.reopen(session)
    complaint_id = case.complaint(session).id or 0
    answers = (
        None,
        (ComplaintOutcome.REJECTED, {"rejection": "no_defect"}),
        (ComplaintOutcome.REFUND_LINES, {"quantities": {case.line_ids[0]: 1}}),
    )
    for number, answer in enumerate(answers):
        if answer is not None:
            with transaction(session):
                session.get_one(Complaint, complaint_id).state = ComplaintState.OPEN
            case.decide(session, answer[0], actor=replace(ROBIN, id=90 + number), **answer[1])

        with pytest.raises(Refused) as refusal:
            ask_again(session, refund_row_id=refund_id, actor=ROBIN, now=case.now)

        assert refusal.value.code == "refund.not_the_answer"
        assert case_by_id(session, complaint_id).failed_refund is None
        session.rollback()
    assert [one.state for one in case.refunds(session)] == [RefundState.FAILED, RefundState.ASKED]


def test_a_failed_refund_is_not_asked_for_again_where_its_pieces_went_back_for_another_complaint(
    session: Session, case: Case
) -> None:
    line_id = case.line_ids[1]
    for number, quantity in ((2, 1), (3, 2)):
        about = {line_id: quantity}
        case.file(session, form_key=f"form-{number}", reason=ComplaintReason.OTHER, quantities=about)
        case.decide(session, ComplaintOutcome.REFUND_LINES, quantities=about)
        with transaction(session):
            session.exec(
                update(Refund).where(col(Refund.cause) == "complaint:2").values(state=RefundState.FAILED)
            )
    refund_id = case.refunds(session)[1].id or 0
    session.rollback()

    with pytest.raises(Refused) as refusal:
        ask_again(session, refund_row_id=refund_id, actor=ROBIN, now=case.now)

    assert (refusal.value.code, refusal.value.values["left"]) == ("complaint.nothing_left", 0)
    assert case.refunds(session)[1].state is RefundState.FAILED


def test_a_refund_that_the_bank_sends_back_days_later_fails_though_it_was_done(
    session: Session, case: Case
) -> None:
    ask(session, case)
    stripe_id = case.refunds(session)[0].refund_id or ""
    facts = case.till.stripe.refunds[stripe_id]
    case.till.stripe.refunds[stripe_id] = replace(
        facts, status=RefundStatus.FAILED, failure_code="expired_or_canceled_card"
    )
    session.rollback()
    event = EventFacts("evt_1", "refund.failed", stripe_id)

    assert [receive_stripe_event(session, event, now=case.now) for _ in range(2)] == [True, False]
    job = session.exec(select(Job).where(col(Job.kind) == "look_at_refund")).one()
    args = dict(job.args)
    session.rollback()
    for _ in range(2):
        follow_refund(session, case.till.stripe, now=case.now, **args)  # type: ignore[arg-type]

    refund = case.refunds(session)[0]
    assert (refund.state, refund.failure) == (RefundState.FAILED, "expired_or_canceled_card")
    assert session.exec(select(StripeEvent.handled_at).where(col(StripeEvent.event_id) == "evt_1")).one()
    kinds = session.exec(select(ComplaintMessage.kind).order_by(col(ComplaintMessage.id))).all()
    assert kinds == ["filed", "decided", "refunded", "refund_failed"]


def test_a_refund_that_nobody_finished_is_put_again_once_an_hour(session: Session, case: Case) -> None:
    early, late = case.now + timedelta(minutes=5), case.now + timedelta(minutes=15)

    assert sweep_refunds(session, now=early) == 0
    assert [sweep_refunds(session, now=late) for _ in range(2)] == [1, 1]

    jobs = session.exec(select(Job.key).where(col(Job.kind) == "pay_back")).all()
    assert len(jobs) == 2
    ask(session, case)
    session.rollback()
    assert sweep_refunds(session, now=late + timedelta(hours=2)) == 0


def test_an_unknown_refund_is_nothing(session: Session, case: Case) -> None:
    state = pay_back(session, case.till.stripe, refund_row_id=10**6, now=case.now)  # type: ignore[arg-type]

    assert state is None
    assert session.exec(select(Refund.state)).one() is RefundState.ASKED
