"""Refunds that were made in Stripe's dashboard: one row each, whatever is told how often in which order."""

import itertools
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.core.db import Database
from app.flows.follow_refund import follow_charge, follow_refund
from app.flows.pay_back import ask_again
from app.flows.receive_stripe_event import receive_stripe_event
from app.flows.refund_order import refund_order
from app.flows.sweep_stripe import sweep_stripe
from app.jobs.models import Job
from app.mail.models import Mail
from app.ordering.models import OrderEvent
from app.ordering.rules.states import OrderState
from app.payments.models import MoneyEvent, RefundLine, StripeEvent
from app.payments.rules.facts import EventFacts, RefundFacts, RefundStatus
from app.payments.rules.ledger import held_cents
from app.payments.rules.staff_refunds import RefundReason, RefundScope, RefundWish
from app.payments.rules.states import RefundState
from tests.flows.complaining import ROBIN, Case, accepted, arrived

GROSS = 11_065


@pytest.fixture
def case(session: Session, database: Database, now: datetime) -> Case:
    return accepted(session, database, now=now)


def dashboard(case: Case, *, amount_cents: int, number: int = 1) -> str:
    """Somebody gives money back in Stripe's dashboard."""
    intent_id = case.till.payments()[0].intent_id or ""
    made = f"re_{intent_id}_dash{number}"
    case.till.stripe.refunds[made] = RefundFacts(made, RefundStatus.WAY, amount_cents, intent_id=intent_id)
    return made


def follow(session: Session, case: Case, refund_id: str, **values: Any) -> RefundState | None:
    session.rollback()
    return follow_refund(session, case.till.stripe, stripe_refund_id=refund_id, now=case.now, **values)  # type: ignore[arg-type]


def told(session: Session, kind: str) -> int:
    session.rollback()
    return len(session.exec(select(Mail.id).where(col(Mail.kind) == kind)).all())


def held(session: Session) -> int:
    session.rollback()
    return sum(held_cents(one.kind, one.amount_cents) for one in session.exec(select(MoneyEvent)))


def test_a_part_given_back_in_the_dashboard_is_followed_once(session: Session, case: Case) -> None:
    refund_id = dashboard(case, amount_cents=1_500)

    states = [follow(session, case, refund_id) for _ in range(3)]

    assert states == [RefundState.DONE] * 3
    refund = case.refunds(session)[0]
    assert (refund.cause, refund.amount_cents, refund.asked_by) == (f"stripe:{refund_id}", 1_500, "Stripe")
    assert (told(session, "refund"), held(session)) == (1, GROSS - 1_500)
    assert case.till.order(case.number).state is OrderState.ACCEPTED
    assert len(session.exec(select(OrderEvent).where(col(OrderEvent.kind) == "refunded")).all()) == 1


def test_all_given_back_in_the_dashboard_ends_what_has_not_left(session: Session, case: Case) -> None:
    follow(session, case, dashboard(case, amount_cents=1_000))
    follow(session, case, dashboard(case, amount_cents=10_065, number=2))

    assert case.till.order(case.number).state is OrderState.CANCELLED
    assert held(session) == 0
    assert sum(line.quantity for line in session.exec(select(RefundLine))) == 5


def test_what_has_left_stays_dispatched(session: Session, database: Database, now: datetime) -> None:
    case = arrived(session, database, now=now)

    follow(session, case, dashboard(case, amount_cents=GROSS))

    assert case.till.order(case.number).state is OrderState.DISPATCHED


def test_money_of_somebody_else_and_what_failed_at_first_sight_is_nothing(
    session: Session, case: Case
) -> None:
    stripe = case.till.stripe
    stripe.refunds["re_strange"] = RefundFacts("re_strange", RefundStatus.WAY, 100, intent_id="pi_strange")
    failed = dashboard(case, amount_cents=100)
    stripe.refunds[failed] = replace(
        stripe.refunds[failed], status=RefundStatus.FAILED, failure_code="declined"
    )

    assert [follow(session, case, one) for one in ("re_strange", failed, "re_unknown")] == [None] * 3
    assert case.refunds(session) == []


def test_every_order_of_events_with_doubles_ends_alike(session: Session, case: Case) -> None:
    refund_id = dashboard(case, amount_cents=1_500)
    charge_id = (case.till.payments()[0].intent_id or "").replace("pi_", "ch_", 1)
    events = [("refund.created", refund_id), ("charge.refunded", charge_id), ("refund.updated", refund_id)]
    for number, order in enumerate(itertools.permutations(events)):
        for kind, object_id in [*order, order[0]]:
            session.rollback()
            receive_stripe_event(session, EventFacts(f"evt_{number}_{kind}", kind, object_id), now=case.now)
        _work_off(session, case)

    assert [refund.amount_cents for refund in case.refunds(session)] == [1_500]
    assert (told(session, "refund"), held(session)) == (1, GROSS - 1_500)
    assert all(event.handled_at for event in session.exec(select(StripeEvent)))


