"""Disputes at the bank: one row each, whatever is told how often in which order, and what follows from it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.care.models import EffortEvent
from app.care.queries_effort import year_of
from app.care.rules.effort import EffortCause
from app.core.db import Database
from app.flows.follow_dispute import follow_dispute, follow_warning
from app.flows.receive_stripe_event import receive_stripe_event
from app.flows.sweep_stripe import sweep_disputes, sweep_stripe
from app.jobs.models import Job
from app.mail.models import Mail
from app.ordering.models import OrderEvent
from app.payments.models import Dispute, FraudWarning, MoneyEvent, StripeEvent
from app.payments.queries_disputes import disputed_among
from app.payments.rules.disputes import Course
from app.payments.rules.facts import DisputeFacts, EventFacts, WarningFacts
from app.payments.rules.ledger import held_cents
from app.policy.queries import current_policy
from tests.flows.complaining import STAFF_ADDRESS, Case, accepted

GROSS = 11_065
EVENTS = ("created", "funds_withdrawn", "updated", "closed", "funds_reinstated")


@pytest.fixture
def case(session: Session, database: Database, now: datetime) -> Case:
    return accepted(session, database, now=now)


def disputed(case: Case, status: str = "needs_response", **values: Any) -> None:
    """What the bank says at this moment."""
    facts = DisputeFacts(
        "du_1", status, "product_not_received", case.till.payments()[0].intent_id or "", GROSS
    )
    due_at = case.now + timedelta(days=9)
    case.till.stripe.disputes["du_1"] = replace(facts, opened_at=case.now, due_at=due_at, **values)


def follow(session: Session, case: Case, **values: Any) -> Course | None:
    session.rollback()
    arguments = {"dispute_id": "du_1", "staff_address": STAFF_ADDRESS, "now": case.now, **values}
    return follow_dispute(session, case.till.stripe, **arguments)  # type: ignore[arg-type]


def is_held(session: Session, case: Case) -> bool:
    session.rollback()
    return bool(disputed_among(session, [case.order_id]))


def kinds(session: Session) -> list[str]:
    """The ledger after the charge."""
    session.rollback()
    found = session.exec(select(MoneyEvent).order_by(col(MoneyEvent.id))).all()
    return [one.kind.value for one in found][2:]


def held(session: Session) -> int:
    session.rollback()
    return sum(held_cents(one.kind, one.amount_cents) for one in session.exec(select(MoneyEvent)))


def efforts(session: Session) -> list[tuple[EffortCause, int, str]]:
    session.rollback()
    return [(row.cause, row.minutes, row.note) for row in session.exec(select(EffortEvent))]


def told(session: Session) -> list[tuple[str, str]]:
    """The e-mails about disputes: to whom, and at which word."""
    session.rollback()
    mails = session.exec(select(Mail).where(col(Mail.kind) == "dispute").order_by(col(Mail.id)))
    return [(mail.to_address, mail.values["status"]) for mail in mails]


def test_a_dispute_holds_the_order_and_one_that_is_won_frees_it_by_itself(
    session: Session, case: Case
) -> None:
    disputed(case)
    assert follow(session, case) is Course.TAKEN
    assert (is_held(session, case), held(session)) == (True, 0)
    assert efforts(session) == [(EffortCause.UNDECIDED, 60, "product not received")]

    disputed(case, "won")
    assert follow(session, case) is Course.WON

    assert (is_held(session, case), held(session)) == (False, GROSS)
    assert kinds(session) == ["disputed", "dispute_won"]
    assert efforts(session) == [(EffortCause.THEIRS, 60, "product not received")]
    assert told(session) == [(STAFF_ADDRESS, "needs_response"), (STAFF_ADDRESS, "won")]
    events = session.exec(select(OrderEvent.kind).order_by(col(OrderEvent.id))).all()
    assert list(events)[-2:] == ["charged_back", "dispute_won"]


def test_a_lost_dispute_is_booked_and_its_money_is_missing_in_the_contribution(
    session: Session, case: Case
) -> None:
    customer_id = case.till.customer.id or 0
    disputed(case)
    follow(session, case)
    before = year_of(
        session, customer_id, policy=current_policy(session), now=case.now
    ).contribution.total_cents
    disputed(case, "lost")

    assert follow(session, case) is Course.LOST

    session.rollback()
    after = year_of(session, customer_id, policy=current_policy(session), now=case.now).contribution
    assert kinds(session) == ["disputed", "dispute_lost"]
    assert (is_held(session, case), held(session)) == (True, 0)
    assert before - after.total_cents == 9_500
    assert efforts(session) == [(EffortCause.UNDECIDED, 60, "product not received")]


def test_an_inquiry_moves_no_money_until_it_becomes_a_dispute(session: Session, case: Case) -> None:
    disputed(case, "warning_needs_response")
    assert follow(session, case) is Course.ASKED
    assert (is_held(session, case), kinds(session), efforts(session)) == (False, [], [])

    disputed(case)
    assert follow(session, case) is Course.TAKEN

    assert (is_held(session, case), kinds(session)) == (True, ["disputed"])
    assert [status for _, status in told(session)] == ["warning_needs_response", "needs_response"]


def test_a_read_that_was_overtaken_changes_nothing(session: Session, case: Case) -> None:
    disputed(case, "won")
    follow(session, case)
    disputed(case)

    assert follow(session, case) is Course.WON

    assert (is_held(session, case), held(session), kinds(session)) == (
        False,
        GROSS,
        ["disputed", "dispute_won"],
    )


@pytest.mark.parametrize("order", [EVENTS, EVENTS[::-1], EVENTS[2:] + EVENTS[:2]])
@pytest.mark.parametrize("end, left", [("won", GROSS), ("lost", 0)])
def test_every_order_of_events_with_doubles_ends_alike(
    session: Session, case: Case, end: str, left: int, order: tuple[str, ...]
) -> None:
    words = dict(zip(EVENTS, ["needs_response", "needs_response", "under_review", end, end], strict=True))
    for event in [*order, order[0], order[-1]]:
        # The worker may read late, or read early and write late: what it read may be old.
        disputed(case, words[event])
        session.rollback()
        receive_stripe_event(
            session, EventFacts(f"evt_{event}", f"charge.dispute.{event}", "du_1"), now=case.now
        )
        follow(session, case, event_row_id=_event_row(session, f"evt_{event}"))

    dispute = session.exec(select(Dispute)).one()
    assert (dispute.status, held(session)) == (end, left)
    assert kinds(session) == ["disputed", f"dispute_{end}"]
    assert len(efforts(session)) == 1
    assert all(event.handled_at for event in session.exec(select(StripeEvent)))


def test_a_strangers_dispute_and_an_unknown_one_are_nothing(session: Session, case: Case) -> None:
    disputed(case)
    case.till.stripe.disputes["du_1"] = replace(case.till.stripe.disputes["du_1"], intent_id="pi_strange")

    assert [follow(session, case), follow(session, case, dispute_id="du_none")] == [None, None]

    assert session.exec(select(Dispute)).all() == []
    assert (efforts(session), told(session)) == ([], [])


def test_somebody_is_reminded_once_when_the_last_day_is_near_and_nobody_answered(
    session: Session, case: Case
) -> None:
    disputed(case)
    follow(session, case)
    sweep = {"staff_address": STAFF_ADDRESS}
    early, late = case.now + timedelta(days=5, hours=23), case.now + timedelta(days=6, minutes=1)

    for at in (early, late, late + timedelta(hours=2)):
        session.rollback()
        sweep_disputes(session, now=at, **sweep)

    mails = session.exec(select(Mail).where(col(Mail.kind) == "dispute").order_by(col(Mail.id))).all()
    assert [mail.values["is_reminder"] for mail in mails] == [False, True]
    looks = session.exec(select(Job.key).where(col(Job.kind) == "follow_dispute")).all()
    assert len(looks) == 3


def test_without_any_webhook_the_hourly_look_finds_disputes_and_warnings(
    session: Session, case: Case
) -> None:
    disputed(case)
    intent_id = case.till.payments()[0].intent_id or ""
    case.till.stripe.warnings["issfr_1"] = WarningFacts("issfr_1", intent_id, "made_with_stolen_card", True)
    session.rollback()

    assert sweep_stripe(session, case.till.stripe, now=case.now) == 2  # type: ignore[arg-type]
    _work_off(session, case)

    session.rollback()
    assert sweep_stripe(session, case.till.stripe, now=case.now) == 0  # type: ignore[arg-type]
    assert session.exec(select(Dispute.status)).one() == "needs_response"
    assert session.exec(select(FraudWarning.decision)).one() is None


def test_a_warning_is_one_task_and_a_strangers_is_none(session: Session, case: Case) -> None:
    intent_id = case.till.payments()[0].intent_id or ""
    case.till.stripe.warnings["issfr_1"] = WarningFacts("issfr_1", intent_id, "made_with_stolen_card", True)
    case.till.stripe.warnings["issfr_2"] = WarningFacts("issfr_2", "pi_strange", "unauthorized", True)
    look: dict[str, Any] = {"now": case.now}

    found = []
    for warning_id in ("issfr_1", "issfr_1", "issfr_2", "issfr_none"):
        session.rollback()
        found.append(follow_warning(session, case.till.stripe, warning_id=warning_id, **look))  # type: ignore[arg-type]

    assert found == [True, True, False, False]
    warning = session.exec(select(FraudWarning)).one()
    assert (warning.order_id, warning.fraud_type, warning.is_open) == (
        case.order_id,
        "made_with_stolen_card",
        True,
    )
    assert len(session.exec(select(OrderEvent).where(col(OrderEvent.kind) == "fraud_warned")).all()) == 1


def _event_row(session: Session, event_id: str) -> int:
    session.rollback()
    return session.exec(select(StripeEvent.id).where(col(StripeEvent.event_id) == event_id)).one() or 0


def _work_off(session: Session, case: Case) -> None:
    """What the worker does with each job, once."""
    session.rollback()
    jobs = [
        (job.kind, dict(job.args))
        for job in session.exec(select(Job).where(col(Job.kind).startswith("follow_")))
        if job.attempt_count == 0
    ]
    for kind, args in jobs:
        session.rollback()
        if kind == "follow_dispute":
            follow(session, case, **args)
        else:
            follow_warning(session, case.till.stripe, now=case.now, **args)  # type: ignore[arg-type]