def test_a_refund_of_the_dashboard_that_the_bank_sends_back_fails_and_is_asked_for_by_us(
    session: Session, case: Case
) -> None:
    refund_id = dashboard(case, amount_cents=1_500)
    follow(session, case, refund_id)
    stripe = case.till.stripe
    stripe.refunds[refund_id] = replace(
        stripe.refunds[refund_id], status=RefundStatus.FAILED, failure_code="declined"
    )

    assert follow(session, case, refund_id) is RefundState.FAILED
    assert held(session) == GROSS
    row_id = case.refunds(session)[0].id or 0
    session.rollback()
    assert ask_again(session, refund_row_id=row_id, actor=ROBIN, now=case.now)
    # The old event comes once more: it is not about the new try.
    assert follow(session, case, refund_id) is RefundState.ASKED
    assert case.pay_back_all() == ["done"]
    assert (len(case.refunds(session)), held(session)) == (1, GROSS - 1_500)


def test_an_event_that_is_faster_than_our_own_note_does_not_double_a_refund(
    session: Session, case: Case
) -> None:
    wish = RefundWish(RefundScope.AMOUNT, RefundReason.GOODWILL, "Sorry.", amount_cents=700)
    refund_order(session, order_number=case.number, wish=wish, form_key="f", actor=ROBIN, now=case.now)
    refund = case.refunds(session)[0]
    intent_id = case.till.payments()[0].intent_id or ""
    mark = f"{refund.token}-{refund.id}-0"
    made = case.till.stripe.pay_back(
        intent_id, amount_cents=700, mark=mark, order_number=case.number, key="the worker died after this"
    )

    assert follow(session, case, made.id) is RefundState.DONE

    assert case.pay_back_all() == ["done"]
    assert (len(case.refunds(session)), told(session, "refund"), len(case.till.stripe.refunds)) == (1, 1, 1)


def test_without_any_webhook_the_hourly_look_finds_it(session: Session, case: Case) -> None:
    dashboard(case, amount_cents=1_500)
    for _ in range(2):
        session.rollback()
        sweep_stripe(session, case.till.stripe, now=case.now)  # type: ignore[arg-type]

    _work_off(session, case)

    assert [refund.amount_cents for refund in case.refunds(session)] == [1_500]
    session.rollback()
    assert sweep_stripe(session, case.till.stripe, now=case.now) == 0  # type: ignore[arg-type]


def _work_off(session: Session, case: Case) -> None:
    """What the worker does, until nothing new comes."""
    done: set[int] = set()
    for _ in range(3):
        session.rollback()
        jobs = [(job.id or 0, job.kind, dict(job.args)) for job in session.exec(select(Job))]
        for job_id, kind, args in jobs:
            if job_id in done:
                continue
            done.add(job_id)
            session.rollback()
            if kind == "look_at_refund":
                follow_refund(session, case.till.stripe, now=case.now, **args)  # type: ignore[arg-type]
            elif kind == "follow_charge":
                follow_charge(session, case.till.stripe, now=case.now, **args)  # type: ignore[arg-type]


def test_a_refund_that_failed_here_and_lives_at_stripe_is_done_and_told_anew(
    session: Session, case: Case
) -> None:
    refund_id = dashboard(case, amount_cents=1_500)
    follow(session, case, refund_id)
    stripe = case.till.stripe
    living = stripe.refunds[refund_id]
    stripe.refunds[refund_id] = replace(living, status=RefundStatus.FAILED, failure_code="declined")
    assert follow(session, case, refund_id) is RefundState.FAILED
    stripe.refunds[refund_id] = living

    assert [follow(session, case, refund_id) for _ in range(2)] == [RefundState.DONE] * 2
    assert (held(session), told(session, "refund")) == (GROSS - 1_500, 2)
    assert case.refunds(session)[0].failure == ""


def test_a_look_that_began_before_the_refund_failed_does_not_bring_it_back(
    session: Session, case: Case
) -> None:
    refund_id = dashboard(case, amount_cents=1_500)
    follow(session, case, refund_id)
    stripe = case.till.stripe
    living = stripe.refunds[refund_id]
    failed = replace(living, status=RefundStatus.FAILED, failure_code="declined")
    stripe.refunds[refund_id] = failed
    follow(session, case, refund_id)
    # The first look answers with the older word, the second with the newer.
    answers = iter([living, failed])
    stripe.read_refund = lambda _: next(answers)  # type: ignore[method-assign]

    assert follow(session, case, refund_id) is RefundState.FAILED
    assert held(session) == GROSS
